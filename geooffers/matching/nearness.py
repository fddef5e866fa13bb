"""Which fences begin near a place, and how near the nearest boundary is: what phones are told to watch, and how far
they may move.

Measuring one polygon costs more than a hundred comparisons of numbers. So candidates are ordered by a distance that is
surely not too long, and measured from the nearest on until the next cannot be nearer than what was found. Of a polygon
only the edges within reach are measured.

Which fences are candidates is told by clusters of them: those that end nearest say how far one has to look, and what
begins farther is not looked at.
"""

import bisect
import itertools
import math
from collections.abc import Callable, Container, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from geooffers.matching import clusters, earth, outlines, slabs
from geooffers.matching.layer import Layer
from geooffers.matching.outlines import Reach
from geooffers.matching.polygons import NANOMETRE
from geooffers.matching.touching import Layers

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Counts = Callable[[int], bool]

# So many clusters say first how far one has to look; when too few of their fences count, so many times as many.
FIRST_CLUSTERS, MORE_CLUSTERS = 12, 8
# How far around a place a polygon is measured first, then so many times as far, and so on.
FIRST_REACH_M, FARTHER = 500.0, 4.0
# The same for the nearest boundary alone, which in a town is not far.
NEAREST_REACH_M = 100.0

# A measured distance is right to 2 cm and half a percent.
SURELY_SHARE, SURELY_M = 0.99, 0.1


def fences(
    layers: Layers, here: earth.Here, *, limit: int, at_most_m: float, counts: Counts
) -> list[tuple[float, int]]:
    """(distance, id) of the fences that begin nearest, ordered; 0 for those that the place is in."""
    found: dict[int, float] = {}
    for layer, hidden in layers:
        inside = [layer.id_of(each) for each in layer.inside(lat=here.lat, lon=here.lon) if each not in hidden]
        found |= {fence_id: 0.0 for fence_id in inside if counts(fence_id)}
    if len(found) < limit:
        _add_outside(layers, here, limit=limit, at_most_m=at_most_m, counts=counts, found=found)
    return sorted((distance, fence_id) for fence_id, distance in found.items())[:limit]


def _add_outside(
    layers: Layers, here: earth.Here, *, limit: int, at_most_m: float, counts: Counts, found: dict[int, float]
) -> None:
    """The nearest `limit` and whatever is as near, of all that begin within `at_most_m`."""
    balls = [clusters.at_least_m(layer.base.cluster_balls, here) for layer, _ in layers]
    wanted = limit - len(found)
    enough_m = _enough_within_m(layers, balls, here, wanted=wanted, counts=counts, found=found)
    reaches = Reaches(here, at_most_m=at_most_m)
    nearest = sorted(found.values())
    for at_least, layer, number in _candidates(layers, balls, here, within_m=min(enough_m, at_most_m)):
        last = min(nearest[limit - 1] if len(nearest) >= limit else math.inf, at_most_m)
        if at_least > last:
            return
        fence_id = layer.id_of(number)
        if fence_id in found or not counts(fence_id):
            continue
        distance = distance_m(layer, number, here, at_least=at_least, reaches=reaches)
        if distance <= last:
            found[fence_id] = distance
            bisect.insort(nearest, distance)


def _enough_within_m(
    layers: Layers,
    balls: Sequence[Floats],
    here: earth.Here,
    *,
    wanted: int,
    counts: Counts,
    found: Container[int],
) -> float:
    """So far from here so many fences surely begin, besides those that are found. Infinite: there are not so many.

    Looked for in the clusters that end nearest; in more of them while too few of their fences count.
    """
    looked_at = FIRST_CLUSTERS
    while True:
        at_most: list[float] = []
        for (layer, hidden), ball in zip(layers, balls, strict=True):
            ends = ball + 2 * layer.base.cluster_balls[:, 3]
            first = np.argpartition(ends, looked_at)[:looked_at] if len(ends) > looked_at else np.arange(len(ends))
            numbers = clusters.members_of(layer.base.cluster_members, first)
            distances = _at_most_m(layer, numbers, here)
            order = np.argsort(distances)
            counted = (
                distance
                for distance, number in zip(distances[order].tolist(), numbers[order].tolist(), strict=True)
                if number not in hidden and (fence_id := layer.id_of(number)) not in found and counts(fence_id)
            )
            at_most += itertools.islice(counted, wanted)
        if len(at_most) >= wanted:
            return sorted(at_most)[wanted - 1]
        if looked_at >= max(map(len, balls), default=0):
            return math.inf
        looked_at *= MORE_CLUSTERS


