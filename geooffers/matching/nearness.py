"""Which fences begin near a place, and how near the nearest boundary is: what phones are told to watch, and how far
they may move.

Measuring one polygon costs more than a hundred comparisons of numbers. So candidates are ordered by a distance that is
surely not too long, and measured from the nearest on until the next cannot be nearer than what was found. Of a polygon
only the edges within reach are measured.
"""

import bisect
import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from geooffers.matching import earth, outlines, slabs
from geooffers.matching.layer import Layer
from geooffers.matching.outlines import Reach
from geooffers.matching.polygons import NANOMETRE
from geooffers.matching.touching import Layers

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Counts = Callable[[int], bool]

# What is asked around a place first, then so many times as far, and so on.
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
    reach = min(FIRST_REACH_M, at_most_m)
    while len(found) < limit or max(sorted(found.values())[:limit], default=0.0) > reach:
        _add_within(layers, here, reach_m=reach, limit=limit, counts=counts, found=found)
        if reach >= at_most_m:
            break
        reach = min(reach * FARTHER, at_most_m)
    return sorted((distance, fence_id) for fence_id, distance in found.items())[:limit]


def _add_within(
    layers: Layers, here: earth.Here, *, reach_m: float, limit: int, counts: Counts, found: dict[int, float]
) -> None:
    """All that begin within the reach, or of these the nearest `limit` and whatever is as near."""
    nearest = sorted(found.values())[:limit]
    # One reach for all, so that what is measured does not depend on the order of looking.
    within_reach = outlines.reach(here, reach_m)
    candidates = sorted(_candidates(layers, within_reach), key=lambda one: one[0])
    for at_least, layer, number in candidates:
        last = nearest[limit - 1] if len(nearest) >= limit else math.inf
        within = min(reach_m, last)
        if at_least > within:
            return
        fence_id = layer.id_of(number)
        if fence_id in found or not counts(fence_id):
            continue
        distance = _distance_m(layer, number, within_reach)
        if distance <= within:
            found[fence_id] = distance
            bisect.insort(nearest, distance)


def _candidates(layers: Layers, within: Reach) -> list[tuple[float, Layer, int]]:
    """What is all around has been found inside already."""
    candidates = []
    for layer, hidden in layers:
        numbers = np.array(layer.near(within).crossed, dtype=np.int64)
        at_least = at_least_m(layer, numbers, within.here)
        near = at_least <= within.radius_m
        pairs = zip(at_least[near].tolist(), numbers[near].tolist(), strict=True)
        candidates += [(distance, layer, number) for distance, number in pairs if number not in hidden]
    return candidates


def at_least_m(layer: Layer, numbers: Ints, here: earth.Here) -> Floats:
    """How far these fences surely are."""
    circles = numbers < layer.circles
    distances = np.zeros(len(numbers))
    distances[circles] = _circles_at_least_m(layer, numbers[circles], here)
    distances[~circles] = _boxes_at_least_m(layer, numbers[~circles] - layer.circles, here)
    return distances


def _circles_at_least_m(layer: Layer, circles: Ints, here: earth.Here) -> Floats:
    """No way along the ground is shorter than the straight one through the earth."""
    centres = layer.base.circles.reshape(-1, 4)[circles, :3]
    straight = np.sqrt(((centres - np.array([here.x, here.y, here.z])) ** 2).sum(axis=1))
    at_least: Floats = np.maximum(straight - layer.base.circle_areas[circles, 2], 0.0) * SURELY_SHARE - SURELY_M
    return at_least


def _boxes_at_least_m(layer: Layer, polygons: Ints, here: earth.Here) -> Floats:
    """As far as the nearest parallel of the polygon's box, or as the nearest meridian."""
    records = layer.base.polygons[polygons]
    south, north = records[:, slabs.SOUTH], records[:, slabs.NORTH]
    up = np.maximum(np.maximum(south - here.lat, here.lat - north), 0.0)
    west, east = records[:, slabs.WEST], records[:, slabs.EAST]
    aside = np.abs((here.lon - (west + east) / 2 + 180) % 360 - 180) - (east - west) / 2
    aside = np.clip(aside, 0.0, 90.0)
    to_meridian = np.arcsin(np.cos(np.radians(here.lat)) * np.sin(np.radians(aside))) * earth.MEAN_RADIUS_M
    to_parallel = np.radians(up) * earth.SMALLEST_CURVATURE_M
    at_least: Floats = np.maximum(to_meridian, to_parallel) * SURELY_SHARE - SURELY_M
    return at_least


def _distance_m(layer: Layer, number: int, within: Reach) -> float:
    """Of a fence that the place is not in; infinite, or anything beyond the reach, when it is farther."""
    if number < layer.circles:
        return -layer.circle_depth_m(number, within.here, within_m=within.radius_m)
    distance = layer.outlines.nearest_m(number - layer.circles, within)
    return -layer.depth_m(number, within.here) if distance is None else max(distance, NANOMETRE)


def clearance_m(layers: Layers, here: earth.Here, *, at_most_m: float, counts: Counts, beyond_m: float = 0.0) -> float:
    """How far the nearest boundary is, `at_most_m` at most. None is nearer than `beyond_m`."""
    reach_m = min(max(NEAREST_REACH_M, beyond_m * FARTHER), at_most_m)
    while True:
        within = outlines.reach(here, reach_m)
        nearest = min((_boundary_m(layer, hidden, within, counts) for layer, hidden in layers), default=math.inf)
        if nearest <= reach_m or reach_m >= at_most_m:
            return min(nearest, at_most_m)
        # What was found beyond the reach is no farther than it was measured, so nobody looks beyond that.
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
