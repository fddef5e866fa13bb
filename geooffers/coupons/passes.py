"""The rows of wallet passes: which coupon is in which wallet, and what it said there last."""

from datetime import datetime

from django.db.models import F

from geooffers.coupons.models import Coupon, Vendor, WalletPass


def find_or_make(*, coupon: Coupon, vendor: Vendor, now: datetime, template: str = "") -> WalletPass:
    """Two phones may ask at once: one row, by its constraint. `template` counts for a new row only."""
    wallet_pass, _ = WalletPass.objects.get_or_create(
        coupon=coupon,
        vendor=vendor,
        defaults={"serial": coupon.pk, "template": template, "created_at": now, "changed_at": now},
    )
    return wallet_pass


def says_already(*, wallet_pass: WalletPass, digest: bytes) -> bool:
    return bytes(wallet_pass.said) == digest


def remember(*, wallet_pass: WalletPass, digest: bytes, now: datetime) -> None:
    """One version for each change, however many phones fetch it: the condition is in the statement."""
    WalletPass.objects.filter(pk=wallet_pass.pk).exclude(said=digest).update(
        said=digest, version=F("version") + 1, changed_at=now
    )
