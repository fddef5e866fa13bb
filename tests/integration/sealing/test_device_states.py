"""Where a phone is, as the database holds it: for that phone alone, and for nobody who has the dump."""

import logging
import struct
from datetime import timedelta
from typing import Any

import pytest

from geooffers.coupons.models import Coupon
from geooffers.visits.models import DeviceState, Presence, Visit
from geooffers.visits.state import sealed_state
from merchants.live_fences import live_fences
from tests import states
from tests.cast import AINO_LAT, AINO_LON, NOON, make_fence, make_offer, make_store
from tests.walker import AT_AINO, DOWN_THE_STREET, Walker, fix

pytestmark = [pytest.mark.django_db, pytest.mark.both]

LATER = NOON + timedelta(minutes=1)


@pytest.fixture
def inside() -> Walker:
    """A phone in Café Aino, whose visit has begun."""
    store = make_store()
    make_fence(store)
    make_offer(store)
    live_fences.matcher().refresh()
    walker = Walker()
    walker.be_at(DOWN_THE_STREET, NOON - timedelta(minutes=1))
    walker.be_at(AT_AINO, NOON)
    assert Visit.objects.get().is_open
    return walker


def row_of(walker: Walker) -> DeviceState:
    return DeviceState.objects.get(device=walker.device)


def test_no_coordinate_stands_in_the_database(inside: Walker) -> None:
    row = row_of(inside)
    for coordinate in (AINO_LAT, AINO_LON):
        packed = struct.pack("<d", coordinate)
        assert packed in states.opened(row), "the search would find it"
        assert packed not in bytes(row.packed)


def test_the_same_state_is_never_the_same_bytes_twice(inside: Walker) -> None:
    state = states.state_in(row_of(inside))
    assert states.sealed(state, device_id=inside.device.pk) != states.sealed(state, device_id=inside.device.pk)


def steal(thief: Walker, victim: Walker) -> bytes:
    return bytes(row_of(victim).packed)


def of_another_key(thief: Walker, victim: Walker) -> bytes:
    return b"k9:" + bytes(row_of(thief).packed).partition(b":")[2]


def changed(thief: Walker, victim: Walker) -> bytes:
    sealed = bytes(row_of(thief).packed)
    return sealed[:-1] + bytes([sealed[-1] ^ 1])


def plain(thief: Walker, victim: Walker) -> bytes:
    return states.opened(row_of(victim))


@pytest.mark.parametrize("make", [steal, of_another_key, changed, plain])
def test_a_state_that_does_not_open_is_lost_and_nothing_is_made_up(
    inside: Walker, make: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Moved from another row, changed, or of a key that nobody has: the phone's next fix is its first one known."""
    other = Walker()
    other.be_at(DOWN_THE_STREET, NOON)
    coupons, lost = Coupon.objects.count(), sealed_state.lost_count()
    DeviceState.objects.filter(device=other.device).update(packed=make(other, inside))
    with caplog.at_level(logging.ERROR):
        answer = other.report(fix(LATER, DOWN_THE_STREET), now=LATER)
    assert answer["results"][0]["status"] == "accepted"
    assert answer["transitions"] == []
    assert Presence.objects.filter(device=other.device).count() == 0
    assert Coupon.objects.count() == coupons
    assert sealed_state.lost_count() > lost
    lines = [record.getMessage() for record in caplog.records if "state of a device is lost" in record.getMessage()]
    assert lines
    whose = (str(other.device.pk), str(inside.device.pk), "60.1", "24.9")
    assert not [line for line in lines if any(trace in line for trace in whose)]
    assert states.state_in(row_of(other)).newest_at == LATER, "the next report finds a good one"
    assert states.state_in(row_of(inside)).inside, "the other phone has lost nothing"


def test_under_an_older_key_it_opens_and_the_next_write_takes_the_newest(inside: Walker, settings: Any) -> None:
    settings.DATA_KEYS = "k2:" + "77" * 32 + "," + settings.DATA_KEYS
    assert bytes(row_of(inside).packed).startswith(b"s1:")
    inside.be_at(AT_AINO, LATER)
    assert bytes(row_of(inside).packed).startswith(b"k2:")
    assert Visit.objects.get().is_open
    assert states.state_in(row_of(inside)).inside
