"""The index finds what asking every fence one by one finds."""

import math
import random

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from geooffers.matching.areas import Area, Circle, Fence
from geooffers.matching.earth import here
from geooffers.matching.index import REBUILD_PAST, Index, Match, Sureness
from geooffers.matching.shapes import shape_of
from tests.unit.matching.shapes import LATS, LONS, METRES, SHARE, areas, box, numbered, polygon

AINO = Circle(lat=60.1695, lon=24.9525, radius_m=50)


def one_by_one(fences: list[Fence], *, lat: float, lon: float, accuracy_m: float) -> list[tuple[int, float]]:
    place = here(lat=lat, lon=lon)
    depths = [(fence.id, shape_of(fence.area).depth_m(place)) for fence in fences]
    return [(fence_id, depth) for fence_id, depth in depths if depth >= -accuracy_m]


@given(
    st.lists(areas, max_size=12),
    st.one_of(LATS, st.sampled_from([90.0, -90.0, 89.9999])),
    st.one_of(LONS, st.sampled_from([180.0, -180.0])),
    st.one_of(st.floats(0, 3_000), st.floats(0, 2e7)),
)
@example([Circle(lat=90, lon=0, radius_m=10)], 89.9999, 170.0, 2.0)
@example([polygon(box(179, 0, 181, 1))], 0.5, -178.99, 1_200.0)
@example([polygon(box(-180, 0, -179, 1))], 0.5, 179.9999, 20.0)
def test_no_fence_that_the_accuracy_touches_is_missed(
    found: list[Area], lat: float, lon: float, accuracy_m: float
) -> None:
    fences = numbered(found)
    matches = Index.build(fences).match_one(lat=lat, lon=lon, accuracy_m=accuracy_m)
    # What lies beyond the accuracy by less than distances err may be told or not.
    nearly = dict(one_by_one(fences, lat=lat, lon=lon, accuracy_m=accuracy_m * (1 + SHARE) + METRES))
    surely = dict(one_by_one(fences, lat=lat, lon=lon, accuracy_m=accuracy_m * (1 - SHARE) - METRES))
    assert [match.fence for match in matches] == sorted(match.fence for match in matches)
    assert surely.keys() <= {match.fence for match in matches} <= nearly.keys()
    assert [match.distance_m for match in matches] == pytest.approx(
        [nearly[match.fence] for match in matches], rel=SHARE, abs=METRES
    )
    # On which side of the boundary a place lies is never a matter of measuring.
    assert [match.inside for match in matches] == [nearly[match.fence] >= 0 for match in matches]
    for match in matches:
        assert match.inside is (match.distance_m >= 0)
        assert match.sureness is (Sureness.INSIDE if match.distance_m >= accuracy_m else Sureness.UNSURE)


@settings(max_examples=50)
@given(st.lists(areas, max_size=12), st.lists(st.tuples(LATS, LONS, st.floats(0, 1e6)), max_size=8))
def test_arrays_get_the_answers_of_single_fixes(found: list[Area], fixes: list[tuple[float, float, float]]) -> None:
    index = Index.build(numbered(found)).with_changes(put=[Fence(id=2, area=AINO)], remove=[1])
    columns = np.array(fixes, dtype=np.float64).reshape(-1, 3)
    matches = index.match(lat=columns[:, 0], lon=columns[:, 1], accuracy_m=columns[:, 2])
    assert [array.dtype for array in (matches.point, matches.fence, matches.sureness)] == [np.int64, np.int64, np.int8]
    rows = [
        (
            point,
            Match(fence=fence, inside=inside, sureness=Sureness(sureness), distance_m=distance_m),
        )
        for point, fence, inside, sureness, distance_m in zip(
            matches.point.tolist(),
            matches.fence.tolist(),
            matches.inside.tolist(),
            matches.sureness.tolist(),
            matches.distance_m.tolist(),
            strict=True,
        )
    ]
    assert rows == [
        (point, match)
        for point, (lat, lon, accuracy_m) in enumerate(fixes)
        for match in index.match_one(lat=lat, lon=lon, accuracy_m=accuracy_m)
    ]


