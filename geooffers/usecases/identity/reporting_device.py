"""Who reports, as one query has read them before any lock. Most reports change nothing, and need no models."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from geooffers.shoppers.models import Device, Pause, Shopper
from geooffers.visits.models import DeviceState
from geooffers.visits.state import sealed_state


class Reporter(Protocol):
    """`version` and `packed` are of the device's state. `device`, `shopper` and `packed` are made when asked for."""

    @property
    def device_id(self) -> UUID: ...
    @property
    def pause(self) -> Pause: ...
    @property
    def version(self) -> int: ...
    @property
    def packed(self) -> bytes: ...
    @property
    def device(self) -> Device: ...
    @property
    def shopper(self) -> Shopper: ...


@dataclass(frozen=True, kw_only=True)
class StoredReporter:
    """Of whom the models are there already."""

    device: Device
    state: DeviceState

    @property
    def device_id(self) -> UUID:
        return self.device.pk

    @property
    def shopper(self) -> Shopper:
        return self.device.shopper

    @property
    def pause(self) -> Pause:
        return self.shopper.pause

    @property
    def version(self) -> int:
        return self.state.version

    @property
    def packed(self) -> bytes:
        return sealed_state.open_(bytes(self.state.packed), device_id=self.device.pk)
