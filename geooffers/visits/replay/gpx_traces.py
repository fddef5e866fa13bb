"""GPX: each track is a trace, its segments one after the other. GPX knows no accuracy, and seldom a speed."""

from collections.abc import Iterator
from pathlib import Path

import gpxpy
import gpxpy.gpx

from geooffers.visits.engine.observations import Fix
from geooffers.visits.replay import traces
from geooffers.visits.replay.traces import Trace, UnreadableTrace


def read(path: Path) -> list[Trace]:
    try:
        gpx = gpxpy.parse(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise
    except (gpxpy.gpx.GPXException, ValueError) as error:
        raise UnreadableTrace(f"{path.name} is not GPX: {error}") from error
    return traces.gathered(one for place, track in enumerate(gpx.tracks, start=1) for one in _of(track, place, path))


def _of(track: gpxpy.gpx.GPXTrack, place: int, path: Path) -> Iterator[tuple[str, Fix]]:
    name = " ".join((track.name or path.stem).split())
    points = [point for segment in track.segments for point in segment.points]
    for number, point in enumerate(points, start=1):
        where = f"{path.name}, track {place}, point {number}"
        if point.time is None:
            raise UnreadableTrace(f"{where} has no time, and without times there are no visits")
        if point.time.tzinfo is None:
            raise UnreadableTrace(f"{where}: a time without its offset")
        try:
            fix = traces.fix(
                number=number,
                at=point.time,
                lat=point.latitude,
                lon=point.longitude,
                accuracy_m=None,
                speed_mps=point.speed,
            )
        except ValueError as error:
            raise UnreadableTrace(f"{where}: {error}") from error
        # Two tracks of one name are two phones.
        yield f"{name} ({place})" if place > 1 else name, fix
