"""Many positions at once: the compiled kernel where Numba is installed, the plain steps one by one where it is not."""

import importlib.util
import sys

import numpy as np
import shapely

from geooffers.matching import base as bases
from geooffers.matching import cells, earth
from geooffers.matching.columns import Floats, Ints
from geooffers.matching.layer import Layer

# Loading Numba takes half a second, once in a process; a batch below this is answered sooner without it.
WORTH_LOADING = 20_000
# The compiled kernel's fixed cost is that of a few positions.
WORTH_CALLING = 20

# Where the arrays are larger than the processor's caches, neighbours are asked one after another: that costs a sort and
# saves most of the waiting.
SORTED_FROM_BYTES = 32_000_000
SORTED_FROM = 10_000
AT_ONCE = 1 << 20

Pairs = tuple[Ints, Ints]
"""Positions' places in the arrays that were asked about, and fences' numbers, (pairs,) each, in no particular order."""


def has_kernel() -> bool:
    return importlib.util.find_spec("numba") is not None


def inside(layer: Layer, *, lat: Floats, lon: Floats) -> Pairs:
    """`lat` -90..90 and `lon` -180..180, (positions,) each."""
    loaded = "geooffers.matching.kernel" in sys.modules
    if len(lat) >= (WORTH_CALLING if loaded else WORTH_LOADING) and has_kernel():
        return inside_by_kernel(layer, lat=lat, lon=lon)
    return inside_one_by_one(layer, lat=lat, lon=lon)


def inside_one_by_one(layer: Layer, *, lat: Floats, lon: Floats) -> Pairs:
    points: list[int] = []
    numbers: list[int] = []
    for point, (one_lat, one_lon) in enumerate(zip(lat.tolist(), lon.tolist(), strict=True)):
        for number in layer.inside(lat=one_lat, lon=one_lon):
            points.append(point)
            numbers.append(number)
    return np.array(points, dtype=np.int64), np.array(numbers, dtype=np.int64)


def inside_by_kernel(
    layer: Layer, *, lat: Floats, lon: Floats, along_curve: bool | None = None, at_once: int = AT_ONCE
) -> Pairs:
    lat, lon = np.ascontiguousarray(lat), np.ascontiguousarray(lon)
    if along_curve is None:
        large = layer.base.vertices.nbytes + layer.base.slots.nbytes >= SORTED_FROM_BYTES
        along_curve = large and len(lat) >= SORTED_FROM
    if not along_curve:
        return _by_kernel(layer, lat, lon)
    found = []
    for begin in range(0, len(lat), at_once):
        here = slice(begin, begin + at_once)
        order = cells.along_curve(lat[here], lon[here]) + begin
        points, numbers = _by_kernel(layer, lat[order], lon[order])
        found.append((order[points], numbers))
    return _joined(found)


def _by_kernel(layer: Layer, lat: Floats, lon: Floats) -> Pairs:
    from geooffers.matching import kernel

    base = layer.base
    arrays = (
        cells.NARROWING, base.there, base.slots, base.entries, base.table_shape, base.circles.reshape(-1),
        base.polygons.reshape(-1), base.slab_begins, base.slab_edges, base.vertices.reshape(-1),
    )  # fmt: skip
    room = max(2 * len(lat), 8 * kernel.CANDIDATES)
    found: list[Pairs] = []
    begin = 0
    while begin < len(lat):
        out = [np.empty(room, dtype=np.int64) for _ in range(4)]
        reached, pairs, opens = kernel.inside(lat, lon, begin, *arrays, *out)
        if reached == begin:
            # A single batch found more than there was room for.
            room *= 2
            continue
        begin = reached
        found.append((out[0][:pairs], out[1][:pairs]))
        if opens:
            found.append(_settled(layer, lat, lon, out[2][:opens], out[3][:opens]))
    return _joined(found)


def _joined(found: list[Pairs]) -> Pairs:
    if len(found) == 1:
        return found[0]
    none: Ints = np.empty(0, dtype=np.int64)
    return np.concatenate([none, *(points for points, _ in found)]), np.concatenate(
        [none, *(numbers for _, numbers in found)]
    )


def _settled(layer: Layer, lat: Floats, lon: Floats, points: Ints, numbers: Ints) -> Pairs:
    """What the cheap decisions leave open, all at once: the geodesic, and shapely on the vertices as they came."""
    inside = np.zeros(len(points), dtype=bool)
    round_ones = numbers < layer.circles
    areas = layer.base.circle_areas[numbers[round_ones]]
    at = points[round_ones]
    _, _, metres = earth.ellipsoid().inv(lon[at], lat[at], areas[:, 1], areas[:, 0])
    inside[round_ones] = metres <= areas[:, 2]
    polygons, which = np.unique(numbers[~round_ones] - layer.circles, return_inverse=True)
    shapes = bases.geometries(layer.base.columns, polygons)
    # Prepared ones count edges, as we do; others would judge overlapping rings in another way.
    shapely.prepare(shapes)
    shapes = shapes[which]
    at = points[~round_ones]
    bounds = shapely.bounds(shapes).reshape(-1, 4)
    for turn in earth.TURNS:
        turned = lon[at] + turn
        # Outside of the box nothing is asked, as for single positions.
        boxed = (bounds[:, 0] <= turned) & (turned <= bounds[:, 2])
        inside[np.flatnonzero(~round_ones)[boxed]] |= shapely.intersects_xy(
            shapes[boxed], turned[boxed], lat[at][boxed]
        )
    return points[inside], numbers[inside]