def _candidates(
    layers: Layers, balls: Sequence[Floats], here: earth.Here, *, within_m: float
) -> list[tuple[float, Layer, int]]:
    """Whatever may begin within the distance, by how far it surely is."""
    candidates = []
    for (layer, hidden), ball in zip(layers, balls, strict=True):
        near = np.flatnonzero(ball * SURELY_SHARE - SURELY_M <= within_m)
        numbers = clusters.members_of(layer.base.cluster_members, near)
        at_least = at_least_m(layer, numbers, here, within_m=within_m)
        close = at_least <= within_m
        pairs = zip(at_least[close].tolist(), numbers[close].tolist(), strict=True)
        candidates += [(distance, layer, number) for distance, number in pairs if number not in hidden]
    return sorted(candidates, key=lambda one: one[0])


def _at_most_m(layer: Layer, numbers: Ints, here: earth.Here) -> Floats:
    """No farther do these fences begin: a circle's rim, and of a polygon the first vertex."""
    base = layer.base
    circles = numbers < layer.circles
    polygons = numbers[~circles] - layer.circles
    first = base.vertices[base.polygons[polygons, slabs.FIRST_VERTEX].astype(np.intp)]
    points = np.empty((len(numbers), 3))
    points[circles] = base.circles[numbers[circles], :3]
    points[~circles] = earth.in_space(lat=first[:, 1], lon=first[:, 0])
    straight = np.sqrt(((points - np.array([here.x, here.y, here.z])) ** 2).sum(axis=1))
    # The arc of the smallest sphere over a straight line is longer than that of any larger one.
    across = 2 * earth.SMALLEST_CURVATURE_M
    at_most: Floats = across * np.arcsin(np.minimum(straight / across, 1.0)) / SURELY_SHARE + SURELY_M
    at_most[circles] -= base.circle_areas[numbers[circles], 2]
    return at_most


def at_least_m(layer: Layer, numbers: Ints, here: earth.Here, *, within_m: float) -> Floats:
    """(k,) numbers of fences to (k,) metres that each is away at least; beyond `within_m` only that it is."""
    circles = numbers < layer.circles
    distances = np.zeros(len(numbers))
    distances[circles] = _circles_at_least_m(layer, numbers[circles], here)
    distances[~circles] = _boxes_at_least_m(layer, numbers[~circles] - layer.circles, here, within_m=within_m)
    return distances


def _circles_at_least_m(layer: Layer, circles: Ints, here: earth.Here) -> Floats:
    """(k,), in metres: no way along the ground is shorter than the straight one through the earth."""
    centres = layer.base.circles.reshape(-1, 4)[circles, :3]
    straight = np.sqrt(((centres - np.array([here.x, here.y, here.z])) ** 2).sum(axis=1))
    at_least: Floats = np.maximum(straight - layer.base.circle_areas[circles, 2], 0.0) * SURELY_SHARE - SURELY_M
    return at_least