@settings(max_examples=50)
@given(st.lists(areas, max_size=12), LATS, LONS, st.randoms(use_true_random=False))
def test_the_order_of_building_does_not_matter(found: list[Area], lat: float, lon: float, order: random.Random) -> None:
    fences = numbered(found)
    shuffled = order.sample(fences, len(fences))
    fix = {"lat": lat, "lon": lon, "accuracy_m": 1e6}
    assert Index.build(fences).match_one(**fix) == Index.build(shuffled).match_one(**fix)
    near = {"lat": lat, "lon": lon, "limit": 5}
    assert Index.build(fences).nearest(**near) == Index.build(shuffled).nearest(**near)


@settings(max_examples=50)
@given(st.lists(areas, max_size=12), LATS, LONS, st.integers(1, 14))
def test_nearest_ranks_all_fences_by_where_they_begin(found: list[Area], lat: float, lon: float, limit: int) -> None:
    fences = numbered(found)
    place = here(lat=lat, lon=lon)
    distances = {fence.id: max(-shape_of(fence.area).depth_m(place), 0.0) for fence in fences}
    near = Index.build(fences).nearest(lat=lat, lon=lon, limit=limit)
    assert [one.distance_m for one in near] == pytest.approx(sorted(distances.values())[:limit], rel=SHARE, abs=METRES)
    assert {one.fence: one.distance_m for one in near} == pytest.approx(
        {one.fence: distances[one.fence] for one in near}, rel=SHARE, abs=METRES
    )
    assert [(one.distance_m, one.fence) for one in near] == sorted((one.distance_m, one.fence) for one in near)
    assert len({one.fence for one in near}) == min(limit, len(fences))


@settings(max_examples=50)
@given(st.lists(areas, max_size=12), LATS, LONS, st.floats(1, 2e7))
def test_what_begins_farther_than_asked_for_is_not_told(
    found: list[Area], lat: float, lon: float, at_most_m: float
) -> None:
    index = Index.build(numbered(found))
    all_of_them = index.nearest(lat=lat, lon=lon, limit=20)
    told = index.nearest(lat=lat, lon=lon, limit=20, at_most_m=at_most_m)
    assert [one.fence for one in told] == [one.fence for one in all_of_them if one.distance_m <= at_most_m]


def test_equally_near_fences_come_by_id() -> None:
    index = Index.build([Fence(id=fence_id, area=AINO) for fence_id in (9, -4, 3)])
    assert [one.fence for one in index.nearest(lat=60.2, lon=24.95, limit=2)] == [-4, 3]


def test_a_place_inside_is_nearer_than_any_outside() -> None:
    wide = Circle(lat=60.1695, lon=24.9525, radius_m=5_000)
    index = Index.build([Fence(id=1, area=Circle(lat=60.1705, lon=24.9525, radius_m=100)), Fence(id=2, area=wide)])
    first, second = index.nearest(lat=60.1695, lon=24.9525, limit=2)
    assert (first.fence, first.distance_m) == (2, 0)
    assert second.fence == 1
    assert second.distance_m == pytest.approx(11.4, abs=0.1)


def test_two_hundred_metres_of_accuracy_are_never_surely_in_a_fence_of_fifty() -> None:
    index = Index.build([Fence(id=5, area=AINO)])
    (match,) = index.match_one(lat=60.1695, lon=24.9525, accuracy_m=200)
    assert match == Match(fence=5, inside=True, sureness=Sureness.UNSURE, distance_m=50)


