"""A made-up phone: its fixes on the way into a fence and out again.

Plain Python, and drawn on a sheet of paper around the fence: what is inside, matching says afterwards. Nobody runs
faster than the manner says and no two fixes lie farther apart than a phone's usually do, but a very large fence is
crossed with the same few fixes as a small one.
"""

import enum
import itertools
import math
from dataclasses import dataclass

import shapely

from geooffers.matching.areas import Area, Circle
from geooffers.visits.engine.local_projection import Ground
from merchants.fences.geometry.measures import center, side_by_side

ACCURACY_M = 10.0
# So many fixes on the way, and so many while somebody stays, at most.
MOST_ON_THE_WAY = 36
STAY_FIXES = 12
LONGEST_PAUSE_S = 840.0


class Manner(enum.StrEnum):
    ON_FOOT = "on_foot"
    DRIVES_BY = "drives_by"
    STAYS = "stays"


@dataclass(frozen=True, kw_only=True)
class WalkStep:
    """One fix, so many seconds after the first."""

    after_s: float
    lat: float
    lon: float
    accuracy_m: float
    speed_mps: float


@dataclass(frozen=True, kw_only=True)
class _Pace:
    speed_mps: float
    fix_every_s: float
    # How far within the boundary it goes, and how far beyond it begins and ends.
    deep_m: float
    beyond_m: float


_ON_FOOT = _Pace(speed_mps=1.4, fix_every_s=15, deep_m=80, beyond_m=100)
_DRIVING = _Pace(speed_mps=14, fix_every_s=5, deep_m=60, beyond_m=220)

_Point = tuple[float, float]


def walk(*, area: Area, manner: Manner, bearing_deg: float, dwell_s: int) -> tuple[WalkStep, ...]:
    """From the side of the bearing. Who stays does so for a little longer than `dwell_s`."""
    lon, lat = center(area)
    ground = Ground(lat=lat, lon=lon)
    shape = _on_paper(area, ground)
    middle = _deepest(shape)
    pace = _DRIVING if manner is Manner.DRIVES_BY else _ON_FOOT
    beyond_m = pace.beyond_m + 0.01 * math.sqrt(shape.area / math.pi)  # what the paper may err
    first, last = _crossings(shape, middle, bearing_deg)
    stop = _along(middle, bearing_deg, max(first - pace.deep_m, 0.0))
    if manner is Manner.DRIVES_BY:
        _, left = _crossings(shape, stop, bearing_deg + 90)
        _, right = _crossings(shape, stop, bearing_deg - 90)
        way = [_along(stop, bearing_deg + 90, left + beyond_m), _along(stop, bearing_deg - 90, right + beyond_m)]
        return _steps(ground, [way], pace=pace, pause_s=0, pauses=0)
    begin = _along(middle, bearing_deg, last + beyond_m)
    _, back = _crossings(shape, stop, bearing_deg + 35)
    end = _along(stop, bearing_deg + 35, back + beyond_m)
    pause_s = 90.0 if manner is Manner.ON_FOOT else 1.05 * dwell_s + 60
    pauses = 3 if manner is Manner.ON_FOOT else max(STAY_FIXES, math.ceil(pause_s / LONGEST_PAUSE_S))
    return _steps(ground, [[begin, stop], [stop, end]], pace=pace, pause_s=pause_s, pauses=pauses)


def _steps(
    ground: Ground, ways: list[list[_Point]], *, pace: _Pace, pause_s: float, pauses: int
) -> tuple[WalkStep, ...]:
    """Along the first way, a pause where it ends, and along the second."""
    every_s = max(pace.fix_every_s, sum(_length(way) for way in ways) / pace.speed_mps / MOST_ON_THE_WAY)
    steps: list[WalkStep] = []
    at_s = 0.0

    def add(place: _Point, speed_mps: float) -> None:
        lat, lon = ground.place(x_m=place[0], y_m=place[1])
        steps.append(WalkStep(after_s=round(at_s), lat=lat, lon=lon, accuracy_m=ACCURACY_M, speed_mps=speed_mps))

    for number, way in enumerate(ways):
        count = max(2, math.ceil(_length(way) / (every_s * pace.speed_mps)))
        leg_s = _length(way) / pace.speed_mps / count
        for part in range(count + 1):
            if part or not steps:
                add(_between(way[0], way[1], part / count), pace.speed_mps)
            if part < count:
                at_s += leg_s
        if number == 0:
            for pause in range(pauses):
                at_s += pause_s / pauses
                # No receiver says the same twice.
                add((way[1][0] + 3 * math.sin(2.4 * pause), way[1][1] + 3 * math.cos(2.4 * pause)), 0.2)
    return tuple(steps)


def _on_paper(area: Area, ground: Ground) -> shapely.MultiPolygon:
    if isinstance(area, Circle):
        around = shapely.Point(0, 0).buffer(area.radius_m, quad_segs=32)
        return shapely.MultiPolygon([around])
    parts = [
        shapely.Polygon(ground.ring(part[0]), [ground.ring(hole) for hole in part[1:]]) for part in side_by_side(area)
    ]
    return shapely.MultiPolygon(parts)


def _deepest(shape: shapely.MultiPolygon) -> _Point:
    largest = max(shape.geoms, key=lambda part: part.area)
    circle = shapely.maximum_inscribed_circle(largest, tolerance=max(math.sqrt(largest.area) / 100, 0.5))
    return circle.coords[0][0], circle.coords[0][1]


def _crossings(shape: shapely.MultiPolygon, start: _Point, bearing_deg: float) -> tuple[float, float]:
    """How far from a place inside the boundary is first and last met, in this direction."""
    west, south, east, north = shape.bounds
    far = _along(start, bearing_deg, 2 * math.dist((west, south), (east, north)))
    met = shape.boundary.intersection(shapely.LineString([start, far]))
    places = [place for part in getattr(met, "geoms", [met]) for place in part.coords]
    distances = [math.dist(start, place) for place in places] or [0.0]
    return min(distances), max(distances)


def _along(start: _Point, bearing_deg: float, distance_m: float) -> _Point:
    angle = math.radians(bearing_deg)
    return start[0] + distance_m * math.sin(angle), start[1] + distance_m * math.cos(angle)


def _between(one: _Point, other: _Point, share: float) -> _Point:
    return one[0] + share * (other[0] - one[0]), one[1] + share * (other[1] - one[1])


def _length(way: list[_Point]) -> float:
    return sum(math.dist(one, other) for one, other in itertools.pairwise(way))
