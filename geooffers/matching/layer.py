"""One base, asked about single positions: plain Python over the mapped arrays.

A call of NumPy costs more than a whole answer here, so arrays are read as memoryviews, number by number. The same steps
for batches stand in kernel.py.
"""

import functools
import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from geooffers.matching import cells, decisions, earth, outlines, slabs, table
from geooffers.matching.base import Base
from geooffers.matching.circles import depth_m
from geooffers.matching.decisions import INSIDE, OPEN
from geooffers.matching.outlines import Outlines, Reach
from geooffers.matching.shapes import Shape, shape_of

# Shapes that were asked lately are kept: a polygon of two thousand vertices takes a fifth of a megabyte.
SHAPES_KEPT = 256
# Past this many cells of the finest level neighbourhoods are looked at instead.
CELLS_ONE_BY_ONE = 36
# Past this many, and more than so many for each fence, reading every fence's box is quicker.
CELLS_AT_MOST, CELLS_A_FENCE = 16_384, 8
Ints = npt.NDArray[np.int64]

_MASK, _MIXER, _COLUMNS, _ROWS = cells.KEY_MASK, cells.MIXER, cells.COLUMNS, cells.ROWS
_PER_DEGREE = cells.PER_DEGREE
_NARROWING = cells.NARROWING.data
Levels = tuple[tuple[int, int, int], ...]
_EACH: Levels = tuple(zip(cells.PREFIXES, cells.SHIFTS, cells.BEGINS, strict=False))
_AROUND = (cells.PREFIXES[cells.NEIGHBOURHOODS], *_EACH[cells.NEIGHBOURHOOD_LEVEL][1:])
# For each byte of the map: the levels that exist there; and with neighbourhoods in place of the finest.
_LEVELS = tuple(tuple(_EACH[number] for number in range(len(_EACH)) if bits >> number & 1) for bits in range(256))
_SMALL = (1 << cells.NEIGHBOURHOOD_LEVEL) - 1
_FAR_LEVELS = tuple((*((_AROUND,) if bits & _SMALL else ()), *_LEVELS[bits & ~_SMALL]) for bits in range(256))


class NearInLayer(NamedTuple):
    """Numbers of fences. `crossed`: all whose boundary may run through what is within reach, and some that only lie
    near. `around`: these hold all of it, so that no boundary of theirs has to be looked at.
    """

    crossed: list[int]
    around: list[int]


