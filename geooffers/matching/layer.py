"""One base, asked about single positions: plain Python over the mapped arrays.

A call of NumPy costs more than a whole answer here, so arrays are read as memoryviews, number by number. The same steps
for batches stand in kernel.py.
"""

import functools
import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from geooffers.matching import cells, covering, decisions, earth, slabs, table
from geooffers.matching.base import Base
from geooffers.matching.decisions import INSIDE, OPEN, OUTSIDE
from geooffers.matching.edges import Edge
from geooffers.matching.shapes import Shape, shape_of

# Shapes that were asked lately are kept: a polygon of two thousand vertices takes a fifth of a megabyte, a circle takes
# some hundred bytes.
POLYGONS_KEPT, CIRCLES_KEPT = 256, 4_096
# From so many cells on NumPy asks for all of a level at once.
CELLS_ONE_BY_ONE = 100
# Past this many cells, and more than one for so many fences, reading every fence's box is quicker.
CELLS_AT_MOST = 4_096
CELLS_A_FENCE = 4
# Past this many edges in the slabs beside a place, NumPy looks through them for those that are near.
EDGES_ONE_BY_ONE = 256

Ints = npt.NDArray[np.int64]

_MASK, _MIXER, _COLUMNS, _ROWS = cells.KEY_MASK, cells.MIXER, cells.COLUMNS, cells.ROWS
_PER_DEGREE = cells.PER_DEGREE
_NARROWING = cells.NARROWING.data
_EACH = tuple(
    (number << 33, shift, begin) for number, (shift, begin) in enumerate(zip(cells.SHIFTS, cells.BEGINS, strict=True))
)
# For each byte of the map: the levels that exist there.
_LEVELS = tuple(tuple(_EACH[number] for number in range(len(_EACH)) if bits >> number & 1) for bits in range(256))