def test_the_whole_accuracy_circle_inside_is_sure_even_when_it_touches_the_rim() -> None:
    index = Index.build([Fence(id=5, area=AINO)])
    assert index.match_one(lat=60.1695, lon=24.9525, accuracy_m=50)[0].sureness is Sureness.INSIDE
    assert index.match_one(lat=60.1695, lon=24.9525, accuracy_m=50.001)[0].sureness is Sureness.UNSURE


def test_a_near_miss_is_returned_as_unsure_and_not_inside_and_a_clear_miss_is_not() -> None:
    index = Index.build([Fence(id=5, area=AINO)])
    (match,) = index.match_one(lat=60.1705, lon=24.9525, accuracy_m=70)  # 111 m from the centre
    assert (match.inside, match.sureness) == (False, Sureness.UNSURE)
    assert match.distance_m == pytest.approx(-61.4, abs=0.1)
    assert index.match_one(lat=60.1705, lon=24.9525, accuracy_m=60) == ()


changes = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(-3, 8), areas),
        st.tuples(st.just("remove"), st.integers(-3, 8), st.none()),
    ),
    max_size=12,
)


@settings(max_examples=50)
@given(st.lists(areas, max_size=6), changes, LATS, LONS)
def test_changes_one_after_another_leave_what_building_anew_gives(
    found: list[Area], steps: list[tuple[str, int, Area | None]], lat: float, lon: float
) -> None:
    fences = {fence.id: fence for fence in numbered(found)}
    index = Index.build(fences.values())
    for _, fence_id, area in steps:
        if area is None:
            fences.pop(fence_id, None)
            index = index.with_changes(remove=[fence_id])
        else:
            fences[fence_id] = Fence(id=fence_id, area=area)
            index = index.with_changes(put=[fences[fence_id]])
    assert len(index) == len(fences)
    fix = {"lat": lat, "lon": lon, "accuracy_m": 2e7}
    assert index.match_one(**fix) == Index.build(fences.values()).match_one(**fix)


def test_an_index_in_use_does_not_see_a_change() -> None:
    before = Index.build([Fence(id=5, area=AINO)])
    after = before.with_changes(put=[Fence(id=6, area=AINO)], remove=[5])
    fix = {"lat": 60.1695, "lon": 24.9525, "accuracy_m": 10}
    assert [match.fence for match in before.match_one(**fix)] == [5]
    assert [match.fence for match in after.match_one(**fix)] == [6]


def test_more_changes_than_the_small_layer_holds_are_all_there() -> None:
    index = Index.build([Fence(id=number, area=AINO) for number in range(REBUILD_PAST)])
    moved = Circle(lat=-33.86, lon=151.2, radius_m=50)
    index = index.with_changes(put=[Fence(id=number, area=moved) for number in range(1, REBUILD_PAST + 100)])
    index = index.with_changes(put=[Fence(id=0, area=moved)], remove=[1])
    assert len(index) == REBUILD_PAST + 99
    assert len(index.match_one(lat=-33.86, lon=151.2, accuracy_m=5)) == REBUILD_PAST + 99
    assert index.match_one(lat=60.1695, lon=24.9525, accuracy_m=5) == ()


@pytest.mark.parametrize(
    ("lat", "lon", "accuracy_m"),
    [(math.nan, 0, 1), (91, 0, 1), (0, 181, 1), (0, math.nan, 1), (0, 0, -1), (0, 0, math.inf), (0, 0, math.nan)],
)
def test_a_position_that_is_none_is_refused(lat: float, lon: float, accuracy_m: float) -> None:
    index = Index.build([Fence(id=5, area=AINO)])
    with pytest.raises(ValueError, match="need"):
        index.match_one(lat=lat, lon=lon, accuracy_m=accuracy_m)
    with pytest.raises(ValueError, match="need"):
        index.match(lat=np.array([lat]), lon=np.array([lon]), accuracy_m=np.array([accuracy_m]))
    if accuracy_m == 1:
        with pytest.raises(ValueError, match="need"):
            index.nearest(lat=lat, lon=lon, limit=3)
