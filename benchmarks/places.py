"""Fences and an offer for the reports that are timed, as rows of the database that Django is set up for."""

from datetime import datetime, timedelta
from decimal import Decimal

from merchants.fences import editing
from merchants.models import (
    DiscountKind,
    FenceTuning,
    Geofence,
    Merchant,
    Offer,
    OfferState,
    Store,
    Trigger,
    User,
)
from merchants.offers import budgets


def store(*, lat: float, lon: float) -> Store:
    merchant = Merchant.objects.create(name=f"at {lat}, {lon}")
    return Store.objects.create(
        merchant=merchant, name="the one", address="", time_zone="Europe/Helsinki", lat=lat, lon=lon
    )


def fences_around(of: Store, *, count: int, radius_m: float = 150.0) -> None:
    """All over the same place, so that a phone there is in all of them. A visit begins with the first fix inside."""
    operator, _ = User.objects.get_or_create(username="operator", is_staff=True, is_superuser=True)
    for number in range(count):
        editing.put_fence(
            by=operator,
            fence=Geofence(
                store=of,
                name=f"fence {number}",
                kind="circle",
                center_lat=of.lat,
                center_lon=of.lon,
                radius_m=radius_m + number,
                dwell_s=86_400,
                tuning=FenceTuning.DRIVE_BY,
            ),
        )


def offer(of: Store, *, cap: int, now: datetime) -> None:
    row = Offer.objects.create(
        merchant=of.merchant,
        title="Free cardamom bun",
        text="With any coffee, today.",
        terms="One for each guest.",
        category="café",
        discount_kind=DiscountKind.PERCENT,
        discount_value=Decimal(20),
        starts_at=now - timedelta(days=1),
        ends_at=now + timedelta(days=30),
        per_shopper_limit=1,
        coupon_lifetime_s=3600,
        trigger=Trigger.ENTERED,
        state=OfferState.LIVE,
    )
    budgets.make(offer=row, cap=cap, now=now)
