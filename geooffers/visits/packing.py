"""A device's state as bytes, and back.

Layout, version 1 (varints are LEB128, times are whole milliseconds since 1970, earlier ones as distance from newest):

    u8      version
    u8      1: it is known where the phone is, and the cell follows; 0: at rest
    varint  newest_at
    2 x i32 cell: latitude, longitude (not at rest)
    varint  writes_minute, varint writes
    u8      remembered fixes, each u64 (folded uuid)
    varint  stays, each: varint fence, varint newest - entered, varint newest - last inside, varint dwell_s, u8 flags
    u32     CRC-32 of everything before

A state in which nothing is known is no bytes at all.

Damaged bytes, and those of a version from the future after a rollback, are answered with a fresh state: the phone's
next fix is then its first one known, which is the honest thing to say about it. `damaged_count` tells how often.
"""

import struct
import threading
import zlib
from datetime import UTC, datetime, timedelta

from geooffers.visits.transitions import State, Stay

VERSION = 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_CELL = struct.Struct("<ii")
_FOLDED = struct.Struct("<Q")
_CRC = struct.Struct("<I")
_DWELLED, _APPEARED = 1, 2

_lock = threading.Lock()
_damaged = 0


def damaged_count() -> int:
    """How many states this process has found damaged."""
    return _damaged


class Damaged(ValueError):
    """These bytes are not a state of a version known here."""


def pack(state: State) -> bytes:
    if state.newest_at is None:
        return b""
    newest = _milliseconds(state.newest_at)
    out = bytearray([VERSION, state.cell is not None])
    _put(out, newest)
    if state.cell is not None:
        out += _CELL.pack(*state.cell)
    _put(out, state.writes_minute)
    _put(out, state.writes)
    out.append(len(state.remembered))
    for folded in state.remembered:
        out += _FOLDED.pack(folded)
    _put(out, len(state.inside))
    for fence, stay in state.inside.items():
        _put(out, fence)
        _put(out, newest - _milliseconds(stay.entered_at))
        _put(out, newest - _milliseconds(stay.last_inside_at))
        _put(out, stay.dwell_s)
        out.append(_DWELLED * stay.dwelled | _APPEARED * stay.appeared)
    out += _CRC.pack(zlib.crc32(out))
    return bytes(out)


def unpack(packed: bytes) -> State:
    """The state in these bytes; a fresh one, counted, when they are damaged."""
    global _damaged
    try:
        return read(packed)
    except Damaged:
        with _lock:
            _damaged += 1
        return State()


def read(packed: bytes) -> State:
    if not packed:
        return State()
    if len(packed) < _CRC.size + 1 or zlib.crc32(packed[: -_CRC.size]) != _CRC.unpack_from(packed, len(packed) - 4)[0]:
        raise Damaged("checksum")
    if packed[0] != VERSION:
        raise Damaged(f"version {packed[0]}")
    newest, at = _take(packed, 2)
    cell: tuple[int, int] | None = None
    if packed[1]:
        cell = _CELL.unpack_from(packed, at)
        at += _CELL.size
    writes_minute, at = _take(packed, at)
    writes, at = _take(packed, at)
    count = packed[at]
    remembered = struct.unpack_from(f"<{count}Q", packed, at + 1)
    at += 1 + count * _FOLDED.size
    inside: dict[int, Stay] = {}
    stays, at = _take(packed, at)
    for _ in range(stays):
        fence, at = _take(packed, at)
        since_entered, at = _take(packed, at)
        since_inside, at = _take(packed, at)
        dwell_s, at = _take(packed, at)
        flags, at = packed[at], at + 1
        inside[fence] = Stay(
            entered_at=_moment(newest - since_entered),
            last_inside_at=_moment(newest - since_inside),
            dwell_s=dwell_s,
            dwelled=bool(flags & _DWELLED),
            appeared=bool(flags & _APPEARED),
        )
    return State(
        newest_at=_moment(newest),
        cell=cell,
        inside=inside,
        remembered=remembered,
        writes_minute=writes_minute,
        writes=writes,
    )


def _milliseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MILLISECOND


def _moment(milliseconds: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=milliseconds)


def _put(out: bytearray, number: int) -> None:
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)


def _take(packed: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = packed[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7
