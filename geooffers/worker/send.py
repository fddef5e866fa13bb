"""The sender's task, a channel at a time: what only the upper rooms know, composed into claim and message."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from geooffers.coupons.models import Coupon, CouponState
from geooffers.usecases.passes import update_pass
from merchants.models import OfferState
from merchants.offers import geofenced_push_law
from notifications.channels.protocol import PassUpdate, PushMessage, Transport
from notifications.deliveries import sending
from notifications.deliveries.claiming import Claimed, Guards
from notifications.deliveries.limits import Limits
from notifications.models import Channel, Kind


def guards(*, now: datetime) -> Guards:
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
    # Nothing is owed there in the first place (`report_positions`), but a store may have moved under another law.
    allowed = announceable.exclude(geofenced_push_law.off("visit__fence__store__"))
    return {Kind.COUPON_ISSUED: Q(Exists(allowed))}


class _Pushes:
    def guards(self, *, now: datetime) -> Guards:
        return guards(now=now)

    def message(self, *, claimed: Claimed, now: datetime) -> PushMessage:
        return sending.push_message(claimed=claimed)

    def told(self, *, claimed: Claimed, message: PushMessage, now: datetime) -> None:
        """The delivery says it all."""


class _Passes:
    def guards(self, *, now: datetime) -> Guards:
        return {}

    def message(self, *, claimed: Claimed, now: datetime) -> PassUpdate:
        return update_pass.update_of(coupon_id=claimed.subject, serial=UUID(claimed.address), now=now)

    def told(self, *, claimed: Claimed, message: PassUpdate, now: datetime) -> None:
        update_pass.remember(update=message, now=now)


_TASKS: Mapping[Channel, sending.ChannelTask[Any]] = {Channel.FCM: _Pushes(), Channel.GOOGLE_WALLET: _Passes()}


def send_due(
    *, transport: Transport[Any], clock: Callable[[], datetime], limits: Limits | None = None
) -> sending.Batch:
    """One batch of the transport's channel. Empty: nothing was due, and `next_at` says when something will be."""
    return sending.send_due(transport=transport, task=_TASKS[transport.channel], clock=clock, limits=limits)
