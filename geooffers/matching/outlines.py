"""One polygon asked about one place in plain Python: on which side of its outline, and how far the nearest edge is.

Edges are straight in longitude and latitude, so they are straight on a map on which a degree of each is everywhere as
long as at the place. Within 25 km of it, up to latitude 45, distances on that map are right to half a percent; nearer
the poles within as much less as the tangent grows. What reaches farther, or over 180 degrees, is measured through space
(edges.py); a polygon that itself lies over 180 degrees or at a pole is asked as a whole.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from geooffers.matching import decisions, earth, slabs
from geooffers.matching.base import Base
from geooffers.matching.decisions import INSIDE, OUTSIDE
from geooffers.matching.edges import SHORTEST2, Boundary, distance_of_few_m

# Half a percent of the earth's radius, less something: so far the length of a degree may be off, times the tangent.
FLAT_UP_TO_M = 25_000.0
# Past this many edges in the slabs beside a place NumPy looks through them for those that are near.
EDGES_ONE_BY_ONE = 96

# Beyond what is flat, so far from a place and from the equator, edges are still chosen on a flat map.
CULLED_UP_TO_M, CULLED_UP_TO_DEG = 150_000.0, 80.0
# An outline no higher than this has one length of a degree.
LOW_DEG = 0.03
# By what share the radii of curvature change in a radian, at most.
CURVES = 0.0102
# Past this many edges NumPy measures them.
FEW_EDGES = 16

# A measured distance is right to 2 cm and half a percent; what is looked for lies a little farther.
FARTHER_SHARE, FARTHER_M = 1.01, 0.05

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Reach(NamedTuple):
    """How far is looked around a place, and the boxes that hold all of it. Where it is flat there is one box."""

    here: earth.Here
    radius_m: float
    boxes: list[earth.Box]
    flat: bool


def reach(here: earth.Here, radius_m: float) -> Reach:
    """What is measured to be within the radius lies in the boxes."""
    farther_m = radius_m * FARTHER_SHARE + FARTHER_M
    boxes = earth.boxes_around(lat=here.lat, lon=here.lon, radius_m=farther_m)
    flat = len(boxes) == 1 and farther_m * max(abs(here.z) / math.hypot(here.x, here.y), 1.0) <= FLAT_UP_TO_M
    return Reach(here, radius_m, boxes, flat)


class Outlines:
    """The polygons of a base. Numbers are counted from the first polygon on."""

    def __init__(self, base: Base) -> None:
        self._polygons = read(base.polygons)
        self._slab_begins = read(base.slab_begins)
        self._slab_edges = read(base.slab_edges)
        self._vertices = read(base.vertices)
        self._numbers = base.vertices.reshape(-1)
        self._base = base

    def side(self, number: int, *, lat: float, lon: float) -> int:
        """INSIDE, OUTSIDE, or OPEN: too close to say."""
        west, south, east, north, per_degree, first_slab, last_slab, first = self._polygons[8 * number : 8 * number + 8]
        if not south <= lat <= north:
            return OUTSIDE
        # The same place under each longitude that the polygon may know it by: 180 and -180, -170 and 190.
        turns = (lon,) if west > -180 and east < 180 else tuple(lon + turn for turn in earth.TURNS)
        side = OUTSIDE
        for turned in turns:
            if west <= turned <= east:
                slab = int(first_slab) + min(int((lat - south) * per_degree), int(last_slab))
                begin, end = self._slab_begins[slab], self._slab_begins[slab + 1]
                says = decisions.in_slab(self._vertices, self._slab_edges, int(first), begin, end, turned, lat)
                if says == INSIDE:
                    return INSIDE
                side = side or says
        return side

    def nearest_m(self, number: int, reach: Reach) -> float | None:
        """How far the nearest edge is. Infinite: none lies within the reach; what lies beyond it may be told and may be
        missed. None: the whole shape is to be asked.
        """
        record = self._polygons[8 * number : 8 * number + 8]
        west, south, east, north = record[:4]
        if west <= -180 or east >= 180 or south <= -90 or north >= 90:
            return None
        if not reach.flat:
            return self._measured_in_space(record, reach)
        here, _, (box,), _ = reach
        left, low, right, high = box
        if north < low or south > high or east < left or west > right:
            return math.inf
        begin, end = self._edges_between(record, low, high)
        vertex = int(record[slabs.FIRST_VERTEX])
        if end - begin > EDGES_ONE_BY_ONE:
            return self._nearest_of(vertex, begin, end, here)
        vertices, lat, lon = self._vertices, here.lat, here.lon
        north_m, east_m = here.north_m, here.east_m
        best = math.inf
        for each in self._slab_edges[begin:end]:
            at = 2 * (vertex + each)
            from_lon, to_lon = vertices[at], vertices[at + 2]
            if (from_lon < left and to_lon < left) or (from_lon > right and to_lon > right):
                continue
            from_lat, to_lat = vertices[at + 1], vertices[at + 3]
            if (from_lat < low and to_lat < low) or (from_lat > high and to_lat > high):
                continue
            x, y = (from_lon - lon) * east_m, (from_lat - lat) * north_m
            along, up = (to_lon - from_lon) * east_m, (to_lat - from_lat) * north_m
            length2 = along * along + up * up
            if length2 > SHORTEST2:
                share = -(x * along + y * up) / length2
                if share > 0:
                    if share > 1:
                        share = 1.0
                    x += share * along
                    y += share * up
            away2 = x * x + y * y
            if away2 < best:
                best = away2
        return math.sqrt(best)

    def at_least_m(self, number: int, reach: Reach) -> float:
        """How far the outline surely is: as far as its box."""
        west, south, east, north = self._polygons[8 * number : 8 * number + 4]
        if not reach.flat or west <= -180 or east >= 180:
            return 0.0
        here = reach.here
        up = max(south - here.lat, here.lat - north, 0.0) * here.north_m
        aside = max(west - here.lon, here.lon - east, 0.0) * here.east_m
        return math.hypot(up, aside)

    def _edges_between(self, record: Sequence[float], low: float, high: float) -> tuple[int, int]:
        """Where the edges of the slabs between two latitudes begin and end."""
        south, per_degree = record[slabs.SOUTH], record[slabs.PER_DEGREE]
        first, last = int(record[slabs.FIRST_SLAB]), int(record[slabs.LAST_SLAB])
        lowest = min(max(int((low - south) * per_degree), 0), last)
        highest = min(int((high - south) * per_degree), last)
        return self._slab_begins[first + lowest], self._slab_begins[first + highest + 1]

    def _nearest_of(self, vertex: int, begin: int, end: int, here: earth.Here) -> float:
        """The same steps for many edges at once; one that runs through several slabs comes as often."""
        at = self._base.slab_edges[begin:end].astype(np.intp)
        at += vertex
        at *= 2
        return math.sqrt(self._away2(at, here, east_m=here.east_m).min())

    def _away2(self, at: npt.NDArray[np.intp], here: earth.Here, *, east_m: float | Floats) -> Floats:
        """Squared, on the flat map, of the edges whose first numbers stand at these places."""
        x, y = self._numbers.take(at), self._numbers.take(at + 1)
        along, up = self._numbers.take(at + 2), self._numbers.take(at + 3)
        along -= x
        up -= y
        along *= east_m
        up *= here.north_m
        x -= here.lon
        y -= here.lat
        x *= east_m
        y *= here.north_m
        # What is no longer than a place is not divided by.
        share = (x * along + y * up) / (along * along + up * up + SHORTEST2)
        np.maximum(share, -1.0, out=share)
        np.minimum(share, 0.0, out=share)
        x -= share * along
        y -= share * up
        away2: Floats = x * x + y * y
        return away2

    def _measured_in_space(self, record: Sequence[float], reach: Reach) -> float:
        if len(reach.boxes) == 1 and reach.radius_m <= CULLED_UP_TO_M:
            (box,) = reach.boxes
            if max(-box[1], box[3]) <= CULLED_UP_TO_DEG:
                return self._nearest_culled(record, reach, box)
        return self._measured_among_all(record, reach)

    def _nearest_culled(self, record: Sequence[float], reach: Reach, box: earth.Box) -> float:
        """The same of one box far from the poles: the flat map says which few edges may be the nearest.

        For the straight line through the earth a degree of longitude is as long as the geometric mean of what it is
        here and there, so on the map it is as long as that: one for a low outline, else one for each edge. `wrong`: the
        distance on the map is right to this share. An edge does not lie on its middle latitude alone; many degrees of
        longitude are no straight line; and the earth's radii of curvature change from the equator to a pole.
        """
        west, south, east, north = box
        if record[slabs.NORTH] < south or record[slabs.SOUTH] > north:
            return math.inf
        if record[slabs.EAST] < west or record[slabs.WEST] > east:
            return math.inf
        here, numbers = reach.here, self._numbers
        begin, end = self._edges_between(record, south, north)
        at = self._base.slab_edges[begin:end].astype(np.intp)
        at += int(record[slabs.FIRST_VERTEX])
        at *= 2
        low: float | Floats
        high: float | Floats
        low, high = max(record[slabs.SOUTH], south), min(record[slabs.NORTH], north)
        if high - low > LOW_DEG:
            low, high = numbers.take(at + 1), numbers.take(at + 3)
        middle = np.radians((low + high) / 2).clip(math.radians(south), math.radians(north))
        east_m = here.east_m * np.sqrt(np.cos(middle) / math.cos(math.radians(here.lat)))
        wrong = np.abs(high - low) * (math.radians(1 / 4) * math.tan(math.radians(max(-south, north))))
        wrong += math.radians(east - west) ** 2 / 96 + math.radians(north - south) * CURVES
        distance = np.sqrt(self._away2(at, here, east_m=east_m))
        within = min(float((distance * (1 + wrong)).min()), reach.radius_m * FARTHER_SHARE + FARTHER_M)
        near = set(at[distance * (1 - wrong) <= within].tolist())
        if not near:
            return math.inf
        vertices = self._vertices
        edges = [(vertices[at], vertices[at + 1], vertices[at + 2], vertices[at + 3]) for at in sorted(near)]
        return (
            distance_of_few_m(edges, here)
            if len(near) <= FEW_EDGES
            else Boundary.of_edges(np.array(edges)).distance_m(here)
        )

    def _measured_among_all(self, record: Sequence[float], reach: Reach) -> float:
        vertices, vertex = self._base.vertices, int(record[slabs.FIRST_VERTEX])
        ends: list[Floats] = [np.empty((0, 4))]
        for box in reach.boxes:
            west, south, east, north = box
            if record[slabs.NORTH] < south or record[slabs.SOUTH] > north:
                continue
            if record[slabs.EAST] < west or record[slabs.WEST] > east:
                continue
            begin, end = self._edges_between(record, south, north)
            at = np.unique(vertex + self._base.slab_edges[begin:end].astype(np.intp))
            start, stop = vertices[at], vertices[at + 1]
            least, most = np.minimum(start, stop), np.maximum(start, stop)
            near = (least[:, 0] <= east) & (most[:, 0] >= west) & (least[:, 1] <= north) & (most[:, 1] >= south)
            ends.append(np.hstack([start[near], stop[near]]))
        edges = np.concatenate(ends)
        return Boundary.of_edges(edges).distance_m(reach.here) if len(edges) else math.inf


def read(numbers: npt.NDArray[np.generic]) -> memoryview:
    """Number by number, as plain Python reads an array quickest."""
    return memoryview(np.ascontiguousarray(numbers).reshape(-1).data)
