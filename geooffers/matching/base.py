"""The arrays an index is asked through: built from columns, never changed, as files mapped by every process.

Fences are numbered circles first, then polygons, each kind along a curve that keeps neighbours close, so that a
position's candidates share lines of memory. The areas themselves are kept unchanged beside what is made from them:
they settle what the cheap decisions leave open, and the next base is built from them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geooffers.matching import cells, clusters, covering, earth, slabs, table
from geooffers.matching.columns import Columns, Floats, Ints

Told = Callable[[str, float], None]
"""Hears of long work: what is being done, and what share of all is behind."""


def unheard(doing: str, share: float) -> None:
    """The default: tells nobody."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Base:
    """n fences: c circles, then p polygons; r rings and v vertices as in `columns.Columns`. Places in space are metres
    from the earth's centre: x towards (0, 0), y towards (0, 90 east), z towards the north pole.
    """

    ids: Ints
    """(n,): a fence's id by its number."""
    # Areas, with the shapes and units of columns.Columns.
    circle_areas: Floats
    polygon_ring: Ints
    ring_outer: npt.NDArray[np.bool_]
    ring_vertex: Ints
    vertices: Floats
    # What is made from them.
    circles: Floats
    """(c, 4): x, y, z of the centre in metres, and the squared straight line from there to the rim in square metres."""
    polygons: Floats
    """(p, 8): a record each, see slabs.py."""
    slab_begins: npt.NDArray[np.uint32]
    """(slabs + 1,): where the edges of each slab begin in `slab_edges`."""
    slab_edges: npt.NDArray[np.uint16] | npt.NDArray[np.uint32]
    """An edge is the number of its first vertex, counted from the polygon's first vertex. An edge that runs through
    several slabs stands in each of them."""
    slots: Ints
    entries: npt.NDArray[np.uint32]
    there: npt.NDArray[np.uint8]
    """The table from cells to fences, with the shapes of table.Table."""
    by_id: npt.NDArray[np.uint32]
    """(n,): fences' numbers in the order of their ids."""
    table_shape: Ints
    """(2,): how many places of a region of the table keys are spread over, and the region's size, both in slots."""
    cluster_members: npt.NDArray[np.uint32]
    """(n,): see clusters.py."""
    cluster_balls: Floats
    """(clusters, 4), in metres: see clusters.py."""

    def __len__(self) -> int:
        return len(self.by_id)

    @property
    def columns(self) -> Columns:
        circles = len(self.circle_areas)
        return Columns(
            circle_ids=self.ids[:circles],
            circle_areas=self.circle_areas,
            polygon_ids=self.ids[circles:],
            polygon_ring=self.polygon_ring,
            ring_outer=self.ring_outer,
            ring_vertex=self.ring_vertex,
            vertices=self.vertices,
        )

    def number_of(self, fence_id: int) -> int | None:
        """A search by halves over the mapped files: nothing is kept for it."""
        low, high = 0, len(self.by_id)
        while low < high:
            middle = (low + high) // 2
            number = int(self.by_id[middle])
            here = int(self.ids[number])
            if here == fence_id:
                return number
            low, high = (middle + 1, high) if here < fence_id else (low, middle)
        return None


