"""What is owed, and claiming it as a worker does."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from django.db.models import Q

from geooffers.shoppers.models import Device
from notifications.channels import fcm
from notifications.deliveries import claiming
from notifications.models import Channel, Delivery, DeliveryState, Kind, Message

WHATEVER = {Kind.COUPON_ISSUED: Q(pk__isnull=False)}


def claim_pushes(
    *, now: datetime, limit: int = 10, lease_s: float = 60.0, guards: Mapping[Kind, Q] = WHATEVER
) -> list[claiming.Claimed]:
    limits = replace(fcm.LIMITS, batch=limit, lease_s=lease_s)
    return claiming.claim(channel=Channel.FCM, limits=limits, now=now, guards=guards)


def make_delivery(*, device: Device, now: datetime, expires_at: datetime, kind: Kind, **of_it: object) -> Delivery:
    """A push to one phone, with `of_it` split between the message and its delivery."""
    of_message = {name: of_it.pop(name) for name in ("subject", "title", "body", "tag", "link") if name in of_it}
    message = Message.objects.create(
        kind=kind, shopper=device.shopper, expires_at=expires_at, created_at=now, **of_message
    )
    return Delivery.objects.create(
        message=message,
        channel=Channel.FCM,
        device=device,
        shopper=device.shopper,
        not_before=now,
        **{"state": DeliveryState.READY, **of_it},
    )
