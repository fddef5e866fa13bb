"""Somebody vouches for a phone: its app by Firebase App Check, or Google Play by its verdict. Either is believed for a
week. Both are said of the phone and the app, and of nobody: they stay when the phone is handed on.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from geooffers.shoppers.models import Device, Integrity

BELIEVED_FOR = timedelta(days=7)


def attest_device(*, device_id: UUID, now: datetime) -> None:
    Device.objects.filter(pk=device_id).update(attested_at=now)


def is_attested(device: Device, *, now: datetime) -> bool:
    return device.attested_at is not None and now < device.attested_at + BELIEVED_FOR


class VerdictKnown(Exception):
    """This verdict, or a newer one of this phone, was shown before."""


def record_integrity(*, device_id: UUID, verdict: Integrity | None, at: datetime) -> None:
    """`at`: when the platform said so. A token that is shown again is no newer than itself."""
    newer = Q(integrity_at__isnull=True) | Q(integrity_at__lt=at)
    if not Device.objects.filter(newer, pk=device_id).update(integrity=verdict or "", integrity_at=at):
        raise VerdictKnown


def integrity_of(device: Device, *, now: datetime) -> Integrity | None:
    """None: the platform was not asked, could not say, or said it too long ago."""
    if not device.integrity or device.integrity_at is None or now >= device.integrity_at + BELIEVED_FOR:
        return None
    return Integrity(device.integrity)
