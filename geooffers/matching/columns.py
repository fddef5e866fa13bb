"""Many fences as few arrays: what the builder takes, and what a base can give back.

A million fences as objects are ten gigabytes; as columns they are the sixteen bytes a vertex that they must be.
"""

import itertools
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geooffers.matching.areas import Area, Circle, Fence, Part, Polygon

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Circles, and polygons as rings: polygon p has the rings `polygon_ring[p]` to `polygon_ring[p + 1]`, ring r the
    vertices `ring_vertex[r]` to `ring_vertex[r + 1]`, closed. A ring that begins a part is its outer one.

    Shapes: c circles, p polygons, r rings, v vertices.
    """

    circle_ids: Ints  # (c,)
    circle_areas: Floats  # (c, 3): lat -90..90, lon -180..180, radius_m > 0
    polygon_ids: Ints  # (p,)
    polygon_ring: Ints  # (p + 1,), 0..r, rising
    ring_outer: npt.NDArray[np.bool_]  # (r,)
    ring_vertex: Ints  # (r + 1,), 0..v, rising
    vertices: Floats  # (v, 2): lon -540..540, lat -90..90

    def __len__(self) -> int:
        return len(self.circle_ids) + len(self.polygon_ids)

    def circle(self, number: int) -> Circle:
        lat, lon, radius_m = self.circle_areas[number].tolist()
        return Circle(lat=lat, lon=lon, radius_m=radius_m)

    def polygon(self, number: int) -> Polygon:
        parts: list[Part] = []
        for ring in range(int(self.polygon_ring[number]), int(self.polygon_ring[number + 1])):
            places = self.vertices[self.ring_vertex[ring] : self.ring_vertex[ring + 1]].tolist()
            closed = tuple((lon, lat) for lon, lat in places)
            parts.append((closed,)) if self.ring_outer[ring] else parts.append((*parts.pop(), closed))
        return Polygon(parts=tuple(parts))

    def area(self, number: int) -> Area:
        """Circles come first, polygons after them."""
        circles = len(self.circle_ids)
        return self.circle(number) if number < circles else self.polygon(number - circles)

    def taken(self, *, circles: Ints, polygons: Ints) -> "Columns":
        """These circles and these polygons, in this order. Both are positions, counted from 0."""
        rings, polygon_ring = _ranges(self.polygon_ring, polygons)
        begins = self.ring_vertex[self.polygon_ring[polygons]].tolist()
        ends = self.ring_vertex[self.polygon_ring[polygons + 1]].tolist()
        return Columns(
            circle_ids=self.circle_ids[circles],
            circle_areas=self.circle_areas[circles],
            polygon_ids=self.polygon_ids[polygons],
            polygon_ring=polygon_ring,
            ring_outer=self.ring_outer[rings],
            ring_vertex=_offsets(self.ring_vertex[rings + 1] - self.ring_vertex[rings]),
            # Slice by slice: a list of each vertex's place would be as large as the vertices.
            vertices=np.concatenate(
                [self.vertices[:0], *(self.vertices[begin:end] for begin, end in zip(begins, ends, strict=True))]
            ),
        )


class Gatherer:
    """Takes fences one by one and keeps their numbers only."""

    def __init__(self) -> None:
        self._circle_ids, self._circle_areas = array("q"), array("d")
        self._polygon_ids, self._polygon_ring = array("q"), array("q", [0])
        self._ring_outer, self._ring_vertex = array("b"), array("q", [0])
        self._vertices = array("d")

    def add(self, fence: Fence) -> None:
        area = fence.area
        if isinstance(area, Circle):
            self._circle_ids.append(fence.id)
            self._circle_areas.extend((area.lat, area.lon, area.radius_m))
            return
        for part in area.parts:
            for number, ring in enumerate(part):
                self._vertices.extend(itertools.chain.from_iterable(ring))
                self._ring_outer.append(number == 0)
                self._ring_vertex.append(len(self._vertices) // 2)
        self._polygon_ids.append(fence.id)
        self._polygon_ring.append(len(self._ring_outer))

    def columns(self) -> Columns:
        """Of two fences with one id the later of a kind holds; `gathered` sees to it that kinds do not mix."""
        return Columns(
            circle_ids=np.array(self._circle_ids, dtype=np.int64),
            circle_areas=np.array(self._circle_areas, dtype=np.float64).reshape(-1, 3),
            polygon_ids=np.array(self._polygon_ids, dtype=np.int64),
            polygon_ring=np.array(self._polygon_ring, dtype=np.int64),
            ring_outer=np.array(self._ring_outer, dtype=np.bool_),
            ring_vertex=np.array(self._ring_vertex, dtype=np.int64),
            vertices=np.array(self._vertices, dtype=np.float64).reshape(-1, 2),
        )


def gathered(fences: Iterable[Fence]) -> Columns:
    """Of two fences with one id the later holds."""
    gatherer = Gatherer()
    last: dict[int, tuple[bool, int]] = {}
    counts, twice = [0, 0], False
    for fence in fences:
        round_one = isinstance(fence.area, Circle)
        twice |= fence.id in last
        last[fence.id] = (round_one, counts[round_one])
        counts[round_one] += 1
        gatherer.add(fence)
    columns = gatherer.columns()
    if not twice:
        return columns
    kept = list(last.values())
    return columns.taken(
        circles=np.array([number for round_one, number in kept if round_one], dtype=np.int64),
        polygons=np.array([number for round_one, number in kept if not round_one], dtype=np.int64),
    )


def joined(several: Sequence[Columns]) -> Columns:
    return Columns(
        circle_ids=np.concatenate([one.circle_ids for one in several]),
        circle_areas=np.concatenate([one.circle_areas for one in several]),
        polygon_ids=np.concatenate([one.polygon_ids for one in several]),
        polygon_ring=_offsets(np.concatenate([np.diff(one.polygon_ring) for one in several])),
        ring_outer=np.concatenate([one.ring_outer for one in several]),
        ring_vertex=_offsets(np.concatenate([np.diff(one.ring_vertex) for one in several])),
        vertices=np.concatenate([one.vertices for one in several]),
    )


def _ranges(offsets: Ints, chosen: Ints) -> tuple[Ints, Ints]:
    """The members of the k chosen ranges one after another (m,), and their new offsets (k + 1,)."""
    counts = offsets[chosen + 1] - offsets[chosen]
    fresh = _offsets(counts)
    members: Ints = np.arange(fresh[-1]) + np.repeat(offsets[chosen] - fresh[:-1], counts)
    return members, fresh


def _offsets(counts: Ints) -> Ints:
    """(k,) counts to (k + 1,) offsets, the first 0."""
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
