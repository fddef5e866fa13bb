"""A shopper's own coupons: what they hold, and what they did with it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from geooffers.coupons import telling
from geooffers.coupons.models import Coupon
from geooffers.shoppers.models import Shopper


class NoSuchCoupon(Exception):
    """You hold no coupon with this id."""


class CouponMark(StrEnum):
    SEEN = "seen"
    SAVED = "saved"
    DISMISSED = "dismissed"


def coupons_of(*, shopper: Shopper) -> QuerySet[Coupon]:
    """With what a coupon shows of its merchant; of the logo only where it lies."""
    held = Coupon.objects.filter(shopper=shopper)
    return held.select_related("offer__merchant__logo").defer("offer__merchant__logo__png")


def coupon_of(*, shopper: Shopper, coupon_id: UUID) -> Coupon:
    """Another's coupon and none at all look the same."""
    coupon = coupons_of(shopper=shopper).filter(pk=coupon_id).first()
    if coupon is None:
        raise NoSuchCoupon
    return coupon


def mark(*, shopper: Shopper, coupon_id: UUID, as_: CouponMark, now: datetime) -> Coupon:
    """Remember the first time; saying it again changes nothing. A dismissed coupon can still be redeemed."""
    field = f"{as_}_at"
    with transaction.atomic():
        first = Coupon.objects.filter(shopper=shopper, pk=coupon_id, **{field: None}).update(**{field: now})
        coupon = coupon_of(shopper=shopper, coupon_id=coupon_id)
        if first and as_ is CouponMark.SEEN:
            telling.seen(coupon, at=now)
    return coupon
