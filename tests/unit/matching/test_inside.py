"""Which fences a place is in: plain Python and compiled batches against asking every fence's shape one by one."""

import itertools
import math
import random

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st

from geooffers.matching import batches
from geooffers.matching.areas import Area, Circle, Fence, Polygon
from geooffers.matching.earth import geodesic_m, here
from geooffers.matching.index import Index
from geooffers.matching.layer import Layer
from geooffers.matching.shapes import shape_of
from tests.unit.matching.shapes import LATS, LONS, METRES, SHARE, areas, box, comb, numbered, polygon

Place = tuple[float, float]


def asked_one_by_one(fences: list[Fence], places: list[Place]) -> set[tuple[int, int]]:
    shapes = [(fence.id, shape_of(fence.area)) for fence in fences]
    return {
        (row, fence_id)
        for row, (lat, lon) in enumerate(places)
        for fence_id, shape in shapes
        if shape.covers(lat=lat, lon=lon)
    }


def in_plain_python(index: Index, places: list[Place]) -> set[tuple[int, int]]:
    return {(row, fence_id) for row, (lat, lon) in enumerate(places) for fence_id in index.inside_one(lat=lat, lon=lon)}


def in_batches(index: Index, places: list[Place]) -> set[tuple[int, int]]:
    """With the kernel, whatever the size: the index itself takes it for large batches."""
    lat, lon = np.array(places, dtype=np.float64).reshape(-1, 2).T
    pairs: list[tuple[int, int]] = []
    for layer, hidden in index._layers:
        points, numbers = batches.inside_by_kernel(layer, lat=lat, lon=lon)
        ids = layer.base.ids[numbers]
        pairs += [
            (point, fence_id)
            for point, number, fence_id in zip(points.tolist(), numbers.tolist(), ids.tolist(), strict=True)
            if number not in hidden
        ]
    assert len(pairs) == len(set(pairs))
    return set(pairs)


def corners(area: Area) -> list[Place]:
    """Where answers turn: on vertices, on edges, and a rounding to the side of them."""
    if isinstance(area, Circle):
        return [(area.lat, area.lon)]
    found = []
    for part in area.parts:
        for ring in part:
            for (lon, lat), (to_lon, to_lat) in itertools.pairwise(ring):
                middle = ((lat + to_lat) / 2, (lon + to_lon) / 2)
                found += [(lat, lon), middle, (math.nextafter(middle[0], 90), middle[1]), (lat, (lon + to_lon) / 2)]
    return [(lat, (lon + 540) % 360 - 180 if abs(lon) > 180 else lon) for lat, lon in found]


holed = st.builds(
    lambda lat, lon, size, share: polygon(
        box(lon - size, lat - size, lon + size, lat + size),
        box(lon - size * share, lat - size * share, lon + size * share, lat + size * share),
    ),
    st.floats(-80, 80),
    LONS,
    st.floats(1e-4, 9),
    st.floats(0.05, 0.9),
)
wide = st.builds(
    lambda west, south, width, height: polygon(box(west, south, west + width, south + height)),
    LONS,
    st.floats(-90, 0),
    st.floats(1, 359),
    st.floats(1, 90),
)
# Parts side by side, the first with a hole, also over 180 degrees in either way of writing it.
several = st.builds(
    lambda lat, lon, size, parts: Polygon(
        parts=(
            (
                box(lon, lat, lon + size, lat + size),
                box(lon + size / 4, lat + size / 4, lon + size / 2, lat + size * 0.7),
            ),
            *((box(lon + size * (2 * part), lat, lon + size * (2 * part + 1), lat + size / part),) for part in parts),
        )
    ),
    st.floats(-80, 80),
    st.one_of(LONS, st.floats(179.9, 180), st.floats(-180.1, -180)),
    st.floats(1e-4, 3),
    st.sampled_from([(1,), (1, 2), (1, 2, 3)]),
)
anything = st.one_of(areas, holed, wide, several)
places_anywhere = st.tuples(
    st.one_of(LATS, st.sampled_from([90.0, -90.0, 0.0])), st.one_of(LONS, st.sampled_from([180.0, -180.0, 0.0]))
)


