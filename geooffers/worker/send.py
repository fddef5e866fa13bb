"""The send round: what only the upper rooms know about a push, composed into the guards of the claim."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from geooffers.coupons.models import Coupon, CouponState
from merchants.models import OfferState
from merchants.offers import geofenced_push_law
from notifications import sending
from notifications.models import Kind
from notifications.transports.protocol import PushTransport


def guards(*, now: datetime) -> Mapping[Kind, Q]:
    """A coupon is announced while its shopper is still there, can still use it, and offer, store and merchant stand."""
    announceable = Coupon.objects.filter(
        pk=OuterRef("subject"),
        state=CouponState.OPEN,
        expires_at__gt=now,
        dismissed_at__isnull=True,
        visit__isnull=False,
        visit__ended_at__isnull=True,
        visit__fence__store__archived_at__isnull=True,
        offer__state=OfferState.LIVE,
        offer__ends_at__gt=now,
        offer__merchant__archived_at__isnull=True,
    )
    # Nothing is enqueued there in the first place (`report_positions`), but a store may have moved under another law.
    allowed = announceable.exclude(geofenced_push_law.off("visit__fence__store__"))
    return {Kind.COUPON_ISSUED: Q(Exists(allowed))}


def send_batch(
    *,
    transport: PushTransport,
    clock: Callable[[], datetime],
    limit: int,
    connections: int,
    lease_s: float = sending.LEASE_S,
) -> Counter[str]:
    return sending.send_batch(
        transport=transport,
        guards=guards(now=clock()),
        clock=clock,
        limit=limit,
        connections=connections,
        lease_s=lease_s,
    )