class Layer:
    """Never changed once built, so any number of threads may ask it."""

    def __init__(self, base: Base) -> None:
        self.base = base
        self.circles = len(base.circle_areas)
        self._circles = _read(base.circles)
        self._polygons = _read(base.polygons)
        self._slab_begins = _read(base.slab_begins)
        self._slab_edges = _read(base.slab_edges)
        self._vertices = _read(base.vertices)
        self._slots = _read(base.slots)
        self._entries = _read(base.entries)
        self._there = _read(base.there)
        self._ids = _read(base.ids)
        self._homes, self._stride = base.table_shape.tolist()
        self._polygon_shape = functools.lru_cache(POLYGONS_KEPT)(self._made_shape)
        self._circle_shape = functools.lru_cache(CIRCLES_KEPT)(self._made_shape)

    def __len__(self) -> int:
        return len(self.base)

    def id_of(self, number: int) -> int:
        found: int = self._ids[number]
        return found

    def shape(self, number: int) -> Shape:
        return self._circle_shape(number) if number < self.circles else self._polygon_shape(number)

    def _made_shape(self, number: int) -> Shape:
        return shape_of(self.base.columns.area(number))

    def inside(self, *, lat: float, lon: float) -> list[int]:
        """The numbers of the fences that this place is in."""
        row, column = cells.row_of(lat), cells.column_of(lon)
        levels = _LEVELS[self._there[row >> 7 << 10 | column >> 7]]
        found: list[int] = []
        here = None
        circles, entries = self.circles, self._entries
        for number, shift, begin in levels:
            on_level = row >> shift
            key = (number | on_level << 17 | column >> shift + _NARROWING[begin + on_level]) * _MIXER & _MASK
            at = table.find(self._slots, self._stride, self._homes, key)
            entry = table.LAST if at < 0 else 0
            while not entry & table.LAST:
                entry = entries[at]
                at += 1
                fence = entry >> table.FENCE_SHIFT
                if entry & table.FULL:
                    found.append(fence)
                    continue
                if fence < circles:
                    if here is None:
                        here = earth.here(lat=lat, lon=lon)
                    side = decisions.in_circle(self._circles, 4 * fence, here.x, here.y, here.z)
                else:
                    side = self._in_polygon(fence - circles, lat, lon)
                if side == INSIDE or (side == OPEN and self.settled(fence, lat=lat, lon=lon)):
                    found.append(fence)
        return found

    def _in_polygon(self, number: int, lat: float, lon: float) -> int:
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

    def is_inside(self, number: int, *, lat: float, lon: float) -> bool:
        """Of one polygon."""
        side = self._in_polygon(number - self.circles, lat, lon)
        return side == INSIDE or (side == OPEN and self.settled(number, lat=lat, lon=lon))

    def may_touch_circle(self, number: int, here: earth.Here, accuracy_m: float) -> bool:
        """No place is nearer along the ground than straight through the earth."""
        x, y, z, line2 = self._circles[4 * number : 4 * number + 4]
        reach = (math.sqrt(line2) + accuracy_m) * 1.001 + 1
        away2 = (x - here.x) ** 2 + (y - here.y) ** 2 + (z - here.z) ** 2
        return away2 <= reach * reach or line2 > decisions.LARGEST_LINE2

    def rim_at_least_m(self, number: int, here: earth.Here) -> float:
        """How far from a circle's rim a place surely is: along straight lines through the earth it is not farther."""
        x, y, z, line2 = self._circles[4 * number : 4 * number + 4]
        if line2 > decisions.LARGEST_LINE2:
            return 0.0
        away = math.sqrt((x - here.x) ** 2 + (y - here.y) ** 2 + (z - here.z) ** 2)
        return 0.98 * abs(away - math.sqrt(line2)) - 1

    def settled(self, number: int, *, lat: float, lon: float) -> bool:
        """For what the cheap decisions leave open: the geodesic, or shapely on the vertices as they came."""
        return self.shape(number).covers(lat=lat, lon=lon)

    def meeting(self, boxes: list[earth.Box]) -> set[int]:
        """The numbers of the fences that may meet one of these boxes: all that do, and some that do not."""
        found: set[int] = set()
        for box in boxes:
            found.update(self._meeting(box))
        return found

    def _meeting(self, box: earth.Box) -> Iterable[int]:
        west, south, east, north = box
        low, high = cells.row_of(south), cells.row_of(north)
        first, last = int((west + 180.0) * _PER_DEGREE), min(int((east + 180.0) * _PER_DEGREE), _COLUMNS - 1)
        there = 0
        if (high >> 7) - (low >> 7) > 1 or (last >> 7) - (first >> 7) > 1:
            there = 255
        else:
            for row in (low, high):
                for column in (first, last):
                    there |= self._there[row >> 7 << 10 | column >> 7]
        count = ((high - low) + 1) * ((last - first) + 1)
        if count > max(CELLS_AT_MOST, len(self) // CELLS_A_FENCE) and there:
            return self._meeting_wide(box).tolist()  # type: ignore[no-any-return]  # of an array of integers
        rows, columns = (low, high), (first, last)
        return (
            self._meeting_many(rows, columns, there)
            if count > CELLS_ONE_BY_ONE
            else self._meeting_few(rows, columns, there)
        )

    def _meeting_few(self, rows: tuple[int, int], columns: tuple[int, int], there: int) -> Iterator[int]:
        for number, shift, begin in _LEVELS[there]:
            for row in range(rows[0] >> shift, (rows[1] >> shift) + 1):
                narrow = shift + _NARROWING[begin + row]
                for column in range(columns[0] >> narrow, (columns[1] >> narrow) + 1):
                    key = (number | row << 17 | column) * _MIXER & _MASK
                    at = table.find(self._slots, self._stride, self._homes, key)
                    entry = table.LAST if at < 0 else 0
                    while not entry & table.LAST:
                        entry = self._entries[at]
                        at += 1
                        yield entry >> table.FENCE_SHIFT

    def _meeting_many(self, rows: tuple[int, int], columns: tuple[int, int], there: int) -> list[int]:
        """The same, all cells of a level at once."""
        found: list[int] = []
        for number, shift, begin in _LEVELS[there]:
            row = np.arange(rows[0] >> shift, (rows[1] >> shift) + 1)
            narrow = shift + cells.NARROWING[begin + row].astype(np.int64)
            first, last = columns[0] >> narrow, columns[1] >> narrow
            which, step = covering.expanded(last - first + 1)
            key = (number | row[which] << 17 | first[which] + step).astype(np.uint64)
            at = table.find_all(self.base.slots, self._stride, self._homes, (key * np.uint64(_MIXER)).astype(np.int64))
            while len(at):
                entry = self.base.entries[at]
                found += (entry >> table.FENCE_SHIFT).tolist()
                at = at[entry & table.LAST == 0] + 1
        return found

    def _meeting_wide(self, box: earth.Box) -> Ints:
        """By every fence's box: for a reach of many kilometres, where cells would be many."""
        west, south, east, north = box
        records = self.base.polygons
        polygons = (records[:, slabs.SOUTH] <= north) & (records[:, slabs.NORTH] >= south)
        beside = np.zeros(len(records), dtype=bool)
        for turn in earth.TURNS:
            beside |= (records[:, slabs.WEST] <= east + turn) & (records[:, slabs.EAST] >= west + turn)
        areas = self.base.circle_areas
        up = np.degrees(areas[:, 2] / earth.SMALLEST_CURVATURE_M) + earth.SPARE_DEG
        circles = (areas[:, 0] - up <= north) & (areas[:, 0] + up >= south)
        if east - west < 360:
            farthest = np.minimum(np.abs(areas[:, 0]) + up, 90.0)
            with np.errstate(divide="ignore"):
                aside = np.degrees(areas[:, 2] / (earth.EQUATOR_M * np.cos(np.radians(farthest)))) + earth.SPARE_DEG
            aside[farthest >= 90] = 180
            middle, half = (west + east) / 2, (east - west) / 2
            apart = np.abs((areas[:, 1] - middle + 180) % 360 - 180)
            circles &= apart <= aside + half + earth.SPARE_DEG
        return np.concatenate([np.flatnonzero(circles), self.circles + np.flatnonzero(polygons & beside)])

    def near_edges(self, number: int, boxes: list[earth.Box]) -> list[Edge] | None:
        """The edges of this polygon that may run through a box, or None: it lies across 180 degrees or at a pole, and
        its whole shape is to be asked.
        """
        at = 8 * (number - self.circles)
        record = self._polygons[at : at + 8].tolist()
        if record[slabs.WEST] <= -180 or record[slabs.EAST] >= 180:
            return None
        if record[slabs.SOUTH] <= -90 or record[slabs.NORTH] >= 90:
            return None
        found: dict[int, Edge] = {}
        for box in boxes:
            self._gather_edges(record, box, found)
        return list(found.values())

    def _gather_edges(self, record: Sequence[float], box: earth.Box, found: dict[int, Edge]) -> None:
        west, south, east, north = box
        if record[slabs.NORTH] < south or record[slabs.SOUTH] > north:
            return
        if record[slabs.EAST] < west or record[slabs.WEST] > east:
            return
        first, last = int(record[slabs.FIRST_SLAB]), int(record[slabs.LAST_SLAB])
        low = min(max(int((south - record[slabs.SOUTH]) * record[slabs.PER_DEGREE]), 0), last)
        high = min(int((north - record[slabs.SOUTH]) * record[slabs.PER_DEGREE]), last)
        begin, end = self._slab_begins[first + low], self._slab_begins[first + high + 1]
        vertex = int(record[slabs.FIRST_VERTEX])
        if end - begin > EDGES_ONE_BY_ONE:
            self._gather_many(vertex + self.base.slab_edges[begin:end].astype(np.int64), box, found)
            return
        vertices, edges = self._vertices, self._slab_edges
        for each in range(begin, end):
            at = 2 * (vertex + edges[each])
            lat, to_lat = vertices[at + 1], vertices[at + 3]
            if (lat < south and to_lat < south) or (lat > north and to_lat > north):
                continue
            lon, to_lon = vertices[at], vertices[at + 2]
            if (lon < west and to_lon < west) or (lon > east and to_lon > east):
                continue
            found[at] = (lon, lat, to_lon, to_lat)

    def _gather_many(self, first: Ints, box: earth.Box, found: dict[int, Edge]) -> None:
        """`first` are the vertices at which the edges begin."""
        west, south, east, north = box
        first = np.unique(first)
        begin, end = self.base.vertices[first], self.base.vertices[first + 1]
        low, high = np.minimum(begin, end), np.maximum(begin, end)
        near = (low[:, 0] <= east) & (high[:, 0] >= west) & (low[:, 1] <= north) & (high[:, 1] >= south)
        for at, edge in zip(first[near].tolist(), np.hstack([begin[near], end[near]]).tolist(), strict=True):
            found[2 * at] = tuple(edge)


def _read(numbers: npt.NDArray[np.generic]) -> memoryview:
    return memoryview(np.ascontiguousarray(numbers).reshape(-1).data)
