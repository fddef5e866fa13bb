"""A phone registers with a token it made itself.

Nothing secret is ever sent back, so a lost answer locks nobody out.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q

from geooffers.jurisdictions import codes
from geooffers.shoppers.models import Age, Device, PushKind, Shopper
from geooffers.shoppers.privacy import tombstones
from geooffers.usecases.identity.renew_push_address import take_over
from geooffers.visits.models import DeviceState


class InstallKnown(Exception):
    """This install_id is registered with another token."""

    field = "install_id"


class InstallRevoked(Exception):
    """This device was revoked; register with a new install_id and a new token."""

    field = "install_id"


class TokenTaken(Exception):
    """This token is another device's; make a new one of 32 random bytes."""

    field = "token"


@dataclass(frozen=True, kw_only=True)
class Registered:
    device: Device
    created: bool


@dataclass(frozen=True, kw_only=True)
class PushAddress:
    kind: PushKind
    address: str


def register_device(
    *,
    install_id: UUID,
    token_hash: bytes,
    platform: str,
    app_version: str,
    language: str,
    push: PushAddress | None,
    now: datetime,
    age: Age = Age.UNKNOWN,
    jurisdiction: str = "",
) -> Registered:
    """The device of this installation, made if it is new. The same installation and token is the same device.

    `codes.UnknownJurisdiction` is what it refuses of a jurisdiction; a repeat changes neither it nor the age.
    """
    place = codes.checked(jurisdiction) if jurisdiction else ""
    known = _find(install_id=install_id, token_hash=token_hash)
    if known is not None:
        return Registered(device=known, created=False)
    if tombstones.is_taken(token_hash=token_hash):
        raise TokenTaken
    try:
        with transaction.atomic():
            shopper = Shopper.objects.create(language=language, age=age, jurisdiction=place, created_at=now)
            device = Device.objects.create(
                shopper=shopper,
                install_id=install_id,
                token_hash=token_hash,
                platform=platform,
                app_version=app_version,
                age_signal=age,
                created_at=now,
            )
            DeviceState.objects.create(device=device)
            if push is not None:
                take_over(device=device, kind=push.kind, address=push.address, now=now)
    except IntegrityError:
        # The same call twice at once (a phone's retry): the other one made the rows.
        known = _find(install_id=install_id, token_hash=token_hash)
        if known is None:
            raise
        return Registered(device=known, created=False)
    return Registered(device=device, created=True)


def _find(*, install_id: UUID, token_hash: bytes) -> Device | None:
    """By one query: between two, the phone's other call may commit, and its token would seem another device's."""
    rows = Device.objects.filter(Q(install_id=install_id) | Q(token_hash=token_hash)).select_related("shopper")
    found = {row.install_id: row for row in rows}
    device = found.get(install_id)
    if device is None and found:
        raise TokenTaken
    if device is not None and bytes(device.token_hash) != token_hash:
        raise InstallKnown
    if device is not None and device.retired_at is not None:
        raise InstallRevoked
    return device
