"""Numbers, times and uuids as foreign clients write them. What cannot be read is None; nothing here raises."""

import math
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic_core import PydanticCustomError

from geooffers.api.edge import strict

KNOT_MPS = 1852 / 3600
KMH_MPS = 1 / 3.6

# float() also reads "1_0", " 5", "nan" and digits of other scripts.
_NUMBER = re.compile(r"[+-]?[0-9]{1,20}(?:\.[0-9]{0,25})?(?:[eE][+-]?[0-9]{1,3})?")
_OFFSET_WITHOUT_COLON = re.compile(r"([+-][0-9]{2})([0-9]{2})")
_DATE_SPACE_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Where seconds end and milliseconds begin: the rule of the Traccar server, which clients rely on.
_FIRST_MILLISECONDS = 2**31 - 1
_LAST_SECOND = 253_402_300_799  # of the year 9999


def number(value: Any) -> float | None:
    """A finite number, or the text of one; true and false are none."""
    if isinstance(value, str):
        if len(value) > strict.MAX_NUMBER or not _NUMBER.fullmatch(value):
            return None
        value = float(value)
    elif isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def flag(value: Any) -> bool:
    return value in (True, "1") or (isinstance(value, str) and value.lower() == "true")


def uuid(value: Any) -> UUID | None:
    try:
        return strict.read_uuid(value)
    except PydanticCustomError:
        return None


def epoch(value: Any) -> datetime | None:
    """Seconds since 1970, or milliseconds when they are too many for seconds."""
    count = number(value)
    if count is None or count < 0:
        return None
    seconds = count / 1000 if count >= _FIRST_MILLISECONDS else count
    return _EPOCH + timedelta(seconds=seconds) if seconds <= _LAST_SECOND else None


def iso(value: Any) -> datetime | None:
    """An ISO 8601 time with an offset, whose colon may be missing. Without an offset it could be hours away: None."""
    if not isinstance(value, str) or len(value) > 40:
        return None
    end = _OFFSET_WITHOUT_COLON.fullmatch(value[-5:])
    if end:
        value = f"{value[:-5]}{end[1]}:{end[2]}"
    try:
        return strict.read_moment(value)
    except PydanticCustomError:
        return None


def moment(value: Any) -> datetime | None:
    """Any of the forms of the OsmAnd protocol: since 1970, ISO 8601, or `2026-06-02 12:00:00`, which is UTC."""
    if isinstance(value, str) and _DATE_SPACE_TIME.fullmatch(value):
        return iso(value.replace(" ", "T") + "Z")
    found = epoch(value)
    return found if found is not None else iso(value)
