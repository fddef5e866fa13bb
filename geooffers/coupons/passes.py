"""The rows of wallet passes: which coupon is in which wallet, and what it said there last."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F

from geooffers.coupons import holdings
from geooffers.coupons.models import Coupon, Vendor, WalletPass


def find_or_make(*, coupon: Coupon, vendor: Vendor, now: datetime, template: str = "") -> WalletPass:
    """Two phones may ask at once: one row, by its constraint. `template` counts for a new row only.

    The coupon is locked: should its shopper be erased meanwhile, it is theirs no longer, and gets no new pass.
    """
    with transaction.atomic():
        lock_coupon(coupon=coupon)
        wallet_pass, _ = WalletPass.objects.get_or_create(
            coupon=coupon,
            vendor=vendor,
            defaults={"serial": coupon.pk, "template": template, "created_at": now, "changed_at": now},
        )
    return wallet_pass


def lock_coupon(*, coupon: Coupon) -> None:
    """Raises NoSuchCoupon when its shopper was erased, or lost it to an account, since it was read."""
    held = Coupon.objects.filter(pk=coupon.pk, shopper=coupon.shopper_id).select_for_update(no_key=True)
    if coupon.shopper_id is None or held.first() is None:
        raise holdings.NoSuchCoupon


def serials(*, coupon_id: UUID, vendor: Vendor) -> list[UUID]:
    return list(WalletPass.objects.filter(coupon=coupon_id, vendor=vendor).values_list("serial", flat=True))


def template_of(*, vendor: Vendor, serial: UUID) -> str | None:
    """None: there is no such pass any more."""
    return WalletPass.objects.filter(vendor=vendor, serial=serial).values_list("template", flat=True).first()


def says_already(*, wallet_pass: WalletPass, digest: bytes) -> bool:
    return bytes(wallet_pass.said) == digest


def remember(*, vendor: Vendor, serial: UUID, digest: bytes, now: datetime) -> None:
    """One version for each change, however many phones fetch it: the condition is in the statement."""
    WalletPass.objects.filter(vendor=vendor, serial=serial).exclude(said=digest).update(
        said=digest, version=F("version") + 1, changed_at=now
    )
