"""A recorded GPX track, made fit for the demo: its shape and pace are kept, its times moved to the last minutes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import gpxpy
import gpxpy.gpx
from geopy.distance import geodesic

# A position older than five minutes is history and pushes nothing, so the whole walk is told within four.
TOLD_WITHIN = timedelta(minutes=4)
# One phone may change its state thirty times a minute, and this one is in a hurry.
MAX_FIXES = 28


class TrackUnusable(Exception):
    """The file is not a GPX track that can be walked."""


@dataclass(frozen=True, kw_only=True)
class TrackStep:
    lat: float
    lon: float
    at: datetime


@dataclass(frozen=True, kw_only=True)
class TrackPlace:
    lat: float
    lon: float


def read(path: Path) -> list[TrackPlace]:
    """The points of all tracks and routes in file order, thinned evenly to MAX_FIXES; TrackUnusable with a sentence."""
    try:
        gpx = gpxpy.parse(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise TrackUnusable(f"{path}: {error.strerror}") from error
    except (UnicodeDecodeError, gpxpy.gpx.GPXException) as error:
        raise TrackUnusable(f"{path} is not GPX: {error}") from error
    on_tracks = [
        TrackPlace(lat=point.latitude, lon=point.longitude)
        for track in gpx.tracks
        for segment in track.segments
        for point in segment.points
    ]
    on_routes = [TrackPlace(lat=point.latitude, lon=point.longitude) for route in gpx.routes for point in route.points]
    places = [p for p in on_tracks or on_routes if -90 <= p.lat <= 90 and -180 <= p.lon <= 180]
    if len(places) < 2:
        raise TrackUnusable(f"{path} has {len(places)} usable points; a walk needs two.")
    if len(places) > MAX_FIXES:
        stride = (len(places) - 1) / (MAX_FIXES - 1)
        places = [places[round(index * stride)] for index in range(MAX_FIXES)]
    return places


def timed(places: list[TrackPlace], *, now: datetime) -> list[TrackStep]:
    """The places as fixes evenly spread over the last four minutes, at most 15 seconds apart."""
    gap = min(timedelta(seconds=15), TOLD_WITHIN / max(1, len(places) - 1))
    first = now - gap * (len(places) - 1)
    return [TrackStep(lat=place.lat, lon=place.lon, at=first + gap * index) for index, place in enumerate(places)]


def fence_places(places: list[TrackPlace], *, count: int = 3, apart_m: float = 400) -> list[TrackPlace]:
    """Up to `count` centres on the track, not at its very start, at least `apart_m` from each other and the start."""
    chosen: list[TrackPlace] = []
    start = places[0]
    for index in range(1, count + 1):
        candidate = places[round(index * (len(places) - 1) / (count + 1))]
        near = [start, *chosen]
        if all(distance_m(candidate, other) >= apart_m for other in near):
            chosen.append(candidate)
    if not chosen:
        farthest = max(places, key=lambda place: distance_m(start, place))
        chosen.append(farthest)
    return chosen


def distance_m(one: TrackPlace, other: TrackPlace) -> float:
    return float(geodesic((one.lat, one.lon), (other.lat, other.lon)).m)
