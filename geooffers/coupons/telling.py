"""Coupons into the events: one line where a row of them changes."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from geooffers import events
from geooffers.coupons.models import Coupon
from geooffers.events import EventKind


def issued(coupons: Iterable[Coupon]) -> None:
    events.append(*(_happened(EventKind.COUPON_ISSUED, coupon=each, at=each.issued_at) for each in coupons))


def seen(coupon: Coupon, *, at: datetime) -> None:
    events.append(_happened(EventKind.COUPON_SEEN, coupon=coupon, at=at))


def redeemed(coupon: Coupon, *, store_id: UUID, at: datetime) -> None:
    events.append(_happened(EventKind.COUPON_REDEEMED, coupon=coupon, at=at, store_id=store_id))


def expired(coupons: Iterable[Coupon], *, at: datetime) -> None:
    """Also those that an erasure ends before their time."""
    events.append(*(_happened(EventKind.COUPON_EXPIRED, coupon=each, at=at) for each in coupons))


def _happened(kind: EventKind, *, coupon: Coupon, at: datetime, store_id: UUID | None = None) -> events.Happened:
    return events.Happened(
        kind=kind,
        at=at,
        shopper_id=coupon.shopper_id,
        coupon_id=coupon.pk,
        offer_id=coupon.offer_id,
        store_id=store_id,
    )
