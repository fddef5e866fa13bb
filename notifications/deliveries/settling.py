"""Settles deliveries, each under the lease of its claim. False: the lease was lost and nothing was changed."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from geooffers import events
from notifications.deliveries.claiming import Claimed
from notifications.deliveries.limits import Limits
from notifications.messages.owing import RENEWED
from notifications.models import Delivery, DeliveryState


def settle_sent(*, claimed: Claimed, provider_id: str, now: datetime) -> bool:
    """If the delivery was owed again since the claim, it becomes ready instead: what was sent may be out of date."""
    # Whatever the vendor calls it: a name that the column refuses would end the worker, and send the message again.
    fits = provider_id.replace("\x00", "")[: Delivery._meta.get_field("provider_id").max_length]
    with transaction.atomic():
        settled = _settle(claimed, state=DeliveryState.SENT, reason="", provider_id=fits, settled_at=now)
        if settled:
            events.append(
                events.Happened(
                    kind=events.EventKind.MESSAGE_SENT,
                    at=now,
                    shopper_id=claimed.shopper_id,
                    coupon_id=claimed.subject,
                    message_id=claimed.message_id,
                )
            )
    return settled


def settle_retry(*, claimed: Claimed, reason: str, wait_s: float, limits: Limits, now: datetime) -> bool:
    """Not taken this time: back into the queue, behind everything that is due before."""
    again_at = now + timedelta(seconds=wait_s)
    if claimed.attempts >= limits.max_attempts:
        return settle_dead(claimed=claimed, reason=reason, now=now)
    if again_at >= claimed.expires_at:
        return _settle(claimed, state=DeliveryState.EXPIRED, reason=reason, settled_at=now)
    return _change(claimed, state=DeliveryState.READY, reason=reason, not_before=again_at)


def settle_dead(*, claimed: Claimed, reason: str, now: datetime) -> bool:
    return _settle(claimed, state=DeliveryState.DEAD, reason=reason, settled_at=now)


def settle_expired(*, claimed: Claimed, now: datetime) -> bool:
    return _settle(claimed, state=DeliveryState.EXPIRED, reason="expired", settled_at=now)


def give_back(*, claimed: Claimed) -> bool:
    """Claimed but not even tried: it costs no attempt."""
    return _change(claimed, state=DeliveryState.READY, attempts=claimed.attempts - 1)


def settle_told(*, delivery: Delivery, reason: str, now: datetime) -> bool:
    """The link that saves a pass has said it, without a claim. False: it was owed again since `delivery` was read."""
    same = Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.READY, renewals=delivery.renewals)
    return same.update(state=DeliveryState.SENT, reason=reason, settled_at=now) == 1


def tell_again(*, claimed: Claimed, now: datetime) -> None:
    """Our lease was over when the vendor took the message, and another worker may have sent something newer before.

    Where what was sent last stands at the vendor, the delivery is made ready again, so that the newest comes last.
    """
    Delivery.objects.filter(pk=claimed.id).update(not_before=now, **RENEWED)


def _settle(claimed: Claimed, **changes: Any) -> bool:
    if _change(claimed, renewals=claimed.renewals, **changes):
        return True
    return _change(claimed, state=DeliveryState.READY, attempts=0, reason="")


def _change(claimed: Claimed, **changes: Any) -> bool:
    mine = Delivery.objects.filter(pk=claimed.id, state=DeliveryState.CLAIMED, lease=claimed.lease)
    if "renewals" in changes:
        mine = mine.filter(renewals=changes.pop("renewals"))
    return mine.update(lease_until=None, **changes) == 1