@settings(max_examples=150, deadline=None)
@given(st.lists(anything, max_size=10), st.lists(places_anywhere, max_size=10), st.randoms(use_true_random=False))
@example(
    [polygon(box(179, 0, 181, 1)), polygon(box(-180, 0, -179, 1))], [(0.5, 180.0), (0.5, -180.0)], random.Random(0)
)
@example(
    [Circle(lat=90, lon=0, radius_m=300_000), Circle(lat=-90, lon=5, radius_m=10)], [(90.0, 3.0)], random.Random(0)
)
@example([polygon(box(-540, -90, 540, 90))], [(0.0, 0.0), (90.0, 180.0)], random.Random(0))
def test_all_ways_of_asking_agree_with_every_shape(
    found: list[Area], places: list[Place], chance: random.Random
) -> None:
    fences = numbered(found)
    near = [place for area in found for place in corners(area)]
    places = places + chance.sample(near, min(len(near), 60))
    index = Index.build(fences)
    expected = asked_one_by_one(fences, places)
    assert in_plain_python(index, places) == expected
    assert in_batches(index, places) == expected


@settings(max_examples=60, deadline=None)
@given(st.lists(anything, max_size=10), st.lists(places_anywhere, max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_building_does_not_change_an_answer(
    found: list[Area], places: list[Place], chance: random.Random
) -> None:
    fences = numbered(found)
    shuffled = chance.sample(fences, len(fences))
    places = places + [place for area in found for place in corners(area)][:60]
    expected = in_plain_python(Index.build(fences), places)
    index = Index.build(shuffled)
    assert in_plain_python(index, places) == expected
    assert in_batches(index, places) == expected
    one_by_one = Index.build([])
    for fence in shuffled:
        one_by_one = one_by_one.with_changes(put=[fence])
    assert in_plain_python(one_by_one, places) == expected


@settings(max_examples=60, deadline=None)
@given(
    st.lists(anything, min_size=1, max_size=8), st.lists(anything, max_size=4), st.lists(places_anywhere, max_size=6)
)
def test_changes_lie_over_what_was_built(before: list[Area], after: list[Area], places: list[Place]) -> None:
    fences = {fence.id: fence for fence in numbered(before)}
    changed = [Fence(id=fence.id + 1, area=fence.area) for fence in numbered(after)]
    index = Index.build(fences.values()).with_changes(put=changed, remove=[1])
    fences = {fence_id: fence for fence_id, fence in fences.items() if fence_id != 1}
    fences |= {fence.id: fence for fence in changed}
    places = places + [place for area in (*before, *after) for place in corners(area)][:80]
    expected = asked_one_by_one(list(fences.values()), places)
    assert in_plain_python(index, places) == expected
    assert in_batches(index, places) == expected
    assert in_plain_python(index.compacted(), places) == expected
    lat, lon = np.array(places, dtype=np.float64).reshape(-1, 2).T
    pairs = index.inside(lat=lat, lon=lon)
    assert set(zip(pairs.point.tolist(), pairs.fence.tolist(), strict=True)) == expected


def test_a_place_that_is_in_more_fences_than_the_kernel_has_room_for_is_in_all_of_them() -> None:
    """More candidates than are decided together, more results than there is room for, full cells and tested ones."""
    chance = random.Random(1)
    fences = [
        Fence(id=number, area=Circle(lat=60.17 + chance.uniform(0, 0.001), lon=24.94, radius_m=chance.uniform(50, 900)))
        for number in range(9_000)
    ] + [Fence(id=number, area=polygon(box(24.9, 60.1, 25, 60.2))) for number in range(9_000, 12_000)]
    index = Index.build(fences)
    places = [(60.1705, 24.94 + chance.uniform(-0.001, 0.001)) for _ in range(30)]
    expected = in_plain_python(index, places)
    assert len(expected) > 30 * 9_000
    assert in_batches(index, places) == expected


def test_an_outline_that_goes_up_and_down_a_thousand_times_is_cut_into_few_slabs() -> None:
    """Each slab of it has to keep most of its edges: as many slabs as for a smooth one would fill the memory."""
    fences = [Fence(id=1, area=comb(teeth=1_000))]
    index = Index.build(fences)
    edges = len(fences[0].area.parts[0][0]) - 1
    assert len(index._base.base.slab_edges) <= 6 * edges
    chance = random.Random(4)
    places = [(chance.uniform(59.99, 60.21), chance.uniform(23.99, 24.21)) for _ in range(2_000)]
    expected = asked_one_by_one(fences, places)
    assert 500 < len(expected) < 1_500
    assert in_plain_python(index, places) == expected
    assert in_batches(index, places) == expected


def test_a_circle_is_decided_to_the_last_nanometre_by_the_geodesic_in_batches_too() -> None:
    chance = random.Random(2)
    fences, places = [], []
    for number in range(400):
        lat, lon = chance.uniform(-89, 89), chance.uniform(-180, 180)
        place = (lat + chance.uniform(-1, 1) * 1e-3, lon)
        metres = geodesic_m(lat=place[0], lon=place[1], to_lat=lat, to_lon=lon)
        radius_m = (metres, math.nextafter(metres, 0), metres + 1e-9, metres - 1e-9)[number % 4]
        fences.append(Fence(id=number, area=Circle(lat=lat, lon=lon, radius_m=radius_m)))
        places.append(place)
    found = in_batches(Index.build(fences), places)
    assert {(row, row) for row in range(400) if row % 4 in (0, 2)} <= found
    assert not {(row, row) for row in range(400) if row % 4 in (1, 3)} & found


BROKEN = [
    # A hole that crosses its ring, parts that overlap, holes that overlap, a bow tie, a point, a line.
    polygon(((0, 0), (8, 0), (0, 8), (0, 0)), box(1, 1, 6, 6)),
    Polygon(parts=((box(0, 0, 4, 4),), (box(2, 2, 6, 6),))),
    polygon(box(0, 0, 9, 9), box(1, 1, 5, 5), box(3, 3, 7, 7)),
    polygon(((0, 0), (4, 4), (4, 0), (0, 4), (0, 0))),
    polygon(((0, 0), (0, 0), (0, 0), (0, 0))),
    polygon(((0, 0), (4, 0), (2, 0), (0, 0))),
]


@pytest.mark.parametrize("area", BROKEN)
def test_a_broken_polygon_is_what_shapely_says_it_is(area: Polygon) -> None:
    """Whoever makes fences refuses these; should one come all the same, every way of asking says the same."""
    geometry = shapely.MultiPolygon([shapely.Polygon(part[0], part[1:]) for part in area.parts])
    places = [(lat / 2, lon / 2) for lat in range(-1, 20) for lon in range(-1, 20)]
    expected = {(row, 1) for row, (lat, lon) in enumerate(places) if shapely.intersects_xy(geometry, lon, lat)}
    index = Index.build(numbered([area]))
    assert in_plain_python(index, places) == expected
    assert in_batches(index, places) == expected


def test_without_fences_nothing_is_inside() -> None:
    index = Index.build([])
    assert index.inside_one(lat=1, lon=2) == []
    assert len(index.inside(lat=np.array([1.0]), lon=np.array([2.0]))) == 0
    assert len(index.inside(lat=np.empty(0), lon=np.empty(0))) == 0
    assert index.nearest(lat=1, lon=2, limit=3) == ()
    assert index.clearance_m(lat=1, lon=2, at_most_m=10_000) == 10_000
    layer: Layer = index._base
    points, _ = batches.inside_by_kernel(layer, lat=np.array([1.0]), lon=np.array([2.0]))
    assert len(points) == 0


@settings(max_examples=60, deadline=None)
@given(st.lists(areas, max_size=10), LATS, LONS, st.floats(1, 3e6))
def test_a_phone_may_move_as_far_as_the_nearest_boundary(
    found: list[Area], lat: float, lon: float, at_most_m: float
) -> None:
    distances = [abs(shape_of(area).depth_m(here(lat=lat, lon=lon))) for area in found]
    clearance = Index.build(numbered(found)).clearance_m(lat=lat, lon=lon, at_most_m=at_most_m)
    assert clearance == pytest.approx(min([*distances, at_most_m]), rel=SHARE, abs=METRES)


@settings(max_examples=40, deadline=None)
@given(st.lists(areas, max_size=10), LATS, LONS, st.floats(0, 1))
def test_who_knows_that_nothing_is_near_is_told_the_same(
    found: list[Area], lat: float, lon: float, share: float
) -> None:
    index = Index.build(numbered(found))
    clearance = index.clearance_m(lat=lat, lon=lon, at_most_m=1e6)
    beyond = index.clearance_m(lat=lat, lon=lon, at_most_m=1e6, beyond_m=share * clearance)
    assert beyond == pytest.approx(clearance, rel=SHARE, abs=METRES)


@settings(max_examples=40, deadline=None)
@given(st.lists(areas, min_size=1, max_size=10), LATS, LONS, st.data())
def test_boundaries_that_do_not_count_do_not_stop_a_phone(
    found: list[Area], lat: float, lon: float, data: st.DataObject
) -> None:
    counting = data.draw(st.sets(st.integers(1, len(found))))
    distances = [abs(shape_of(found[number - 1]).depth_m(here(lat=lat, lon=lon))) for number in counting]
    index = Index.build(numbered(found))
    clearance = index.clearance_m(lat=lat, lon=lon, at_most_m=1e6, counts=lambda fence_id: fence_id in counting)
    assert clearance == pytest.approx(min([*distances, 1e6]), rel=SHARE, abs=METRES)
