"""A state survives its packing, and damage is told from a state."""

import zlib
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from geooffers.visits import packing, transitions
from geooffers.visits.transitions import State, Stay

NOON = datetime(2026, 6, 2, 12, 0, tzinfo=UTC)

moments = st.integers(min_value=0, max_value=4_000_000_000_000).map(
    lambda number: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=number)
)


@st.composite
def states(draw: st.DrawFn) -> State:
    newest = draw(moments)
    back = st.integers(min_value=0, max_value=10**9).map(lambda ms: max(newest - timedelta(milliseconds=ms), EPOCH))
    stays = st.builds(
        Stay,
        entered_at=back,
        last_inside_at=back,
        dwell_s=st.integers(min_value=0, max_value=86_400),
        dwelled=st.booleans(),
        appeared=st.booleans(),
    )
    return State(
        newest_at=newest,
        cell=draw(st.none() | st.tuples(st.integers(-90_000, 90_000), st.integers(-180_000, 180_000))),
        inside=draw(st.dictionaries(st.integers(min_value=1, max_value=2**63 - 1), stays, max_size=300)),
        remembered=tuple(draw(st.lists(st.integers(0, 2**64 - 1), max_size=transitions.REMEMBERED))),
        writes_minute=draw(st.integers(0, 2**32)),
        writes=draw(st.integers(0, 10_000)),
    )


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def example() -> State:
    stay = Stay(entered_at=NOON - timedelta(minutes=5), last_inside_at=NOON, dwell_s=300, dwelled=True)
    return State(newest_at=NOON, cell=(60_169, 24_952), inside={7: stay}, remembered=(1, 2, 3), writes=2)


@given(state=states())
def test_every_state_survives_its_packing(state: State) -> None:
    assert packing.read(packing.pack(state)) == state


def test_nothing_known_is_no_bytes() -> None:
    assert packing.pack(State()) == b""
    assert packing.read(b"") == State()


def test_a_full_state_is_small() -> None:
    full = State(
        newest_at=NOON,
        cell=(60_169, 24_952),
        inside={n: Stay(entered_at=NOON, last_inside_at=NOON, dwell_s=300) for n in (1_000_000, 1_000_001)},
        remembered=tuple(range(2**60, 2**60 + transitions.REMEMBERED)),
    )
    assert len(packing.pack(full)) < 180


@given(state=states(), data=st.data())
def test_a_damaged_state_begins_anew_and_is_counted(state: State, data: st.DataObject) -> None:
    packed = bytearray(packing.pack(state))
    at = data.draw(st.integers(0, len(packed) - 1))
    packed[at] ^= data.draw(st.integers(1, 255))
    before = packing.damaged_count()
    assert packing.unpack(bytes(packed)) == State()
    assert packing.damaged_count() == before + 1


@given(packed=st.binary(min_size=1, max_size=200))
def test_no_bytes_whatever_stop_a_report(packed: bytes) -> None:
    assert packing.unpack(packed) == State()


def test_a_truncated_state_begins_anew() -> None:
    packed = packing.pack(example())
    for length in range(1, len(packed)):
        assert packing.unpack(packed[:length]) == State()


def test_a_state_of_a_later_version_begins_anew() -> None:
    body = bytes([packing.VERSION + 1]) + packing.pack(example())[1:-4]
    assert packing.unpack(body + zlib.crc32(body).to_bytes(4, "little")) == State()
