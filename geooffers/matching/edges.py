"""The boundary of a polygon as short straight lines in space, so that a distance to it is right everywhere on earth.

An edge is straight in longitude and latitude, so on the ground it is a curve. It is halved until a straight line in
space stays within a centimetre of it; a shop's edges stay whole, a country's become pieces of some hundred metres.
There is no projection, so nothing is special at 180 degrees or near a pole. A distance is right to 2 cm and half a
percent: the straight line through the earth is turned into an arc of the mean sphere.
"""

import itertools
import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from geooffers.matching import earth
from geooffers.matching.areas import Polygon, Ring

Floats = npt.NDArray[np.float64]

TOLERANCE_M = 0.01

# Squared. Up to latitude 80 an edge of 150 m is nowhere three millimetres from a straight line.
STRAIGHT2 = 150.0 * 150.0

# Below this many pieces a loop over floats is quicker than the fixed cost of a dozen array operations.
LOOP_BELOW = 40

# Pieces in a block. A block is passed over when even the nearest side of the ball around it is too far.
BLOCK = 32

# Squared. Shorter edges are places; their inverse would be beyond numbers.
SHORTEST2 = 1e-100

Edge = tuple[float, float, float, float]
"""From longitude and latitude, to longitude and latitude, in degrees."""

Place = tuple[float, float, float]
"""A point in space, or the way from one to another, in metres."""

Row = tuple[float, float, float, float, float, float, float]
"""Of a straight piece in space: where it begins, which way it runs, and one over its squared length."""


class Boundary:
    __slots__ = ("_blocks", "_rows")

    def __init__(self, *, rows: Sequence[Row] = (), blocks: "_Blocks | None" = None) -> None:
        # Rows for the loop, or blocks for arrays: never both, a large index holds millions of pieces.
        self._rows = rows
        self._blocks = blocks

    @classmethod
    def of(cls, area: Polygon) -> "Boundary":
        return cls.of_edges(np.array(_edges(area), dtype=np.float64).reshape(-1, 4))

    @classmethod
    def of_edges(cls, ends: Floats) -> "Boundary":
        """(edges, 4), in degrees: from longitude and latitude, to longitude and latitude."""
        ends = _cut_to_pieces(ends)
        start = earth.in_space(lon=ends[:, 0], lat=ends[:, 1])
        along = earth.in_space(lon=ends[:, 2], lat=ends[:, 3]) - start
        length2 = np.einsum("ij,ij->i", along, along)
        per_length2 = np.divide(1.0, length2, out=np.zeros_like(length2), where=length2 > SHORTEST2)
        if len(start) < LOOP_BELOW:
            return cls(rows=np.column_stack([start, along, per_length2]).tolist())
        return cls(blocks=_Blocks(start=start, along=along, per_length2=per_length2))

    def distance_m(self, here: earth.Here) -> float:
        line2 = self._blocks.nearest(here) if self._blocks else self._nearest_in_rows(here)
        across = 2 * earth.MEAN_RADIUS_M
        return across * math.asin(min(math.sqrt(line2) / across, 1.0))

    def _nearest_in_rows(self, here: earth.Here) -> float:
        best = math.inf
        px, py, pz = here.x, here.y, here.z
        for ax, ay, az, ux, uy, uz, per_length2 in self._rows:
            x, y, z = px - ax, py - ay, pz - az
            share = (x * ux + y * uy + z * uz) * per_length2
            if share > 0:
                if share > 1:
                    share = 1.0
                x -= share * ux
                y -= share * uy
                z -= share * uz
            line2 = x * x + y * y + z * z
            if line2 < best:
                best = line2
        return best


def distance_of_few_m(ends: Sequence[Edge], here: earth.Here) -> float:
    """What a boundary of so few edges says, in plain Python: dozens of calls of NumPy cost more than they. Not for
    edges within ten degrees of a pole.
    """
    rows: list[Row] = []
    rest = list(ends)
    while rest:
        lon, lat, to_lon, to_lat = edge = rest.pop()
        x, y, z = earth.here(lat=lat, lon=lon)[2:5]
        to_x, to_y, to_z = earth.here(lat=to_lat, lon=to_lon)[2:5]
        along = (to_x - x, to_y - y, to_z - z)
        length2 = along[0] * along[0] + along[1] * along[1] + along[2] * along[2]
        if length2 > STRAIGHT2 and _edge_strays_m(edge, (x, y, z), along) > TOLERANCE_M:
            middle = (lon + to_lon) / 2, (lat + to_lat) / 2
            rest += [(lon, lat, *middle), (*middle, to_lon, to_lat)]
            continue
        rows.append((x, y, z, *along, 1 / length2 if length2 > SHORTEST2 else 0.0))
    return Boundary(rows=rows).distance_m(here)


def _edge_strays_m(edge: Edge, start: Place, along: Place) -> float:
    """As `_strays_m` says it of one."""
    lon, lat, to_lon, to_lat = edge
    worst = 0.0
    for share in (0.25, 0.5, 0.75):
        x, y, z = earth.here(lat=lat + share * (to_lat - lat), lon=lon + share * (to_lon - lon))[2:5]
        gap = (x - start[0] - share * along[0], y - start[1] - share * along[1], z - start[2] - share * along[2])
        worst = max(worst, math.hypot(*gap))
    return worst


