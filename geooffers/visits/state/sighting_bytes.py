"""One sighting as bytes, and back: exact, so that working a stretch out again gives what it gave the first time.

    u8      flags (see below)
    u64     folded uuid
    varint  time, milliseconds since 1970
    a fix:    3 x f64 latitude, longitude, accuracy; f64 speed where known;
              varint touches, each: varint fence, u8 flags, f64 distance where measured, varint dwell_s, f64 size
    an event: varint fence, u8 change, varint dwell_s

Of the uuid only what `fold` makes of it is kept; what comes back folds to the same.
"""

import struct
from uuid import UUID

from geooffers.visits.engine.observations import Fix, RegionChange, RegionEvent, Sighting, Touch, fold, to_moment
from geooffers.visits.engine.tuning import DRIVE_BY, WALK_IN

_HEAD = struct.Struct("<BQ")
_PLACE, _NUMBER = struct.Struct("<ddd"), struct.Struct("<d")
_EVENT, _MOCK, _BACKGROUND, _SPEED, _EXACT, _DRIVE_BY = 1, 2, 4, 8, 16, 32
# Of a touch.
_INSIDE, _MEASURED, _TUNED_DRIVE_BY, _SURENESS_FROM = 1, 2, 4, 8
_CHANGES = tuple(RegionChange)


def pack(seen: Sighting) -> bytes:
    fix = seen.fix
    out = bytearray()
    if isinstance(fix, RegionEvent):
        flags = _EVENT | _MOCK * fix.mock | _EXACT * fix.exact | _DRIVE_BY * fix.tuning.plain
        out += _HEAD.pack(flags, fold(fix.uuid))
        put(out, seen.at_ms)
        put(out, fix.fence)
        out.append(_CHANGES.index(fix.change))
        put(out, fix.dwell_s)
        return bytes(out)
    flags = _MOCK * fix.mock | _BACKGROUND * fix.background | _SPEED * (fix.speed_mps is not None)
    out += _HEAD.pack(flags, fold(fix.uuid))
    put(out, seen.at_ms)
    out += _PLACE.pack(fix.lat, fix.lon, fix.accuracy_m)
    if fix.speed_mps is not None:
        out += _NUMBER.pack(fix.speed_mps)
    put(out, len(seen.touches))
    for touch in seen.touches:
        put(out, touch.fence)
        out.append(
            _INSIDE * touch.inside
            | _MEASURED * (touch.distance_m is not None)
            | _TUNED_DRIVE_BY * touch.tuning.plain
            | _SURENESS_FROM * (touch.sureness + 1)
        )
        if touch.distance_m is not None:
            out += _NUMBER.pack(touch.distance_m)
        put(out, touch.dwell_s)
        out += _NUMBER.pack(touch.size_m)
    return bytes(out)


def unpack(packed: bytes) -> Sighting:
    flags, folded = _HEAD.unpack_from(packed)
    at_ms, at = take(packed, _HEAD.size)
    uuid, recorded_at = UUID(int=folded), to_moment(at_ms)
    if flags & _EVENT:
        fence, at = take(packed, at)
        change, at = _CHANGES[packed[at]], at + 1
        dwell_s, at = take(packed, at)
        event = RegionEvent(
            uuid=uuid,
            recorded_at=recorded_at,
            fence=fence,
            change=change,
            exact=bool(flags & _EXACT),
            dwell_s=dwell_s,
            tuning=DRIVE_BY if flags & _DRIVE_BY else WALK_IN,
            mock=bool(flags & _MOCK),
        )
        return Sighting(fix=event)
    lat, lon, accuracy_m = _PLACE.unpack_from(packed, at)
    at += _PLACE.size
    speed_mps: float | None = None
    if flags & _SPEED:
        (speed_mps,) = _NUMBER.unpack_from(packed, at)
        at += _NUMBER.size
    count, at = take(packed, at)
    touches = []
    for _ in range(count):
        fence, at = take(packed, at)
        told, at = packed[at], at + 1
        distance_m: float | None = None
        if told & _MEASURED:
            (distance_m,) = _NUMBER.unpack_from(packed, at)
            at += _NUMBER.size
        dwell_s, at = take(packed, at)
        (size_m,) = _NUMBER.unpack_from(packed, at)
        at += _NUMBER.size
        touches.append(
            Touch(
                fence=fence,
                inside=bool(told & _INSIDE),
                sureness=told // _SURENESS_FROM - 1,
                distance_m=distance_m,
                dwell_s=dwell_s,
                size_m=size_m,
                tuning=DRIVE_BY if told & _TUNED_DRIVE_BY else WALK_IN,
            )
        )
    fix = Fix(
        uuid=uuid,
        recorded_at=recorded_at,
        lat=lat,
        lon=lon,
        accuracy_m=accuracy_m,
        background=bool(flags & _BACKGROUND),
        speed_mps=speed_mps,
        mock=bool(flags & _MOCK),
    )
    return Sighting(fix=fix, touches=tuple(touches))


def at_ms(packed: bytes) -> int:
    return take(packed, _HEAD.size)[0]


def put(out: bytearray, number: int) -> None:
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)


def take(packed: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = packed[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7
