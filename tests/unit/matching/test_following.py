"""Who follows a phone says of each of its fixes what the index says of it alone."""

import math
from dataclasses import dataclass

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from geooffers.matching import cells
from geooffers.matching.areas import Area, Circle, Fence
from geooffers.matching.following import LONGEST_DEGREE_M, SPARE_M
from geooffers.matching.index import Index
from tests.unit.matching.shapes import LATS, LONS, areas, box, distance_m, numbered, polygon

SHOP = Circle(lat=60.1695, lon=24.9525, radius_m=50)


@dataclass(frozen=True)
class Way:
    """Fixes with their accuracies, each some hundredths of a degree's thousandth from the one before, or anywhere."""

    fixes: list[tuple[float, float, float]]


@st.composite
def ways(draw: st.DrawFn) -> Way:
    lat, lon = draw(st.one_of(LATS, st.sampled_from([90.0, -90.0, 60.1695]))), draw(st.one_of(LONS, st.just(180.0)))
    fixes = []
    for _ in range(draw(st.integers(1, 8))):
        lat = max(-90.0, min(90.0, lat + draw(st.floats(-0.001, 0.001))))
        lon = (lon + draw(st.floats(-0.001, 0.001)) + 180) % 360 - 180
        fixes.append((lat, lon, draw(st.one_of(st.floats(0, 100), st.just(50.0), st.floats(0, 1e6)))))
    return Way(fixes=fixes)


@settings(max_examples=200)
@given(st.lists(areas, max_size=12), ways())
@example([Circle(lat=60.1695, lon=180, radius_m=50)], Way([(60.1695, 179.9999, 10.0), (60.1695, -179.9999, 10.0)]))
@example([Circle(lat=90, lon=0, radius_m=50)], Way([(89.9995, 10.0, 10.0), (89.9995, 10.0004, 5.0), (90.0, 0.0, 0.0)]))
@example([polygon(box(24.95, 60.16, 24.96, 60.17))], Way([(60.1592, 24.955, 5.0), (60.1599, 24.955, 5.0)]))
def test_each_fix_gets_the_answer_that_it_gets_alone(found: list[Area], way: Way) -> None:
    index = Index.build(numbered(found)).with_changes(put=[Fence(id=2, area=SHOP)], remove=[1])
    following = index.following()
    for lat, lon, accuracy_m in way.fixes:
        fix = {"lat": lat, "lon": lon, "accuracy_m": accuracy_m}
        assert following.match_one(**fix) == index.match_one(**fix)


@pytest.mark.parametrize("from_m", [50, 99, 150, 1_000])
def test_a_shop_in_the_next_cell_is_found_from_one_step_to_the_other(from_m: int) -> None:
    """Its rim is a metre beyond the border of two rows of cells, of which the first fix needs only the other one."""
    border = 21_845 / cells.PER_DEGREE
    a_metre = 1 / 110_700
    index = Index.build([Fence(id=7, area=Circle(lat=border + 51 * a_metre, lon=24.9, radius_m=50))])
    following = index.following()
    found = [
        [match.fence for match in following.match_one(lat=border - away_m * a_metre, lon=24.9, accuracy_m=5)]
        for away_m in (from_m, 1, from_m)
    ]
    assert found == [[], [7], []]


@given(LATS, LONS, st.floats(-1, 1), st.sampled_from([-1, 1]))
def test_what_is_within_the_spare_degrees_is_within_the_spare_metres(
    lat: float, lon: float, north: float, east: float
) -> None:
    spare_deg = SPARE_M / LONGEST_DEGREE_M
    to_lat = max(-90.0, min(90.0, lat + north * spare_deg))
    assert distance_m(lat, lon, to_lat, lon + east * (1 - abs(north)) * spare_deg) <= SPARE_M


@pytest.mark.parametrize("wrong", [{"lat": 90.0001}, {"lon": math.nan}, {"accuracy_m": -1.0}, {"accuracy_m": math.inf}])
def test_what_is_no_position_is_refused_also_beside_one_that_is(wrong: dict[str, float]) -> None:
    following = Index.build([]).following()
    fix = {"lat": 90.0, "lon": 24.9, "accuracy_m": 10.0}
    following.match_one(**fix)
    with pytest.raises(ValueError, match="a position needs"):
        following.match_one(**fix | wrong)
