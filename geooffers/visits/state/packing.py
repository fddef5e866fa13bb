"""A device's state as bytes, and back.

Layout, version 2. Varints are LEB128; numbers are little-endian; times are whole milliseconds since 1970, earlier ones
as the distance from a later one:

    u8      version
    known   what follows from everything
    known   what was known before the first of the kept sightings
    varint  writes_minute, varint writes
    u8      remembered sightings, each u64 (folded uuid)
    u8      kept sightings, each: u16 length, and as many bytes (see `sighting_bytes`)
    u32     CRC-32 of everything before

A state in which nothing is known is no bytes at all. The kept sightings are unpacked when somebody asks for one.

Damaged bytes, and those of another version, are answered with a fresh state: the phone's next fix is then its first
one known, which is the honest thing to say about it. `damaged_count` tells how often.
"""

import struct
import threading
import zlib

from geooffers.visits.engine.observations import Sighting
from geooffers.visits.engine.plausibility import PlaceSeen
from geooffers.visits.engine.stays import Stay
from geooffers.visits.engine.timeline import Known
from geooffers.visits.engine.transitions import State
from geooffers.visits.engine.tuning import DRIVE_BY, WALK_IN
from geooffers.visits.state import sighting_bytes
from geooffers.visits.state.recent_fixes import Kept
from geooffers.visits.state.sighting_bytes import put, take

VERSION = 2
_FOLDED, _CRC, _LENGTH = struct.Struct("<Q"), struct.Struct("<I"), struct.Struct("<H")
_PLACE, _NUMBER = struct.Struct("<ddd"), struct.Struct("<d")
# Of what is known.
_AT, _PLACED, _SPEED, _ASIDE, _IMPOSSIBLE, _SUSPICION, _PACE = 1, 2, 4, 8, 16, 32, 64
# Of a stay.
_BEGUN, _SETTLED, _DWELLED, _APPEARED, _DRIVE_BY, _SLOW, _OUTSIDE = 1, 2, 4, 8, 16, 32, 64

_lock = threading.Lock()
_damaged = 0


def damaged_count() -> int:
    """How many states this process has found damaged."""
    return _damaged


class DamagedState(ValueError):
    """These bytes are not a state of a version known here."""


def pack(state: State) -> bytes:
    if state.known.at_ms is None:
        return b""
    out = bytearray([VERSION])
    _put_known(out, state.known)
    _put_known(out, state.base)
    put(out, state.writes_minute)
    put(out, state.writes)
    out.append(len(state.remembered))
    for folded in state.remembered:
        out += _FOLDED.pack(folded)
    records = state.kept.records()
    out.append(len(records))
    for record in records:
        out += _LENGTH.pack(len(record))
        out += record
    out += _CRC.pack(zlib.crc32(out))
    return bytes(out)


def unpack(packed: bytes) -> State:
    """The state in these bytes; a fresh one, counted, when they are damaged."""
    global _damaged
    try:
        return read(packed)
    except DamagedState:
        with _lock:
            _damaged += 1
        return State()


def read(packed: bytes) -> State:
    if not packed:
        return State()
    if len(packed) < _CRC.size + 1 or zlib.crc32(packed[: -_CRC.size]) != _CRC.unpack_from(packed, len(packed) - 4)[0]:
        raise DamagedState("checksum")
    if packed[0] != VERSION:
        raise DamagedState(f"version {packed[0]}")
    known, at = _take_known(packed, 1)
    base, at = _take_known(packed, at)
    writes_minute, at = take(packed, at)
    writes, at = take(packed, at)
    count = packed[at]
    remembered = struct.unpack_from(f"<{count}Q", packed, at + 1)
    at += 1 + count * _FOLDED.size
    records = []
    count, at = packed[at], at + 1
    for _ in range(count):
        length = _LENGTH.unpack_from(packed, at)[0]
        at += _LENGTH.size
        records.append(packed[at : at + length])
        at += length
    return State(
        known=known,
        base=base,
        kept=Kept(records),
        remembered=remembered,
        writes_minute=writes_minute,
        writes=writes,
    )


def _put_known(out: bytearray, known: Known) -> None:
    place, aside = known.place, known.aside
    speed, pace = (place.speed_mps, place.pace_mps) if place is not None else (None, None)
    out.append(
        _AT * (known.at_ms is not None)
        | _PLACED * (place is not None)
        | _SPEED * (speed is not None)
        | _ASIDE * (aside is not None)
        | _IMPOSSIBLE * known.aside_is_impossible
        | _SUSPICION * (known.suspicion != 0)
        | _PACE * (pace is not None)
    )
    at_ms = known.at_ms
    if at_ms is None:
        return
    put(out, at_ms)
    if place is not None:
        put(out, at_ms - place.at_ms)
        out += _PLACE.pack(place.lat, place.lon, place.accuracy_m)
    for number in (speed, pace):
        if number is not None:
            out += _NUMBER.pack(number)
    if known.suspicion:
        out += _NUMBER.pack(known.suspicion)
    if aside is not None:
        record = sighting_bytes.pack(aside)
        out += _LENGTH.pack(len(record))
        out += record
    put(out, len(known.stays))
    for fence, stay in known.stays.items():
        _put_stay(out, fence, stay, at_ms=at_ms)


