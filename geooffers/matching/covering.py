"""From areas to the cells they may touch, and which of these lie wholly inside.

A cover may hold a cell too many, never one too few, and `full` is said only of cells that no boundary touches: what is
in a full cell is inside without another look. Bounds are widened by a tenth of a millimetre, far more than rounding.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geooffers.matching import cells, earth
from geooffers.matching.columns import Columns, Floats, Ints

# How many cells an area may have; one with more vertices may have as many cells. They are small beside its vertices,
# and each that lies wholly inside saves a test.
CELLS_AT_MOST = 64

# Circles: up to here a flat neighbourhood is right to far better than the hundredth and the metre that are spared.
FLAT_UP_TO_M = 20_000.0
FLAT_UP_TO_LAT = 80.0
SPARE_SHARE, SPARE_M = 0.01, 1.0

# Vertices of polygons that are covered together: so few that the steps between stay in the processor's cache.
VERTICES_AT_ONCE = 50_000


@dataclass(frozen=True, kw_only=True)
class Cover:
    """A row a cell of an area: the owner's number, the cell, and whether it lies wholly inside.

    Small areas have rows on the level `cells.NEIGHBOURHOODS` as well, which is for looking far around. Each array has
    the shape (rows,).
    """

    owner: Ints
    level: Ints  # its position in `cells.LEVELS`, 0 being the finest
    row: Ints  # of that level, counted from the south pole
    column: Ints  # of that row, counted from 180 west
    full: npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Strips:
    """Every area cut into rows of cells: row by row the columns from `first` to `last`, not yet counted round.
    Each array has one number for each row of each area.
    """

    owner: Ints
    level: Ints
    row: Ints
    first: Ints
    last: Ints
    narrow: Ints  # shift from a column of level 16 to this row's

    @property
    def south(self) -> Floats:
        shifts = np.array(cells.SHIFTS)[self.level]
        return np.asarray(np.ldexp(self.row, shifts) / cells.PER_DEGREE - 90.0)

    @property
    def north(self) -> Floats:
        shifts = np.array(cells.SHIFTS)[self.level]
        return np.asarray(np.ldexp(self.row + 1, shifts) / cells.PER_DEGREE - 90.0)


def strips(*, west: Floats, south: Floats, east: Floats, north: Floats, at_most: Ints) -> Strips:
    """Widens boxes, in degrees, and cuts each on the finest level on which it has at most `at_most` cells. All five
    arrays have one number for each box.
    """
    low, high, first, last = _finest(west, south, east, north)
    level = np.full(len(low), len(cells.LEVELS) - 1, dtype=np.int64)
    narrow = np.array(cells.NARROWING, dtype=np.int64)
    undecided = np.ones(len(low), dtype=bool)
    for number, (shift, begin) in enumerate(zip(cells.SHIFTS, cells.BEGINS, strict=True)):
        rows, columns = (
            (low >> shift, high >> shift),
            shift + np.minimum(narrow[begin + (low >> shift)], narrow[begin + (high >> shift)]),
        )
        count = (rows[1] - rows[0] + 1) * ((last >> columns) - (first >> columns) + 1)
        fits = undecided & (count <= at_most)
        level[fits] = number
        undecided &= ~fits
    return _strips_on(level, low, high, first, last)


def _finest(west: Floats, south: Floats, east: Floats, north: Floats) -> tuple[Ints, Ints, Ints, Ints]:
    """First and last row, first and last column of level 16."""
    spare = earth.SPARE_DEG
    rows = cells.rows_of(south - spare), cells.rows_of(north + spare)
    return *rows, cells.columns_of(west - spare), cells.columns_of(east + spare)


def _strips_on(level: Ints, low: Ints, high: Ints, first: Ints, last: Ints) -> Strips:
    narrow = np.array(cells.NARROWING, dtype=np.int64)
    shifts, begins = np.array(cells.SHIFTS)[level], np.array(cells.BEGINS)[level]
    high_rows = (high >> shifts) - (low >> shifts) + 1
    owner, step = expanded(high_rows)
    row = (low >> shifts)[owner] + step
    narrowed = shifts[owner] + narrow[begins[owner] + row]
    return Strips(
        owner=owner,
        level=level[owner],
        row=row,
        first=first[owner] >> narrowed,
        last=last[owner] >> narrowed,
        narrow=narrowed,
    )


def _in_neighbourhoods(
    cover: Cover, lying: Strips, *, west: Floats, south: Floats, east: Floats, north: Floats
) -> Cover:
    """With the neighbourhoods of the small areas."""
    level = np.empty(len(west), dtype=np.int64)
    level[lying.owner] = lying.level
    small = np.flatnonzero(level < cells.NEIGHBOURHOOD_LEVEL)
    boxes = _finest(west[small], south[small], east[small], north[small])
    around = _strips_on(np.full(len(small), cells.NEIGHBOURHOOD_LEVEL), *boxes)
    strip, step = expanded(around.last - around.first + 1)
    return _joined(
        [
            cover,
            Cover(
                owner=small[around.owner[strip]],
                level=np.full(len(strip), cells.NEIGHBOURHOODS),
                row=around.row[strip],
                column=_counted_round(around.first[strip] + step, around.narrow[strip]),
                full=np.zeros(len(strip), dtype=bool),
            ),
        ]
    )


def _joined(covers: Sequence[Cover]) -> Cover:
    return Cover(
        owner=np.concatenate([cover.owner for cover in covers]),
        level=np.concatenate([cover.level for cover in covers]),
        row=np.concatenate([cover.row for cover in covers]),
        column=np.concatenate([cover.column for cover in covers]),
        full=np.concatenate([cover.full for cover in covers]),
    )


def expanded(counts: Ints) -> tuple[Ints, Ints]:
    """For counts 2, 3: whose 0 0 1 1 1, and which of them 0 1 0 1 2."""
    whose: Ints = np.repeat(np.arange(len(counts)), counts)
    ends = np.cumsum(counts)
    which: Ints = np.arange(len(whose)) - np.repeat(ends - counts, counts)
    return whose, which


def cover_circles(areas: Floats) -> Cover:
    lat, lon, radius = areas[:, 0], areas[:, 1], areas[:, 2]
    up = np.degrees(radius / earth.SMALLEST_CURVATURE_M)
    south, north = lat - up, lat + up
    farthest = np.maximum(-south, north)
    polar = farthest + earth.SPARE_DEG >= 90
    with np.errstate(divide="ignore", over="ignore"):
        aside = np.degrees(radius / (earth.EQUATOR_M * np.cos(np.radians(np.where(polar, 0, farthest)))))
    polar |= aside >= 180
    # Where a pole is within reach, every longitude is.
    west = np.where(polar, -180 + 2 * earth.SPARE_DEG, lon - aside)
    east = np.where(polar, 180 - 2 * earth.SPARE_DEG, lon + aside)
    lying = strips(west=west, south=south, east=east, north=north, at_most=np.full(len(areas), CELLS_AT_MOST))
    strip, step = expanded(lying.last - lying.first + 1)
    owner = lying.owner[strip]
    column = lying.first[strip] + step
    flat = (radius <= FLAT_UP_TO_M) & (farthest < FLAT_UP_TO_LAT)
    near, far = _reach(lying, strip, column, areas)
    metres = radius[owner]
    kept = ~flat[owner] | (near <= metres * (1 + SPARE_SHARE) + SPARE_M)
    full = flat[owner] & (far < metres * (1 - SPARE_SHARE) - SPARE_M)
    cover = Cover(
        owner=owner[kept],
        level=lying.level[strip][kept],
        row=lying.row[strip][kept],
        column=_counted_round(column, lying.narrow[strip])[kept],
        full=full[kept],
    )
    return _in_neighbourhoods(cover, lying, west=west, south=south, east=east, north=north)


def _reach(lying: Strips, strip: Ints, column: Ints, areas: Floats) -> tuple[Floats, Floats]:
    """From each circle's centre to the nearest and the farthest place of each of its cells, as on a flat map.

    Rounding down the nearest (the shorter parallel) and up the farthest (the longer one).
    """
    lat, lon = areas[lying.owner, 0], areas[lying.owner, 1]
    per_degree = np.radians(1.0) * earth.gaussian_radius_of(lat)
    south, north = lying.south, lying.north
    nearest = np.maximum(np.maximum(south - lat, lat - north), 0)
    farthest = np.maximum(north - lat, lat - south)
    from_equator = np.stack([np.abs(south), np.abs(north), np.abs(lat)])
    shortest, longest = np.cos(np.radians(from_equator.max(0))), np.cos(np.radians(from_equator.min(0)))
    # A strip over the equator has its longest parallel there.
    longest = np.where(south * north < 0, 1.0, longest)
    width = np.ldexp(1.0, lying.narrow) / cells.PER_DEGREE
    west = column * width[strip] - 180.0
    east = west + width[strip]
    there = lon[strip]
    aside = np.maximum(np.maximum(west - there, there - east), 0)
    away = np.maximum(east - there, there - west)
    scale = per_degree[strip]
    near = np.hypot(nearest[strip], aside * shortest[strip]) * scale
    far = np.hypot(farthest[strip], away * longest[strip]) * scale
    return near, far


def _counted_round(column: Ints, narrow: Ints) -> Ints:
    rounded: Ints = column & ((cells.COLUMNS >> narrow) - 1)
    return rounded


@dataclass(frozen=True, kw_only=True)
class Edges:
    """The edges of some polygons, one after another: whose, and from where to where in degrees. One number an edge."""

    owner: Ints  # counted from the first of these polygons
    number: Ints  # of the first vertex, counted from the polygon's first
    lon: Floats
    lat: Floats
    to_lon: Floats
    to_lat: Floats


@dataclass(frozen=True, kw_only=True)
class Some:
    """Polygons `first` up to, but not including, `last` of the columns, with their edges, and their bounds in degrees
    (last - first,).
    """

    first: int
    last: int
    edges: Edges
    west: Floats
    south: Floats
    east: Floats
    north: Floats


def some_at_once(columns: Columns) -> list[tuple[int, int]]:
    """Runs of polygons with about as many vertices as are taken at once."""
    ends = columns.ring_vertex[columns.polygon_ring]
    cuts = np.searchsorted(ends, np.arange(0, int(ends[-1]) + VERTICES_AT_ONCE, VERTICES_AT_ONCE))
    cuts = np.unique(np.minimum(np.concatenate([cuts, [len(ends) - 1]]), len(ends) - 1))
    return list(itertools.pairwise(cuts.tolist()))


def some_of(columns: Columns, first: int, last: int) -> Some:
    rings = columns.ring_vertex[columns.polygon_ring[first] : columns.polygon_ring[last] + 1]
    begin, end = int(rings[0]), int(rings[-1])
    places = columns.vertices[begin:end]
    lon, lat = np.ascontiguousarray(places[:, 0]), np.ascontiguousarray(places[:, 1])
    starts = columns.ring_vertex[columns.polygon_ring[first : last + 1]] - begin
    vertices = np.diff(starts)
    owner: Ints = np.repeat(np.arange(last - first), vertices)
    # A ring's last vertex begins no edge.
    begins = np.ones(end - begin, dtype=bool)
    begins[rings[1:] - begin - 1] = False
    at = np.flatnonzero(begins)
    return Some(
        first=first,
        last=last,
        edges=Edges(
            owner=owner[at],
            number=at - starts[owner[at]],
            lon=lon[at],
            lat=lat[at],
            to_lon=lon[at + 1],
            to_lat=lat[at + 1],
        ),
        west=np.minimum.reduceat(lon, starts[:-1]),
        south=np.minimum.reduceat(lat, starts[:-1]),
        east=np.maximum.reduceat(lon, starts[:-1]),
        north=np.maximum.reduceat(lat, starts[:-1]),
    )


def cover_polygons(some: Some, vertices: Ints) -> Cover:
    """Of some polygons that have that many vertices. Owners are counted from the first of them."""
    lying = strips(
        west=some.west,
        south=some.south,
        east=some.east,
        north=some.north,
        at_most=np.maximum(vertices, CELLS_AT_MOST),
    )
    widths = lying.last - lying.first + 1
    ends = np.cumsum(widths)
    place_of_strip = ends - widths
    first_strip = np.searchsorted(lying.owner, np.arange(some.last - some.first))
    touched = np.zeros(int(ends[-1]), dtype=bool)
    crossed = np.zeros(int(ends[-1]), dtype=np.int64)
    _touch(some.edges, lying, first_strip, place_of_strip, touched, crossed)
    # Between touched cells nothing changes: a cell is inside when an odd number of edges passes to the west of it.
    passed = np.cumsum(crossed)
    strip, step = expanded(widths)
    before = np.concatenate([[0], passed])[place_of_strip]
    inside = ((passed - before[strip]) & 1).astype(bool)
    kept = touched | inside
    strip, step = strip[kept], step[kept]
    cover = Cover(
        owner=lying.owner[strip],
        level=lying.level[strip],
        row=lying.row[strip],
        column=_counted_round(lying.first[strip] + step, lying.narrow[strip]),
        full=~touched[kept],
    )
    return _in_neighbourhoods(cover, lying, west=some.west, south=some.south, east=some.east, north=some.north)


def _touch(
    edges: Edges,
    lying: Strips,
    first_strip: Ints,
    place_of_strip: Ints,
    touched: npt.NDArray[np.bool_],
    crossed: Ints,
) -> None:
    """Mark the cells that edges touch, and count in each the edges that pass the middle of its row."""
    spare = earth.SPARE_DEG
    shift = np.array(cells.SHIFTS)[lying.level[first_strip]][edges.owner]
    low_row = lying.row[first_strip][edges.owner]
    low, high = np.minimum(edges.lat, edges.to_lat), np.maximum(edges.lat, edges.to_lat)
    low_step = (cells.rows_of(low - spare) >> shift) - low_row
    high_step = (cells.rows_of(high + spare) >> shift) - low_row
    edge, step = expanded(high_step - low_step + 1)
    strip = first_strip[edges.owner[edge]] + low_step[edge] + step
    south, north = lying.south, lying.north
    lon, lat = edges.lon[edge], edges.lat[edge]
    along, up = edges.to_lon[edge] - lon, edges.to_lat[edge] - lat
    level_edge = up == 0
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        slope = np.where(level_edge, 0.0, along / up)
        # Where the edge enters and leaves the row, and how far rounding may move these along a flat edge.
        enters = np.clip((south[strip] - spare - lat) / up, 0, 1)
        leaves = np.clip((north[strip] + spare - lat) / up, 0, 1)
    enters[level_edge], leaves[level_edge] = 0, 1
    pad = spare + np.minimum(np.abs(slope) * 1e-13, 720.0)
    one, other = lon + enters * along, lon + leaves * along
    narrow, first = lying.narrow[strip], lying.first[strip]
    left = np.maximum((cells.columns_of(np.minimum(one, other) - pad) >> narrow) - first, 0)
    width = lying.last[strip] - first
    right = np.minimum((cells.columns_of(np.maximum(one, other) + pad) >> narrow) - first, width)
    place = place_of_strip[strip]
    touched[place + left] = True
    many = np.flatnonzero(right > left)
    wide, aside = expanded(right[many] - left[many])
    touched[place[many][wide] + left[many][wide] + aside + 1] = True
    middle = (south[strip] + north[strip]) / 2
    passes = (lat > middle) != (edges.to_lat[edge] > middle)
    with np.errstate(invalid="ignore", over="ignore"):
        at = lon[passes] + (middle[passes] - lat[passes]) * slope[passes]
    # An edge so flat that its slope is beyond numbers: anywhere in the cells that it touches will do.
    at = np.where(np.abs(at) <= 720, at, lon[passes])
    column = (cells.columns_of(at) >> narrow[passes]) - first[passes]
    column = np.clip(column, left[passes], right[passes])
    np.add.at(crossed, place[passes] + column, 1)