class Layer:
    """Never changed once built, so any number of threads may ask it."""

    def __init__(self, base: Base) -> None:
        self.base = base
        self.circles = len(base.circle_areas)
        self.outlines = Outlines(base)
        self._circles = outlines.read(base.circles)
        self._circle_areas = outlines.read(base.circle_areas)
        self._slots = outlines.read(base.slots)
        self._entries = outlines.read(base.entries)
        self._there = outlines.read(base.there)
        self._ids = outlines.read(base.ids)
        self._homes, self._stride = base.table_shape.tolist()
        self.shape = functools.lru_cache(SHAPES_KEPT)(functools.partial(_made_shape, base))

    def __len__(self) -> int:
        return len(self.base)

    def id_of(self, number: int) -> int:
        found: int = self._ids[number]
        return found

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
                    side = self.outlines.side(fence - circles, lat=lat, lon=lon)
                if side == INSIDE or (side == OPEN and self.settled(fence, lat=lat, lon=lon)):
                    found.append(fence)
        return found

    def circle_depth_m(self, number: int, here: earth.Here, *, within_m: float) -> float:
        """From the rim: zero or positive inside. Minus infinity when it is surely farther outside than `within_m`: no
        place is nearer along the ground than straight through the earth.
        """
        at = 4 * number
        x, y, z, line2 = self._circles[at : at + 4]
        reach = (math.sqrt(line2) + within_m) * 1.001 + 1
        away2 = (x - here.x) ** 2 + (y - here.y) ** 2 + (z - here.z) ** 2
        if away2 > reach * reach and line2 <= decisions.LARGEST_LINE2:
            return -math.inf
        lat, lon, radius_m = self._circle_areas[3 * number : 3 * number + 3]
        return depth_m(here, self._circles, at, lat=lat, lon=lon, radius_m=radius_m)

    def depth_m(self, number: int, here: earth.Here) -> float:
        """Zero or positive inside, as exactly as the shape says it."""
        if number < self.circles:
            return self.circle_depth_m(number, here, within_m=math.inf)
        return self.shape(number).depth_m(here)

    def settled(self, number: int, *, lat: float, lon: float) -> bool:
        """For what the cheap decisions leave open: the geodesic, or shapely on the vertices as they came."""
        if number < self.circles:
            return self.depth_m(number, earth.here(lat=lat, lon=lon)) >= 0
        return self.shape(number).covers(lat=lat, lon=lon)

    def near(self, reach: Reach) -> NearInLayer:
        """The fences that meet what is within reach."""
        if len(reach.boxes) == 1:
            return self._near(reach.boxes[0])
        # Across 180 degrees. What is all around one side may end on the other.
        met = [self._near(box) for box in reach.boxes]
        return NearInLayer(sorted({number for near in met for numbers in near for number in numbers}), [])

    def _near(self, box: earth.Box) -> NearInLayer:
        west, south, east, north = box
        low, high = cells.row_of(south), cells.row_of(north)
        first, last = int((west + 180.0) * _PER_DEGREE), min(int((east + 180.0) * _PER_DEGREE), _COLUMNS - 1)
        count = ((high - low) + 1) * ((last - first) + 1)
        if count > max(CELLS_AT_MOST, len(self) * CELLS_A_FENCE):
            return NearInLayer(self._meeting_wide(box).tolist(), [])
        there = 0
        if (high >> 7) - (low >> 7) > 1 or (last >> 7) - (first >> 7) > 1:
            there = 255
        else:
            for row in (low, high):
                for column in (first, last):
                    there |= self._there[row >> 7 << 10 | column >> 7]
        levels = _LEVELS[there] if count <= CELLS_ONE_BY_ONE else _FAR_LEVELS[there]
        return self._in_cells(low, high, first, last, levels)

    def _in_cells(self, low: int, high: int, first: int, last: int, levels: Levels) -> NearInLayer:
        crossed: list[int] = []
        around: list[int] = []
        slots, entries, stride, homes, find = self._slots, self._entries, self._stride, self._homes, table.find
        for prefix, shift, begin in levels:
            looked_at = 0
            found: list[int] = []
            for row in range(low >> shift, (high >> shift) + 1):
                narrow = shift + _NARROWING[begin + row]
                beside = prefix | row << 17
                for column in range(first >> narrow, (last >> narrow) + 1):
                    looked_at += 1
                    at = find(slots, stride, homes, (beside | column) * _MIXER & _MASK)
                    entry = table.LAST if at < 0 else 0
                    while not entry & table.LAST:
                        entry = entries[at]
                        at += 1
                        found.append(entry)
            if looked_at == 1:
                for entry in found:
                    (around if entry & table.FULL else crossed).append(entry >> table.FENCE_SHIFT)
            elif found:
                _sort_out(found, looked_at, crossed, around)
        return NearInLayer(crossed, around)

    def _meeting_wide(self, box: earth.Box) -> Ints:
        """The numbers of the fences whose boxes meet this one: for a reach of many kilometres, of too many cells."""
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


def _made_shape(base: Base, number: int) -> Shape:
    return shape_of(base.columns.area(number))


def _sort_out(found: list[int], looked_at: int, crossed: list[int], around: list[int]) -> None:
    """Entries of several cells of a level: a fence is all around when it fills every one of them."""
    full: dict[int, int] = {}
    touched: set[int] = set()
    for entry in found:
        fence = entry >> table.FENCE_SHIFT
        if entry & table.FULL:
            full[fence] = full.get(fence, 0) + 1
        else:
            touched.add(fence)
    for fence, count in full.items():
        if fence not in touched:
            (around if count == looked_at else crossed).append(fence)
    crossed += touched
