"""A device's token is followed by the next one, which the phone makes and brings.

The phone keeps the new token before it sends it. Should the answer be lost, it repeats the call with the token that it
called with, and gets the same answer: nothing secret is ever sent back, and nobody is locked out.
"""

from datetime import datetime, timedelta
from hashlib import sha256

from django.db.models import Q

from geooffers.shoppers.models import Device
from geooffers.shoppers.privacy import tombstones

# A report that was under way, or a part of the app that read the token a moment ago.
GRACE = timedelta(minutes=10)


class TokenReplaced(Exception):
    """This token was replaced by another new token."""


class NewTokenTaken(Exception):
    """The new token was used before; make another one of 32 random bytes."""

    field = "new_token"


def reporting_secret(token: str) -> bytes:
    """What the device's reporting key holds: it follows from the token, and the token does not follow from it."""
    return sha256(b"geooffers reporting key" + token.encode()).digest()


def hash_of(token: str) -> bytes:
    return hash_of_reporting_secret(reporting_secret(token))


def hash_of_reporting_secret(secret: bytes) -> bytes:
    """What is kept of a token. Neither the token nor the reporting secret follows from it: each has 256 random bits, so
    a plain hash is enough (docs/keys.md)."""
    return sha256(secret).digest()


def is_replaced_already(*, device: Device, shown_hash: bytes, new_hash: bytes) -> bool:
    """Whether this call is a repeat. `device` is locked; `shown_hash` is of the token that the phone called with."""
    if bytes(device.token_hash) == new_hash:
        return True
    if bytes(device.token_hash) != shown_hash:
        raise TokenReplaced
    if Device.objects.filter(Q(token_hash=new_hash) | Q(previous_token_hash=new_hash)).exists():
        raise NewTokenTaken
    if tombstones.is_taken(token_hash=new_hash):
        raise NewTokenTaken
    return False


def replace(*, device: Device, new_hash: bytes, good_until: datetime | None = None) -> None:
    """On the locked row, for its caller to save. `good_until`: how long the token before still opens what it opened."""
    device.previous_token_hash, device.token_hash = device.token_hash, new_hash
    device.previous_until = good_until


REPLACED = ("previous_token_hash", "token_hash", "previous_until")


def end_grace(*, device: Device) -> None:
    """The new token is in use: nobody needs the one before any more."""
    Device.objects.filter(pk=device.pk, previous_until__isnull=False).update(previous_until=None)