def _take_known(packed: bytes, at: int) -> tuple[Known, int]:
    flags, at = packed[at], at + 1
    if not flags & _AT:
        return Known(), at
    at_ms, at = take(packed, at)
    place: PlaceSeen | None = None
    speed: float | None = None
    pace: float | None = None
    suspicion = 0.0
    aside: Sighting | None = None
    if flags & _PLACED:
        before_ms, at = take(packed, at)
        lat, lon, accuracy_m = _PLACE.unpack_from(packed, at)
        at += _PLACE.size
        if flags & _SPEED:
            (speed,) = _NUMBER.unpack_from(packed, at)
            at += _NUMBER.size
        if flags & _PACE:
            (pace,) = _NUMBER.unpack_from(packed, at)
            at += _NUMBER.size
        place = PlaceSeen(
            at_ms=at_ms - before_ms, lat=lat, lon=lon, accuracy_m=accuracy_m, speed_mps=speed, pace_mps=pace
        )
    if flags & _SUSPICION:
        (suspicion,) = _NUMBER.unpack_from(packed, at)
        at += _NUMBER.size
    if flags & _ASIDE:
        (length,) = _LENGTH.unpack_from(packed, at)
        at += _LENGTH.size
        aside = sighting_bytes.unpack(packed[at : at + length])
        at += length
    count, at = take(packed, at)
    stays: dict[int, Stay] = {}
    for _ in range(count):
        fence, at = take(packed, at)
        stays[fence], at = _take_stay(packed, at, at_ms=at_ms)
    known = Known(
        at_ms=at_ms,
        place=place,
        aside=aside,
        aside_is_impossible=bool(flags & _IMPOSSIBLE),
        stays=stays,
        suspicion=suspicion,
    )
    return known, at


def _put_stay(out: bytearray, fence: int, stay: Stay, *, at_ms: int) -> None:
    put(out, fence)
    out.append(
        _BEGUN * stay.begun
        | _SETTLED * stay.settled
        | _DWELLED * stay.dwelled
        | _APPEARED * stay.appeared
        | _DRIVE_BY * stay.tuning.plain
        | _SLOW * (stay.slow_since_ms is not None)
        | _OUTSIDE * (stay.outside_since_ms is not None)
    )
    put(out, at_ms - stay.entered_ms)
    put(out, at_ms - stay.last_inside_ms)
    put(out, stay.dwell_s)
    put(out, stay.present_ms)
    out += bytes((stay.firm, stay.misses, stay.clear))
    out += _NUMBER.pack(stay.doubt)
    if stay.outside_since_ms is not None:
        out += _NUMBER.pack(stay.doubt_outside)
    for moment in (stay.slow_since_ms, stay.outside_since_ms):
        if moment is not None:
            put(out, at_ms - moment)


def _take_stay(packed: bytes, at: int, *, at_ms: int) -> tuple[Stay, int]:
    flags, at = packed[at], at + 1
    since_entered, at = take(packed, at)
    since_inside, at = take(packed, at)
    dwell_s, at = take(packed, at)
    present_ms, at = take(packed, at)
    firm, misses, clear = packed[at], packed[at + 1], packed[at + 2]
    (doubt,) = _NUMBER.unpack_from(packed, at + 3)
    at += 3 + _NUMBER.size
    slow_since_ms = outside_since_ms = None
    doubt_outside = 1.0
    if flags & _OUTSIDE:
        (doubt_outside,) = _NUMBER.unpack_from(packed, at)
        at += _NUMBER.size
    if flags & _SLOW:
        since, at = take(packed, at)
        slow_since_ms = at_ms - since
    if flags & _OUTSIDE:
        since, at = take(packed, at)
        outside_since_ms = at_ms - since
    stay = Stay(
        entered_ms=at_ms - since_entered,
        last_inside_ms=at_ms - since_inside,
        dwell_s=dwell_s,
        tuning=DRIVE_BY if flags & _DRIVE_BY else WALK_IN,
        begun=bool(flags & _BEGUN),
        settled=bool(flags & _SETTLED),
        dwelled=bool(flags & _DWELLED),
        appeared=bool(flags & _APPEARED),
        firm=firm,
        slow_since_ms=slow_since_ms,
        present_ms=present_ms,
        doubt=doubt,
        outside_since_ms=outside_since_ms,
        misses=misses,
        clear=clear,
        doubt_outside=doubt_outside,
    )
    return stay, at