def build(columns: Columns, *, told: Told = unheard) -> Base:
    told("ordering", 0.0)
    columns = columns.taken(
        circles=cells.along_curve(columns.circle_areas[:, 0], columns.circle_areas[:, 1]),
        polygons=cells.along_curve(*_firsts(columns)),
    )
    told("circles", 0.1)
    circles = _circles(columns.circle_areas)
    covers = [table.packed(covering.cover_circles(columns.circle_areas))]
    vertices: Ints = np.diff(columns.ring_vertex[columns.polygon_ring])
    cut: list[slabs.Slabs] = []
    slab = 0
    runs = covering.some_at_once(columns) if len(columns.polygon_ids) else []
    for first, last in runs:
        told("polygons", 0.2 + 0.6 * first / len(columns.polygon_ids))
        some, theirs = covering.some_of(columns, first, last), vertices[first:last]
        cover = covering.cover_polygons(some, theirs)
        cover.owner[:] += len(circles) + first
        covers.append(table.packed(cover))
        first_vertex = columns.ring_vertex[columns.polygon_ring[first:last]]
        cut.append(slabs.slabs_of(some, vertices=theirs, first_vertex=first_vertex, first_slab=slab))
        slab += len(cut[-1].begins)
    begins, edges = _one_after_another(cut, most_vertices=int(vertices.max(initial=0)))
    polygons = np.concatenate([one.records for one in cut]) if cut else np.empty((0, 8))
    told("cells", 0.8)
    made = table.built(np.concatenate(covers))
    told("ids", 0.95)
    ids = np.concatenate([columns.circle_ids, columns.polygon_ids])
    near = clusters.clusters_of(circles=circles, circle_areas=columns.circle_areas, polygons=polygons)
    base = Base(
        ids=ids,
        circle_areas=columns.circle_areas,
        polygon_ring=columns.polygon_ring,
        ring_outer=columns.ring_outer,
        ring_vertex=columns.ring_vertex,
        vertices=columns.vertices,
        circles=circles,
        polygons=polygons,
        slab_begins=begins,
        slab_edges=edges,
        slots=made.slots,
        entries=made.entries,
        there=made.there,
        by_id=np.argsort(ids).astype(np.uint32),
        table_shape=np.array([made.homes, len(made.slots) // table.REGIONS], dtype=np.int64),
        cluster_members=near.members,
        cluster_balls=near.balls,
    )
    told("built", 1.0)
    return base


def _circles(areas: Floats) -> Floats:
    """(c, 3) areas to the (c, 4) of `Base.circles`."""
    across = 2 * earth.gaussian_radius_of(areas[:, 0])
    line = across * np.sin(np.minimum(areas[:, 2] / across, np.pi / 2))
    return np.column_stack([earth.in_space(lat=areas[:, 0], lon=areas[:, 1]), line * line])


def _firsts(columns: Columns) -> tuple[Floats, Floats]:
    """Latitude and longitude (-180..180) of each polygon's first vertex, (p,) each."""
    places = columns.vertices[columns.ring_vertex[columns.polygon_ring[:-1]]]
    return places[:, 1], (places[:, 0] + 180) % 360 - 180


def geometries(columns: Columns, polygons: Ints) -> npt.NDArray[np.object_]:
    """A MultiPolygon for each of these (k,) polygons, numbered from 0, with the vertices as they came."""
    some = columns.taken(circles=np.empty(0, dtype=np.int64), polygons=polygons)
    parts = np.flatnonzero(some.ring_outer)
    shapes: npt.NDArray[np.object_] = shapely.from_ragged_array(
        shapely.GeometryType.MULTIPOLYGON,
        some.vertices,
        (some.ring_vertex, np.append(parts, len(some.ring_outer)), np.searchsorted(parts, some.polygon_ring)),
    )
    return shapes


def _one_after_another(
    cut: list[slabs.Slabs], *, most_vertices: int
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[Any]]:
    kind: type[np.unsignedinteger[Any]] = np.uint16 if most_vertices <= 1 << 16 else np.uint32
    if not cut:
        return np.zeros(1, dtype=np.uint32), np.empty(0, dtype=kind)
    ends = np.cumsum([len(one.edges) for one in cut])
    if ends[-1] > 0xFFFFFFFF:
        raise ValueError("an index holds some two thousand million vertices at most")
    for one, end in zip(cut, ends.tolist(), strict=True):
        one.begins[:] += np.uint32(end - len(one.edges))
    begins = np.concatenate([*(one.begins for one in cut), ends[-1:].astype(np.uint32)])
    return begins, np.concatenate([one.edges for one in cut], dtype=kind, casting="same_kind")
