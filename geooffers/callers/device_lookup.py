"""A phone that calls, found by its token, and what its call may know: from the rows of one query."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NoReturn
from uuid import UUID

from django.db.models import Q
from django.utils.crypto import salted_hmac

from geooffers.callers import device_query
from geooffers.shoppers.consents import allowed
from geooffers.shoppers.identity import tokens
from geooffers.shoppers.models import PAUSED_PURPOSES, Device, Pause, Purpose, Shopper
from geooffers.shoppers.privacy import tombstones
from geooffers.visits.state import sealed_state


class TokenUnknown(Exception):
    """Nobody is known by this token."""


class DeviceRetired(Exception):
    """This device was retired; register it again."""


def name_of(device_id: UUID) -> str:
    """The device as text, for limits. Not its id: a call that is on its way while its shopper is erased may still be
    counted."""
    return "device:" + salted_hmac("geooffers.callers", device_id.bytes, algorithm="sha256").hexdigest()[:32]


@dataclass(frozen=True, kw_only=True)
class DeviceCaller:
    """Django's making of the models costs more than the query, so they are made when they are asked for."""

    found: device_query.Found
    device_id: UUID
    given: frozenset[Purpose]  # by the device or its shopper, and allowed to them; they count but for a pause
    pause: Pause
    version: int  # of the packed state

    @cached_property
    def packed(self) -> bytes:
        """The device's state; opened when it is asked for, since most calls do not."""
        return sealed_state.open_(bytes(self.found.value("state.packed")), device_id=self.device_id)

    @cached_property
    def device(self) -> Device:
        device = self.found.model(Device)
        device.shopper = self.shopper
        return device

    @cached_property
    def shopper(self) -> Shopper:
        return self.found.model(Shopper)

    def consents(self, *, now: datetime) -> frozenset[Purpose]:
        """Those that count now."""
        return self.given - PAUSED_PURPOSES if self.pause.holds(now) else self.given

    @property
    def name(self) -> str:
        """For limits: names the phone, which keeps its name when its holder changes."""
        return name_of(self.device_id)

    @property
    def holder_name(self) -> str:
        """For stored replies: names phone and holder, so that the next holder gets none of this one's replies."""
        hand_overs = self.found.value("device.hand_overs")
        return f"{self.name}:{hand_overs}" if hand_overs else self.name


def find(*, token_hash: bytes, now: datetime) -> DeviceCaller:
    """By one query; by two with the token before, while it is still good. Refused are `TokenUnknown`, `DeviceRetired`
    and `tombstones.Erased`."""
    found = device_query.find(by="token_hash", value=token_hash)
    if found is None:
        return _find_by_the_token_before(token_hash, now=now)
    caller = _caller_of(found)
    if found.value("device.previous_until") is not None:
        tokens.end_grace(device=caller.device)
    return caller


def _find_by_the_token_before(token_hash: bytes, *, now: datetime) -> DeviceCaller:
    found = device_query.find(by="previous_token_hash", value=token_hash)
    good_until = found.value("device.previous_until") if found is not None else None
    if found is None or good_until is None or now >= good_until:
        _refuse_unknown(token_hash, now=now)
    return _caller_of(found)


def find_reporting(*, token_hash: bytes) -> DeviceCaller:
    """By a reporting key, which ends at once with the token that it was derived from."""
    found = device_query.find(by="token_hash", value=token_hash)
    if found is None:
        raise TokenUnknown
    return _caller_of(found)


def _caller_of(found: device_query.Found) -> DeviceCaller:
    may = allowed.purposes_at(age=found.value("shopper.age"), jurisdiction=found.value("shopper.jurisdiction"))
    caller = DeviceCaller(
        found=found,
        device_id=found.value("device.id"),
        given=found.given() & may,
        pause=Pause(starts_at=found.value("shopper.paused_from"), ends_at=found.value("shopper.paused_until")),
        version=found.value("state.version"),
    )
    if found.value("device.retired_at") is not None:
        raise DeviceRetired
    return caller


def _refuse_unknown(token_hash: bytes, *, now: datetime) -> NoReturn:
    """Erased lately, or never known. Asked here only, so that a known token costs one query."""
    if tombstones.erasure_of(token_hash=token_hash, now=now) is not None:
        raise tombstones.Erased
    raise TokenUnknown


@dataclass(frozen=True, kw_only=True)
class TokenChanger:
    """A phone that calls to change its token."""

    device_id: UUID
    token_hash: bytes  # of the token that was shown

    @property
    def name(self) -> str:
        return name_of(self.device_id)


def find_changer(*, token_hash: bytes, now: datetime) -> TokenChanger:
    """By its token or the one before, however long ago: the call may be a repeat."""
    device = Device.objects.filter(Q(token_hash=token_hash) | Q(previous_token_hash=token_hash)).first()
    if device is None:
        _refuse_unknown(token_hash, now=now)
    if device.retired_at is not None:
        raise DeviceRetired
    return TokenChanger(device_id=device.pk, token_hash=token_hash)
