"""Device states as the database holds them, for tests that look inside or put one there."""

from uuid import UUID

from geooffers.visits.engine.transitions import State
from geooffers.visits.models import DeviceState
from geooffers.visits.state import packing, sealed_state


def state_in(row: DeviceState) -> State:
    return packing.read(opened(row))


def opened(row: DeviceState) -> bytes:
    """The packed state; a row that does not open is an error here."""
    lost = sealed_state.lost_count()
    packed = sealed_state.open_(bytes(row.packed), device_id=row.pk)
    assert sealed_state.lost_count() == lost, "the state is lost"
    return packed


def sealed(state: State, *, device_id: UUID) -> bytes:
    return sealed_state.seal(packing.pack(state), device_id=device_id)
