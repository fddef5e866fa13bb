"""The lock that makes what one phone asks for follow each other: sign-in, sign-out, consent, push address."""

from uuid import UUID

from geooffers.shoppers.models import Device
from geooffers.shoppers.privacy import tombstones


class ChangedHands(Exception):
    """This device was signed out, revoked, or signed in to another account a moment ago."""


def lock(*, device_id: UUID) -> Device:
    """The device as it is now, until the transaction ends.

    Not FOR UPDATE: rows that point at the device (a push, a presence) are written while we hold it, and their foreign
    keys would wait for us. And without a join: who waited for a sign-in would be given the device's new row, find
    the old shopper's joined to it, and so no device at all. `device.shopper` is a query of its own, made afterwards.

    Who waited for an erasure finds no row: tombstones.Erased. Who waited for a revocation: ChangedHands.
    """
    device = Device.objects.select_for_update(no_key=True).filter(pk=device_id).first()
    if device is None:
        raise tombstones.Erased
    if device.retired_at is not None:
        raise ChangedHands
    return device


def lock_held(*, device: Device) -> Device:
    """The same for who called with `device` in their hands: what they say counts for nobody who has it after them.

    An anonymous shopper whose device signed in meanwhile is the same person, and counts as the account.
    """
    held = lock(device_id=device.pk)
    if held.hand_overs != device.hand_overs:
        raise ChangedHands
    return held
