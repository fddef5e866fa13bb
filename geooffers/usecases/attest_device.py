"""The app on a phone has vouched for itself (Firebase App Check); it is believed for a week."""

from datetime import datetime, timedelta
from uuid import UUID

from geooffers.shoppers.models import Device

BELIEVED_FOR = timedelta(days=7)


def attest_device(*, device_id: UUID, now: datetime) -> None:
    Device.objects.filter(pk=device_id).update(attested_at=now)


def is_attested(device: Device, *, now: datetime) -> bool:
    return device.attested_at is not None and now < device.attested_at + BELIEVED_FOR
