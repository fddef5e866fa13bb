"""What a phone recorded, as files tell it: the traces of a file, in whichever of three formats it is.

Nothing is guessed: a place that is none, a time that is missing or has no offset, and the file is refused with the
line or the point that is wrong. Only what clients are known to leave out is understood as unknown, with the same
numbers as in a report: an accuracy that is empty, 0 or -1, a speed that is empty or below 0.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from geooffers.visits.engine.observations import COARSEST_M, FASTEST_MPS, UNKNOWN_ACCURACY_M, Fix, to_milliseconds


class UnreadableTrace(Exception):
    """A file is not what it should be. The message names the line or point, and what is wrong with it."""


@dataclass(frozen=True, kw_only=True)
class Trace:
    """The fixes of one phone in the order of the file: as they are taken to have arrived."""

    id: str
    fixes: tuple[Fix, ...]


def read(path: Path) -> list[Trace]:
    """The traces of a file, by its ending. At least one, each with at least one fix."""
    from geooffers.visits.replay import csv_traces, geojson_traces, gpx_traces

    readers: dict[str, Callable[[Path], list[Trace]]] = {
        ".csv": csv_traces.read,
        ".gpx": gpx_traces.read,
        ".geojson": geojson_traces.read,
        ".json": geojson_traces.read,
    }
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise UnreadableTrace(f"{path.name}: the ending says the format, and is .csv, .gpx or .geojson")
    try:
        traces = reader(path)
    except UnicodeDecodeError as error:
        raise UnreadableTrace(f"{path.name} is not text in UTF-8") from error
    if not traces:
        raise UnreadableTrace(f"{path.name} has no position")
    return traces


def fix(*, number: int, at: datetime, lat: float, lon: float, accuracy_m: float | None, speed_mps: float | None) -> Fix:
    """ValueError with what is wrong. `number` within the trace orders fixes of one moment."""
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise ValueError(f"no place on earth: latitude {lat:g}, longitude {lon:g}")
    known = accuracy_m is not None and accuracy_m > 0
    return Fix(
        uuid=UUID(int=number),
        recorded_at=to_milliseconds(at),
        lat=lat,
        lon=lon,
        accuracy_m=min(accuracy_m, COARSEST_M) if accuracy_m is not None and known else UNKNOWN_ACCURACY_M,
        background=True,
        speed_mps=speed_mps if speed_mps is not None and 0 <= speed_mps <= FASTEST_MPS else None,
    )


def moment(value: Any) -> datetime:
    """ISO 8601 with an offset: without one it could be hours away."""
    if not isinstance(value, str) or not value:
        raise ValueError("no time")
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(f"no time: {value!r:.60}") from None
    if at.tzinfo is None:
        raise ValueError(f"a time without its offset: {value!r:.60}")
    return at


def number(value: Any, *, what: str) -> float:
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"no {what}: {value!r:.60}") from None
    if isinstance(value, bool) or not math.isfinite(found):
        raise ValueError(f"no {what}: {value!r:.60}")
    return found


def unless_empty(value: Any, *, what: str) -> float | None:
    return None if value is None or value == "" else number(value, what=what)


def gathered(found: Iterable[tuple[str, Fix]]) -> list[Trace]:
    """By trace, in the order of the file."""
    fixes: dict[str, list[Fix]] = {}
    for name, one in found:
        fixes.setdefault(name, []).append(one)
    return [Trace(id=name, fixes=tuple(theirs)) for name, theirs in fixes.items()]
