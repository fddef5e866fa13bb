"""A shopper revokes one of their phones: a lost one, a sold one, or the one in their hand."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from geooffers.shoppers.identity import devices
from geooffers.shoppers.models import Device, ReceiptSource
from geooffers.usecases.identity.release_device import LEFT, leave
from geooffers.visits.models import EndReason


class NoSuchDevice(Exception):
    """You have no such device."""


def revoke_device(*, asker: Device, device_id: UUID, now: datetime) -> None:
    """When this returns, its tokens open nothing in any process: each call reads the device's row. Repeating it is
    harmless.

    Raises ChangedHands, or Erased, when the person with the phone `asker` is not its holder any more: a lost phone that
    is being revoked cannot revoke another.
    """
    with transaction.atomic():
        # By id: two phones that revoke each other wait in turn.
        both = Device.objects.select_for_update(no_key=True).filter(pk__in={asker.pk, device_id})
        locked = {device.pk: device for device in both.order_by("pk")}
        device = locked.get(device_id)
        if device is not None and device.pk == asker.pk and device.retired_at is not None:
            return  # its own call, sent twice, was faster
        held = devices.lock_held(device=asker)
        if device is None or device.shopper_id != held.shopper_id:
            raise NoSuchDevice
        if device.retired_at is not None:
            return
        leave(
            device=device,
            source=ReceiptSource.REVOKED,
            reason=EndReason.REVOKED,
            why="device_unreachable",
            now=now,
        )
        device.retired_at = now
        device.save(update_fields=["retired_at", *LEFT])