def places_along(area: Polygon) -> Floats:
    """(places, 2): longitude and latitude in degrees of places on the boundary, corners among them. Between two in a
    row it strays from the straight line through the earth by a centimetre at most.
    """
    pieces = _cut_to_pieces(np.array(_edges(area), dtype=np.float64).reshape(-1, 4))
    places: Floats = pieces.reshape(-1, 2)
    return places


class _Blocks:
    """b blocks of BLOCK pieces: starts and ways (b, BLOCK, 3) in metres, `per_length2` (b, BLOCK) in 1 / square metre,
    and the ball around each block: centre (b, 3) and radius (b,) in metres.
    """

    __slots__ = ("_along", "_centre", "_per_length2", "_radius", "_start")

    def __init__(self, *, start: Floats, along: Floats, per_length2: Floats) -> None:
        # The last block is filled up by repeating the last piece.
        take = np.minimum(np.arange(-(-len(start) // BLOCK) * BLOCK), len(start) - 1).reshape(-1, BLOCK)
        self._start, self._along, self._per_length2 = (
            start[take],
            along[take],
            per_length2[take],
        )
        ends = np.concatenate([self._start, self._start + self._along], axis=1)
        self._centre: Floats = ends.mean(axis=1)
        # A millimetre to spare for rounding.
        self._radius: Floats = _lengths(ends - self._centre[:, None, :]).max(axis=1) + 1e-3

    def nearest(self, here: earth.Here) -> float:
        """The squared straight distance to the nearest piece."""
        place = np.array([here.x, here.y, here.z])
        at_least = _lengths(self._centre - place) - self._radius
        first = int(at_least.argmin())
        best = self._nearest_in(place, np.array([first]))
        at_least[first] = np.inf
        rest = np.flatnonzero(at_least < math.sqrt(best))
        return min(best, self._nearest_in(place, rest)) if len(rest) else best

    def _nearest_in(self, place: Floats, blocks: npt.NDArray[np.int64]) -> float:
        along = self._along[blocks]
        offset = place - self._start[blocks]
        share = np.einsum("bij,bij->bi", offset, along) * self._per_length2[blocks]
        np.clip(share, 0.0, 1.0, out=share)
        offset -= share[..., None] * along
        return float(np.einsum("bij,bij->bi", offset, offset).min())


def _edges(area: Polygon) -> list[Edge]:
    """The edges that separate inside from outside on the ground.

    An edge along a pole is a single place. Where parts touch at 180 degrees, the cut is no boundary: a stretch of the
    meridian that edges run along twice, from its two sides, is inside the fence.
    """
    edges: list[Edge] = []
    on_the_cut: list[tuple[float, float]] = []
    for part in area.parts:
        for ring in part:
            for lon, lat, to_lon, to_lat in _pairs(ring):
                if abs(lat) == 90 and lat == to_lat:
                    continue
                if lon == to_lon and abs(lon) % 360 == 180:
                    on_the_cut.append((min(lat, to_lat), max(lat, to_lat)))
                else:
                    edges.append((lon, lat, to_lon, to_lat))
    edges.extend((180.0, south, 180.0, north) for south, north in _run_along_once(on_the_cut))
    return edges


def _pairs(ring: Ring) -> list[Edge]:
    return [(*a, *b) for a, b in itertools.pairwise(ring)]


def _run_along_once(stretches: list[tuple[float, float]]) -> list[tuple[float, float]]:
    cuts = sorted({lat for stretch in stretches for lat in stretch})
    place = {lat: number for number, lat in enumerate(cuts)}
    times: Counter[int] = Counter()
    for south, north in stretches:
        times.update(range(place[south], place[north]))
    return [(cuts[number], cuts[number + 1]) for number, count in sorted(times.items()) if count % 2]


def _cut_to_pieces(ends: Floats) -> Floats:
    """In the order of the boundary, so that neighbours lie in one block."""
    place = np.arange(len(ends), dtype=np.float64)
    done: list[tuple[Floats, Floats]] = []
    width = 1.0
    while len(ends):
        crooked = _strays_m(ends) > TOLERANCE_M
        done.append((place[~crooked], ends[~crooked]))
        ends, place, width = ends[crooked], place[crooked], width / 2
        middle = (ends[:, :2] + ends[:, 2:]) / 2
        ends = np.concatenate([np.hstack([ends[:, :2], middle]), np.hstack([middle, ends[:, 2:]])])
        place = np.concatenate([place, place + width])
    if not done:
        return ends
    order = np.argsort(np.concatenate([places for places, _ in done]), kind="stable")
    pieces: Floats = np.concatenate([pieces for _, pieces in done])[order]
    return pieces


def _strays_m(ends: Floats) -> Floats:
    """(edges, 4) in degrees to (edges,) in metres: how far the curve is from the straight line, at its quarters."""
    start, end = earth.in_space(lon=ends[:, 0], lat=ends[:, 1]), earth.in_space(lon=ends[:, 2], lat=ends[:, 3])
    worst: Floats = np.zeros(len(ends))
    for share in (0.25, 0.5, 0.75):
        on_curve = ends[:, :2] + share * (ends[:, 2:] - ends[:, :2])
        gap = earth.in_space(lon=on_curve[:, 0], lat=on_curve[:, 1]) - (start + share * (end - start))
        worst = np.maximum(worst, _lengths(gap))
    return worst


def _lengths(vectors: Floats) -> Floats:
    lengths: Floats = np.sqrt(np.einsum("...i,...i->...", vectors, vectors))
    return lengths
