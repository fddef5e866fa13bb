"""A phone signs out: its holder leaves it, and the next one begins as an anonymous shopper with nothing.

As at a sign-in the phone brings its next token, so that nobody who has the old one goes on with it.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from geooffers.shoppers.identity import devices, tokens
from geooffers.shoppers.models import Device, ReceiptSource, Shopper
from geooffers.usecases.identity.release_device import LEFT, leave
from geooffers.visits.models import EndReason


class NotSignedIn(Exception):
    """This device is not signed in. Without an account nobody could come back to what they hold."""


def sign_out(*, device_id: UUID, shown_hash: bytes, new_hash: bytes, language: str, now: datetime) -> Device:
    """`shown_hash` is of the token that the phone called with: its token, or the one before."""
    with transaction.atomic():
        device = devices.lock(device_id=device_id)
        if tokens.is_replaced_already(device=device, shown_hash=shown_hash, new_hash=new_hash):
            if not device.shopper.is_anonymous:
                raise tokens.NewTokenTaken
            return device
        if device.shopper.is_anonymous:
            raise NotSignedIn
        leave(
            device=device,
            source=ReceiptSource.SIGN_OUT,
            reason=EndReason.SIGNED_OUT,
            why="device_changed_hands",
            now=now,
        )
        # Last, because this lock makes writers of rows that point at the device wait.
        device.shopper = Shopper.objects.create(language=language, created_at=now)
        tokens.replace(device=device, new_hash=new_hash)
        device.save(update_fields=["shopper", *LEFT, *tokens.REPLACED])
    return device