def _boxes_at_least_m(layer: Layer, polygons: Ints, here: earth.Here, *, within_m: float) -> Floats:
    """(k,), in metres: as far as the nearest parallel of the polygon's box, or as the nearest meridian."""
    records = layer.base.polygons[polygons]
    south, north = records[:, slabs.SOUTH], records[:, slabs.NORTH]
    up = np.maximum(np.maximum(south - here.lat, here.lat - north), 0.0)
    at_least: Floats = np.radians(up) * earth.SMALLEST_CURVATURE_M * SURELY_SHARE - SURELY_M
    near = np.flatnonzero(at_least <= within_m)
    west, east = records[near, slabs.WEST], records[near, slabs.EAST]
    aside = np.abs((here.lon - (west + east) / 2 + 180) % 360 - 180) - (east - west) / 2
    aside = np.clip(aside, 0.0, 90.0)
    to_meridian = np.arcsin(np.cos(np.radians(here.lat)) * np.sin(np.radians(aside))) * earth.MEAN_RADIUS_M
    at_least[near] = np.maximum(at_least[near], to_meridian * SURELY_SHARE - SURELY_M)
    return at_least


class Reaches:
    """Around one place, each so many times as far as the one before, up to `at_most_m`; made when first asked for."""

    def __init__(self, here: earth.Here, *, at_most_m: float) -> None:
        self._here, self._at_most_m = here, at_most_m
        self._made: list[Reach] = []

    def __iter__(self) -> Iterator[Reach]:
        yield from self._made
        while not self._made or self._made[-1].radius_m < self._at_most_m:
            radius_m = FIRST_REACH_M if not self._made else self._made[-1].radius_m * FARTHER
            self._made.append(outlines.reach(self._here, min(radius_m, self._at_most_m)))
            yield self._made[-1]


def distance_m(layer: Layer, number: int, here: earth.Here, *, at_least: float, reaches: Reaches) -> float:
    """Of a fence that the place is not in; infinite when it is farther than the largest reach.

    The first reach that holds something of it measures it, whatever else there is: so no distance depends on what was
    looked at before.
    """
    if number < layer.circles:
        return -layer.circle_depth_m(number, here, within_m=math.inf)
    for reach in reaches:
        if at_least > reach.radius_m:
            continue
        distance = layer.outlines.nearest_m(number - layer.circles, reach)
        if distance is None:
            return -layer.depth_m(number, here)
        if distance <= reach.radius_m:
            return max(distance, NANOMETRE)
    return math.inf


def clearance_m(layers: Layers, here: earth.Here, *, at_most_m: float, counts: Counts, beyond_m: float = 0.0) -> float:
    """How far the nearest boundary is, `at_most_m` at most. None is nearer than `beyond_m`."""
    reach_m = min(max(NEAREST_REACH_M, beyond_m * FARTHER), at_most_m)
    while True:
        within = outlines.reach(here, reach_m)
        nearest = min((_boundary_m(layer, hidden, within, counts) for layer, hidden in layers), default=math.inf)
        if nearest <= reach_m or reach_m >= at_most_m:
            return min(nearest, at_most_m)
        # What was found beyond the reach is no farther than it was measured, so no look goes beyond that.
        reach_m = min(reach_m * FARTHER, nearest, at_most_m)


def _boundary_m(layer: Layer, hidden: frozenset[int], within: Reach, counts: Counts) -> float:
    """Right when it is within the reach; else it is only said to be farther.

    Circles first, which cost little, then polygons from the nearest box on, and no farther than what was found.
    """
    here, circles, outlines_ = within.here, layer.circles, layer.outlines
    nearest = math.inf
    polygons = []
    for number in layer.near(within).crossed:
        if number in hidden or not counts(layer.id_of(number)):
            continue
        if number < circles:
            nearest = min(nearest, abs(layer.circle_depth_m(number, here, within_m=within.radius_m)))
        else:
            polygons.append((outlines_.at_least_m(number - circles, within), number))
    polygons.sort()
    for at_least, number in polygons:
        if at_least > nearest:
            break
        if nearest < within.radius_m:
            within = outlines.reach(here, nearest)
        distance = outlines_.nearest_m(number - circles, within)
        nearest = min(nearest, abs(layer.depth_m(number, here)) if distance is None else distance)
    return nearest
