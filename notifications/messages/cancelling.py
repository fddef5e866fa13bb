"""Take back what is owed and not yet claimed, and say why.

What is claimed may be on its way; should it come back, its next claim judges it.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from geooffers.shoppers.models import Device, Shopper
from notifications.models import MARKETING_KINDS, Delivery, DeliveryState


def cancel_marketing(*, shopper: Shopper, reason: str, now: datetime) -> int:
    """The consent was withdrawn."""
    return _cancel(Delivery.objects.filter(shopper=shopper, message__kind__in=MARKETING_KINDS), reason=reason, now=now)


def cancel_subject(*, subject: UUID, reason: str, now: datetime) -> int:
    """The coupon is used up: its announcement would come too late."""
    announced = Delivery.objects.filter(message__subject=subject, message__kind__in=MARKETING_KINDS)
    return _cancel(announced, reason=reason, now=now)


def cancel_device(*, device: Device, reason: str, now: datetime) -> int:
    """The phone changed hands: nothing that was meant for its old holder goes there, service messages neither."""
    return _cancel(Delivery.objects.filter(device=device), reason=reason, now=now)


def _cancel(rows: QuerySet[Delivery], *, reason: str, now: datetime) -> int:
    with transaction.atomic():
        ready = locked_in_order(rows.filter(state=DeliveryState.READY))
        return ready.update(state=DeliveryState.CANCELLED, reason=reason, settled_at=now)


def locked_in_order(rows: QuerySet[Delivery]) -> QuerySet[Delivery]:
    """A withdrawal and a redemption find the same rows by different indexes; unordered, they could wait in a circle."""
    locked = rows.order_by("pk").select_for_update(of=("self",))
    return Delivery.objects.filter(pk__in=list(locked.values_list("pk", flat=True)))
