"""A state survives its packing, and damage is told from a state."""

import zlib
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from geooffers.visits.engine import transitions
from geooffers.visits.engine.observations import RegionChange, Sighting, fold
from geooffers.visits.engine.transitions import KEPT, State
from geooffers.visits.state import packing, sighting_bytes
from geooffers.visits.state.recent_fixes import Kept
from tests.unit.visits.sightings import CAFE, MALL, NOON, after, seconds, sighting, told, walk
from tests.unit.visits.test_lateness import NOW, sightings


@st.composite
def states(draw: st.DrawFn) -> State:
    """As reports leave them, with everything that a state may hold."""
    state = walk(State(), draw(sightings()), now=NOW).state
    return replace(state, writes_minute=draw(st.integers(0, 2**32)), writes=draw(st.integers(0, 10_000)))


def as_told(seen: Sighting) -> Sighting:
    """Of a uuid only what it folds to is kept."""
    return replace(seen, fix=replace(seen.fix, uuid=type(seen.fix.uuid)(int=fold(seen.fix.uuid))))


@given(state=states())
def test_every_state_survives_its_packing(state: State) -> None:
    packed = packing.pack(state)
    again = packing.read(packed)
    assert packing.pack(again) == packed
    assert list(again.kept) == [as_told(seen) for seen in state.kept]
    assert replace(again, kept=Kept()) == replace(
        state,
        kept=Kept(),
        known=state.known._replace(aside=state.known.aside and as_told(state.known.aside)),
        base=state.base._replace(aside=state.base.aside and as_told(state.base.aside)),
    )


def test_a_sighting_survives_with_every_member() -> None:
    seen = sighting(NOON, CAFE, MALL, depth_m=-3.25, accuracy_m=12.5, speed_mps=1.25, mock=True)
    unmeasured = replace(seen, touches=(seen.touches[0]._replace(distance_m=None, sureness=1, inside=True),))
    for one in (seen, unmeasured, told(NOON, RegionChange.EXIT, exact=False)):
        assert sighting_bytes.unpack(sighting_bytes.pack(one)) == as_told(one)


def test_nothing_known_is_no_bytes() -> None:
    assert packing.pack(State()) == b""
    assert packing.read(b"") == State()


def example() -> State:
    return after(*[sighting(seconds(10 * step), CAFE, MALL, speed_mps=1.0) for step in range(KEPT + 8)])


def test_a_full_state_is_small() -> None:
    assert len(example().kept) == KEPT
    assert len(packing.pack(example())) < 1_700


def test_damage_is_told_from_a_state() -> None:
    packed = packing.pack(example())
    for at in range(len(packed)):
        for flip in (1, 0x80, 0xFF):
            damaged = bytearray(packed)
            damaged[at] ^= flip
            before = packing.damaged_count()
            assert packing.unpack(bytes(damaged)) == State()
            assert packing.damaged_count() == before + 1


@given(packed=st.binary(min_size=1, max_size=200))
def test_no_bytes_whatever_stop_a_report(packed: bytes) -> None:
    assert packing.unpack(packed) == State()


def test_a_truncated_state_begins_anew() -> None:
    packed = packing.pack(example())
    for length in range(1, len(packed)):
        assert packing.unpack(packed[:length]) == State()


def test_a_state_of_another_version_begins_anew() -> None:
    for version in (packing.VERSION - 1, packing.VERSION + 1):
        body = bytes([version]) + packing.pack(example())[1:-4]
        assert packing.unpack(body + zlib.crc32(body).to_bytes(4, "little")) == State()


def test_nothing_of_a_place_is_left_at_rest() -> None:
    state = transitions.at_rest(example())
    assert len(packing.pack(state)) < 16 * 8 + 40
