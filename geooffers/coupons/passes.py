"""The rows of wallet passes: which coupon is in which wallet, and what it said there last."""

from datetime import datetime

from django.db import transaction
from django.db.models import F

from geooffers.coupons import holdings
from geooffers.coupons.models import Coupon, Vendor, WalletPass


def find_or_make(*, coupon: Coupon, vendor: Vendor, now: datetime, template: str = "") -> WalletPass:
    """Two phones may ask at once: one row, by its constraint. `template` counts for a new row only.

    The coupon is locked: should its shopper be erased meanwhile, it is theirs no longer, and gets no new pass.
    """
    with transaction.atomic():
        held = Coupon.objects.filter(pk=coupon.pk, shopper=coupon.shopper_id).select_for_update(no_key=True)
        if coupon.shopper_id is None or held.first() is None:
            raise holdings.NoSuchCoupon
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
    WalletPass.objects.filter(pk=wallet_pass.pk, void_since=None).exclude(said=digest).update(
        said=digest, version=F("version") + 1, changed_at=now
    )


def to_void(*, since_before: datetime, limit: int) -> list[WalletPass]:
    """Passes of erased shoppers of which the vendor has not been told."""
    owed = WalletPass.objects.filter(void_since__lte=since_before).order_by("void_since", "pk")
    return list(owed.select_related("coupon__offer__merchant")[:limit])


def voided(*, wallet_pass: WalletPass) -> None:
    WalletPass.objects.filter(pk=wallet_pass.pk).delete()


def try_again_later(*, wallet_pass: WalletPass, now: datetime) -> None:
    """Behind all the others that wait."""
    WalletPass.objects.filter(pk=wallet_pass.pk).update(void_since=now)
