"""A position as a client that is not ours tells it, and the one place where it becomes a fix of ours.

What is not in `ClientFix` (WLAN names, pictures, battery, steps, names of places) is not read any further: there is no
field that could carry it on.
"""

import enum
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from django.utils.crypto import salted_hmac

from geooffers.visits.engine import observations
from geooffers.visits.engine.observations import COARSEST_M, FASTEST_MPS, UNKNOWN_ACCURACY_M


class DropReason(enum.StrEnum):
    """Why a record, a message or a body was acknowledged and not used. Listed in docs/clients.md: update that page too.

    What the visit engine says of a fix (`late`, `too_old`, ...) is counted beside these under its own words.
    """

    NO_POSITION = "no_position"
    BAD_POSITION = "bad_position"
    BAD_TIME = "bad_time"
    NOT_A_RECORD = "not_a_record"
    OTHER_MESSAGE = "other_message"
    TRANSITION = "transition"
    ENCRYPTED = "encrypted"
    EVENT = "event"
    BATCH_TOO_LARGE = "batch_too_large"
    EMPTY_BODY = "empty_body"
    INVALID_JSON = "invalid_json"
    NOT_UTF8 = "not_utf8"
    TOO_DEEP = "too_deep"
    TOO_MANY_FIELDS = "too_many_fields"
    CONTENT_ENCODING = "content_encoding"
    BODY_TOO_LARGE = "body_too_large"


@dataclass(frozen=True, kw_only=True, slots=True)
class ClientFix:
    """`accuracy_m` and `speed_mps` are None when the client does not know. `mock`: the place is made up, it says."""

    recorded_at: datetime
    lat: float
    lon: float
    accuracy_m: float | None = None
    speed_mps: float | None = None
    mock: bool = False
    foreground: bool = False
    uuid: UUID | None = None


def judge(
    *,
    recorded_at: datetime | None,
    lat: float | None,
    lon: float | None,
    accuracy_m: float | None = None,
    speed_mps: float | None = None,
    mock: bool = False,
    foreground: bool = False,
    uuid: UUID | None = None,
) -> ClientFix | DropReason:
    """What the client told, checked. None for a place or a time is one that could not be read."""
    if lat is None or lon is None or not -90 <= lat <= 90 or not -180 <= lon <= 180:
        return DropReason.BAD_POSITION
    if recorded_at is None:
        return DropReason.BAD_TIME
    return ClientFix(
        recorded_at=observations.to_milliseconds(recorded_at),
        lat=lat,
        lon=lon,
        # Clients write 0 or -1 for what they do not know; no position is exact.
        accuracy_m=accuracy_m if accuracy_m is not None and accuracy_m > 0 else None,
        speed_mps=speed_mps if speed_mps is not None and 0 <= speed_mps <= FASTEST_MPS else None,
        mock=mock,
        foreground=foreground,
        uuid=uuid,
    )


def as_fix(fix: ClientFix) -> observations.Fix:
    return observations.Fix(
        uuid=fix.uuid or derived_uuid(fix),
        recorded_at=fix.recorded_at,
        lat=fix.lat,
        lon=fix.lon,
        accuracy_m=UNKNOWN_ACCURACY_M if fix.accuracy_m is None else min(fix.accuracy_m, COARSEST_M),
        # An app that tracks is in the background, whatever it shows, unless it says otherwise.
        background=not fix.foreground,
        speed_mps=fix.speed_mps,
        mock=fix.mock,
    )


def derived_uuid(fix: ClientFix) -> UUID:
    """The same for a record that is sent again, so that it is a duplicate.

    Of the last fixes the uuids are kept, longer than their places are. Without a secret in it, a thief of
    them could try a city's places one by one until a uuid fits.
    """
    secret = salted_hmac("geooffers.api.location.gps_clients.parsing.fixes", "uuid", algorithm="sha256").digest()[:16]
    return uuid5(UUID(bytes=secret), f"{fix.recorded_at.isoformat()} {fix.lat!r} {fix.lon!r}")
