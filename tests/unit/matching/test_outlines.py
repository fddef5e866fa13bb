"""What is told of one polygon around one place, against its whole shape: on a flat map, through space, edge by edge and
by arrays.
"""

import itertools
import math

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from geooffers.matching import outlines
from geooffers.matching.areas import Fence, Polygon
from geooffers.matching.decisions import INSIDE, OPEN
from geooffers.matching.earth import here
from geooffers.matching.index import Index
from geooffers.matching.layer import Layer
from geooffers.matching.outlines import EDGES_ONE_BY_ONE, FLAT_UP_TO_M, reach
from geooffers.matching.shapes import shape_of
from tests.unit.matching.shapes import LATS, LONS, METRES, SHARE, box, polygon, star, stars


def layer_of(area: Polygon) -> Layer:
    return Index.build([Fence(id=1, area=area)])._base


def looked_at(area: Polygon, *, lat: float, lon: float, radius_m: float) -> tuple[float, bool] | None:
    layer = layer_of(area)
    distance_m = layer.outlines.nearest_m(0, reach(here(lat=lat, lon=lon), radius_m))
    if distance_m is None:
        return None
    side = layer.outlines.side(0, lat=lat, lon=lon)
    return distance_m, side == INSIDE or (side == OPEN and layer.settled(0, lat=lat, lon=lon))


@settings(max_examples=300)
@given(
    stars(lat=st.one_of(st.floats(-89, 89), st.floats(85, 89.9))),
    st.floats(0, 1.5),
    st.floats(0, 2 * math.pi),
    st.one_of(st.floats(0, 3_000), st.floats(0, 100_000)),
)
@example(polygon(box(24.95, 60.16, 24.96, 60.17)), 0.0, 0.0, 700.0)
def test_edges_within_reach_are_measured_and_the_side_is_the_shape_s(
    area: Polygon, share: float, angle: float, radius_m: float
) -> None:
    ring = area.parts[0][0]
    south, north = min(lat for _, lat in ring), max(lat for _, lat in ring)
    lat = (south + north) / 2 + share * (north - south) * math.sin(angle)
    lon = (ring[0][0] + share * (north - south) * (math.cos(angle) - 0.5) + 180) % 360 - 180
    assume(-90 <= lat <= 90)
    shape = shape_of(area)
    looked = looked_at(area, lat=lat, lon=lon, radius_m=radius_m)
    if looked is None:
        west, east = min(lon for lon, _ in ring), max(lon for lon, _ in ring)
        assert west <= -180 or east >= 180 or south <= -90 or north >= 90
        return
    distance_m, is_inside = looked
    assert is_inside is shape.covers(lat=lat, lon=lon)
    truth = abs(shape.depth_m(here(lat=lat, lon=lon)))
    if distance_m <= radius_m:
        assert distance_m == pytest.approx(truth, rel=SHARE, abs=METRES)
    else:
        assert truth > radius_m * (1 - SHARE) - METRES


@pytest.mark.parametrize("radius_m", [FLAT_UP_TO_M / 2, FLAT_UP_TO_M * 2])
@pytest.mark.parametrize("lat", [0.0, 44.0, -60.0, 75.0])
def test_a_flat_map_and_space_measure_the_same_at_the_farthest(lat: float, radius_m: float) -> None:
    """Straight east, north and in between, where a degree's length changes most."""
    for bearing in range(0, 360, 30):
        away = 0.95 * FLAT_UP_TO_M / max(abs(math.tan(math.radians(lat))), 1.0) / 111_320 / 2
        at_lat = lat + away * math.sin(math.radians(bearing))
        at_lon = 20 + away * math.cos(math.radians(bearing)) / math.cos(math.radians(lat))
        speck = polygon(box(at_lon, at_lat, at_lon + 1e-5, at_lat + 1e-5))
        looked = looked_at(speck, lat=lat, lon=20, radius_m=radius_m)
        assert looked is not None
        assert looked[0] == pytest.approx(-shape_of(speck).depth_m(here(lat=lat, lon=20)), rel=0.005)


@settings(max_examples=40, deadline=None)
@given(st.floats(-80, 80), st.floats(-179, 179), st.integers(0, 60))
def test_many_edges_at_once_and_one_by_one_measure_the_same(lat: float, lon: float, more: int) -> None:
    many = star(lat=lat, lon=lon, radius_deg=0.005, corners=EDGES_ONE_BY_ONE + 1 + more, wobble=[1.0, 0.8, 0.9])
    place = reach(here(lat=lat, lon=lon + 0.001), 1_500)
    layer = layer_of(many)
    at_once = layer.outlines.nearest_m(0, place)
    one_by_one = [
        layer_of(polygon((a, b, b, a))).outlines.nearest_m(0, place) for a, b in itertools.pairwise(many.parts[0][0])
    ]
    assert at_once == pytest.approx(min(each for each in one_by_one if each is not None), abs=1e-6)


@given(LATS, LONS, st.floats(0, 1e6))
def test_a_reach_is_flat_only_in_one_box(lat: float, lon: float, radius_m: float) -> None:
    within = reach(here(lat=lat, lon=lon), radius_m)
    assert not within.flat or (len(within.boxes) == 1 and abs(lat) < 90)
    for west, south, east, north in within.boxes:
        assert -180 <= west <= east <= 180
        assert -90 <= south <= north <= 90


def test_an_edge_shorter_than_numbers_can_square_is_a_place() -> None:
    speck = polygon(((5.0, 1e-300), (5.0, 2e-300), (5.0, 3e-300), (5.0, 1e-300)))
    assert looked_at(speck, lat=0.001, lon=5, radius_m=200) == (pytest.approx(110.57, abs=0.01), False)


def test_what_lies_across_180_degrees_is_left_to_the_whole_shape() -> None:
    assert looked_at(polygon(box(179, 0, 181, 1)), lat=0.5, lon=-179.5, radius_m=100) is None
    near = polygon(box(179.99, 0, 179.999, 1))
    assert looked_at(near, lat=0.5, lon=-179.9999, radius_m=500) == (pytest.approx(122.4, abs=0.1), False)
    assert outlines.reach(here(lat=0.5, lon=-179.9999), 500).flat is False
