"""A phone that calls: what its endpoint may know, from the rows of one query."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID

from django.utils.crypto import salted_hmac

from geooffers.api import device_rows
from geooffers.shoppers.consents import allowed
from geooffers.shoppers.models import PAUSED_PURPOSES, Device, Pause, Purpose, Shopper
from geooffers.visits.state import sealed_state


def name_of_device(device_id: UUID) -> str:
    """Not its id: a call that is on its way while its shopper is erased may still be counted."""
    return "device:" + salted_hmac("geooffers.api.identity.auth", device_id.bytes, algorithm="sha256").hexdigest()[:32]


@dataclass(frozen=True, kw_only=True)
class DeviceCaller:
    """Django's making of the models costs more than the query, so they are made for who asks for them."""

    rows: device_rows.Rows
    device_id: UUID
    given: frozenset[Purpose]  # by the device or its shopper, and allowed to them; they count but for a pause
    pause: Pause
    version: int

    @cached_property
    def packed(self) -> bytes:
        """The device's state; opened for who asks for it, most calls do not."""
        return sealed_state.open_(bytes(self.rows.value("state__packed")), device_id=self.device_id)

    @cached_property
    def device(self) -> Device:
        device = device_rows.model(self.rows, of=Device)
        device.shopper = self.shopper
        return device

    @cached_property
    def shopper(self) -> Shopper:
        return device_rows.model(self.rows, of=Shopper)

    def consents(self, *, now: datetime) -> frozenset[Purpose]:
        """Those that count now."""
        return self.given - PAUSED_PURPOSES if self.pause.holds(now) else self.given

    @property
    def name(self) -> str:
        """The caller as text, for limits: the phone, whoever holds it."""
        return name_of_device(self.device_id)

    @property
    def holder_name(self) -> str:
        """The same for stored replies: whoever has the phone next is given none of this holder's."""
        hand_overs = self.rows.value("hand_overs")
        return f"{self.name}:{hand_overs}" if hand_overs else self.name


def caller_of(rows: device_rows.Rows) -> DeviceCaller:
    may = allowed.purposes_at(age=rows.value("shopper__age"), jurisdiction=rows.value("shopper__jurisdiction"))
    return DeviceCaller(
        rows=rows,
        device_id=rows.value("id"),
        given=device_rows.given(rows) & may,
        pause=Pause(starts_at=rows.value("shopper__paused_from"), ends_at=rows.value("shopper__paused_until")),
        version=rows.value("state__version"),
    )
