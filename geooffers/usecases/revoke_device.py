"""A shopper revokes one of their phones: a lost one, a sold one, or the one in their hand."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from geooffers.shoppers.models import Device, ReceiptSource, Shopper
from geooffers.usecases.leaving import LEFT, leave
from geooffers.visits.models import EndReason


class NoSuchDevice(Exception):
    """You have no such device."""


def revoke_device(*, shopper: Shopper, device_id: UUID, now: datetime) -> None:
    """When this returns, its tokens open nothing in any process: each call reads the device's row. Repeating it is
    harmless."""
    with transaction.atomic():
        device = Device.objects.select_for_update(no_key=True).filter(pk=device_id).first()
        if device is None or device.shopper_id != shopper.pk:
            raise NoSuchDevice
        if device.retired_at is not None:
            return
        leave(device=device, source=ReceiptSource.REVOKED, reason=EndReason.REVOKED, why="device_unreachable", now=now)
        device.retired_at = now
        device.save(update_fields=["retired_at", *LEFT])
