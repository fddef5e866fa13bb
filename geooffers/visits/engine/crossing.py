"""Which fences a phone drove through between two fixes that are both outside. Plain Python.

The way between them is taken for straight on the map, as the edges of a polygon are. It is recorded, and brings
nothing: nobody knows the road. So it has to be fast, and short in time; what stands or strolls is left to the fixes.
"""

import functools
import math
from collections.abc import Callable

import shapely

from geooffers.matching import earth, shapes
from geooffers.matching.areas import Area, Circle, Polygon
from geooffers.matching.index import Index
from geooffers.visits.engine import evidence, plausibility
from geooffers.visits.engine.local_projection import Ground
from geooffers.visits.engine.plausibility import PlaceSeen
from geooffers.visits.engine.sighting import FenceKnown
from geooffers.visits.engine.timeline import Crosses
from geooffers.visits.engine.transition_events import Crossing
from geooffers.visits.engine.tuning import DRIVE_BY

# No straight line is believed across more than this.
GAP_MS = 120_000
# Shorter ways show nothing that the fixes at their ends do not.
LEAST_M = 50.0
# How surely the deepest point of the way is inside.
CERTAIN_FROM = 0.8
# A town has not more along two minutes of road; the nearest to the middle of the way are taken.
MOST_FENCES = 50


def among(*, index: Index, fence: Callable[[int], FenceKnown | None]) -> Crosses:
    """For `transitions.walk`. `fence` as in `seeing.see`."""
    return functools.partial(crossings, index=index, fence=fence)


def crossings(
    before: PlaceSeen, after: PlaceSeen, *, index: Index, fence: Callable[[int], FenceKnown | None]
) -> list[Crossing]:
    """Drive-by fences alone: at a walk-in fence, driving by is no visit."""
    passed_ms = after.at_ms - before.at_ms
    if not plausibility.SHORTEST_MS <= passed_ms <= GAP_MS:
        return []
    length_m = plausibility.apart_m(before, after)
    if length_m < LEAST_M or not DRIVE_BY.gate_mps < length_m / passed_ms * 1000 <= plausibility.GROUND_MPS:
        return []

    def counts(fence_id: int) -> bool:
        known = fence(fence_id) if fence_id >= 0 else None
        return known is not None and known.is_drive_by

    way = _Way(before, after)
    lat, lon = way.at(0.5)
    found = []
    # What the way meets begins no farther from its middle than an end.
    for near in index.nearest(lat=lat, lon=lon, limit=MOST_FENCES, at_most_m=length_m / 2 + 1, counts=counts):
        area, known = index.area(near.fence), fence(near.fence)
        met = None if area is None else way.within(area)
        if area is None or known is None or met is None:
            continue
        first, deepest = met
        lat, lon = way.at(deepest)
        accuracy_m = math.hypot((1 - deepest) * before.accuracy_m, deepest * after.accuracy_m)
        depth_m = shapes.shape_of(area).depth_m(earth.here(lat=lat, lon=lon))
        certainty = evidence.inside(distance_m=depth_m, accuracy_m=accuracy_m, size_m=known.size_m)
        # As far as from the deepest point to where it came in: it was somewhere on that way, at an unknown time.
        reach_m = accuracy_m + (deepest - first) * length_m
        if certainty < CERTAIN_FROM or any(
            zone.fence < 0 for zone in index.match_one(lat=lat, lon=lon, accuracy_m=reach_m)
        ):
            continue
        at_ms = before.at_ms + round(first * passed_ms)
        found.append(Crossing(fence=near.fence, at_ms=at_ms, certainty=certainty))
    return sorted(found, key=lambda one: (one.at_ms, one.fence))


class _Way:
    """From one place to the next. Points on it are shares of the way, 0 to 1."""

    def __init__(self, before: PlaceSeen, after: PlaceSeen) -> None:
        self._lat, self._lon = before.lat, before.lon
        self._north = after.lat - before.lat
        # The short way round.
        self._east = (after.lon - before.lon + 180) % 360 - 180

    def at(self, share: float) -> tuple[float, float]:
        """(latitude, longitude)."""
        lon = self._lon + share * self._east
        return self._lat + share * self._north, (lon + 180) % 360 - 180

    def within(self, area: Area) -> tuple[float, float] | None:
        """Where it enters, and where it is deepest or nearly so. None where it stays outside."""
        return self._within_circle(area) if isinstance(area, Circle) else self._within_polygon(area)

    def _within_circle(self, circle: Circle) -> tuple[float, float] | None:
        ground = Ground(lat=circle.lat, lon=circle.lon)
        x, y = ground.x_m(self._lon), ground.y_m(self._lat)
        across, up = ground.x_m(circle.lon + self._east), ground.y_m(circle.lat + self._north)
        length2 = across * across + up * up
        nearest = -(x * across + y * up) / length2
        half2 = (circle.radius_m**2 - (x + nearest * across) ** 2 - (y + nearest * up) ** 2) / length2
        if not 0 < nearest < 1 or half2 <= 0:
            return None
        return max(nearest - math.sqrt(half2), 0.0), nearest

    def _within_polygon(self, polygon: Polygon) -> tuple[float, float] | None:
        pieces = []
        for part in polygon.parts:
            shape = shapely.Polygon(part[0], part[1:])
            for turn in earth.TURNS:
                lon = self._lon + turn
                line = shapely.LineString([(lon, self._lat), (lon + self._east, self._lat + self._north)])
                for piece in shapely.get_parts(line.intersection(shape)):
                    if isinstance(piece, shapely.LineString) and not piece.is_empty:
                        ends = (shapely.Point(piece.coords[0]), shapely.Point(piece.coords[-1]))
                        pieces.append(sorted(line.project(end, normalized=True) for end in ends))
        if not pieces:
            return None
        first, last = max(pieces, key=lambda piece: piece[1] - piece[0])
        return first, (first + last) / 2
