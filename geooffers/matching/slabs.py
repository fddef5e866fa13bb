"""Polygons cut into latitude slabs: a test looks at the few edges of the point's slab, not at all of them.

Holes and parts need no care: a place is inside when an odd number of edges of all rings passes to one side of it. That
is also what shapely's prepared geometries do, so both agree on rings that overlap and should have been refused.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geooffers.matching.columns import Floats, Ints
from geooffers.matching.covering import Some, expanded

VERTICES_A_SLAB = 4
# An outline that goes up and down often crosses each slab as often, however thin the slab: thinner ones would save
# nothing, and each would keep all of these edges once more.
CROSSINGS_A_VERTEX = 4
SLABS_AT_MOST = 1 << 14

# A record of a polygon: eight numbers, one line of the processor's cache. Bounds in degrees (longitudes -540..540),
# slabs per degree of latitude, the number of its first slab among all slabs, of its last slab counted from that one,
# and of its first vertex among all vertices.
WEST, SOUTH, EAST, NORTH, PER_DEGREE, FIRST_SLAB, LAST_SLAB, FIRST_VERTEX = range(8)


@dataclass(frozen=True, kw_only=True)
class Slabs:
    """Of some polygons: their records, and for each slab where its edges begin, and these."""

    records: Floats  # (polygons, 8)
    begins: npt.NDArray[np.uint32]  # (slabs,)
    edges: npt.NDArray[np.unsignedinteger]  # numbers of first vertices, counted from the polygon's first


def slabs_of(some: Some, *, vertices: Ints, first_vertex: Ints, first_slab: int) -> Slabs:
    """Of polygons with so many vertices each, which begin at these. An edge is told by its number in its polygon."""
    edges = some.edges
    height = some.north - some.south
    rise = np.bincount(edges.owner, np.abs(edges.to_lat - edges.lat), minlength=len(height))
    crossings = np.divide(rise, height, out=np.zeros_like(height), where=height > 0)
    a_slab = np.maximum(crossings / CROSSINGS_A_VERTEX, VERTICES_A_SLAB)
    count = np.clip((vertices / a_slab).astype(np.int64), 1, SLABS_AT_MOST)
    with np.errstate(divide="ignore", over="ignore"):
        per_degree = np.where(height > 0, count / height, 0.0)
    per_degree[~np.isfinite(per_degree)] = 0.0
    ends = np.cumsum(count)
    begin = ends - count
    records = np.column_stack(
        [some.west, some.south, some.east, some.north, per_degree, first_slab + begin, count - 1, first_vertex]
    ).astype(np.float64)
    low = _slab(np.minimum(edges.lat, edges.to_lat), edges.owner, records)
    high = _slab(np.maximum(edges.lat, edges.to_lat), edges.owner, records)
    edge, step = expanded(high - low + 1)
    slab = begin[edges.owner[edge]] + low[edge] + step
    # Counted, not compared: NumPy sorts what fits into 16 bits by its digits, and a run of polygons has no more slabs.
    order = np.argsort(slab.astype(np.min_scalar_type(int(ends[-1]))), kind="stable")
    begins = np.zeros(int(ends[-1]), dtype=np.uint32)
    np.cumsum(np.bincount(slab, minlength=len(begins))[:-1], out=begins[1:])
    number = edges.number.astype(np.min_scalar_type(int(vertices.max())))
    return Slabs(records=records, begins=begins, edges=number[edge[order]])


def _slab(lat: Floats, owner: Ints, records: Floats) -> Ints:
    """The same steps as for a point, so that what lies between two latitudes lies between their slabs."""
    slab = ((lat - records[owner, SOUTH]) * records[owner, PER_DEGREE]).astype(np.int64)
    least: Ints = np.minimum(slab, records[owner, LAST_SLAB].astype(np.int64))
    return least
