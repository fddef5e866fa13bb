"""Circles against the geodesic."""

import math

from geopy.distance import geodesic
from hypothesis import assume, example, given
from hypothesis import strategies as st

from geooffers.matching.areas import Circle, Fence
from geooffers.matching.circles import CircleShape
from geooffers.matching.earth import geodesic_m, here
from geooffers.matching.index import Index
from tests.unit.matching.shapes import LATS, LONS, distance_m


def is_inside(circle: Circle, *, lat: float, lon: float) -> bool:
    found = Index.build([Fence(id=7, area=circle)]).match_one(lat=lat, lon=lon, accuracy_m=0)
    return bool(found) and found[0].inside


# geopy reckons in kilometres; ten nanometres cover what its rounding and ours can differ by.
ROUNDING_M = 1e-8

# A metre or a fraction of a millimetre from the rim, or anywhere.
SHARES = st.one_of(
    st.floats(0, 3), st.sampled_from([1.0, 1 - 1e-7, 1 + 1e-7, 1 - 1e-10, 1 + 1e-10, 1 - 1e-13, 1 + 1e-13])
)


@given(LATS, LONS, st.floats(0.5, 400_000), st.floats(0, 360), SHARES)
@example(60.1695, 24.9525, 150.0, 90.0, 1.0)
@example(-17.8, 179.9999, 500.0, 90.0, 0.5)
@example(89.9999, 10.0, 5_000.0, 0.0, 0.9)
@example(-90.0, 0.0, 50.0, 0.0, 1.0)
def test_a_place_is_in_a_circle_exactly_when_the_geodesic_is_no_longer_than_the_radius(
    lat: float, lon: float, radius_m: float, bearing: float, share: float
) -> None:
    place = geodesic(meters=radius_m * share).destination((lat, lon), bearing)
    place_lon = max(-180.0, min(180.0, place.longitude))
    circle = Circle(lat=lat, lon=lon, radius_m=radius_m)
    exactly = distance_m(lat, lon, place.latitude, place_lon)
    assume(abs(exactly - radius_m) > ROUNDING_M)
    assert is_inside(circle, lat=place.latitude, lon=place_lon) is (exactly <= radius_m)


@given(LATS, LONS, st.floats(1, 100_000), st.floats(0, 360))
def test_the_rim_belongs_to_the_circle(lat: float, lon: float, radius_m: float, bearing: float) -> None:
    place = geodesic(meters=radius_m).destination((lat, lon), bearing)
    to_lat, to_lon = place.latitude, max(-180.0, min(180.0, place.longitude))
    exactly = geodesic_m(lat=lat, lon=lon, to_lat=to_lat, to_lon=to_lon)
    assert is_inside(Circle(lat=lat, lon=lon, radius_m=exactly), lat=to_lat, lon=to_lon)
    assert not is_inside(Circle(lat=lat, lon=lon, radius_m=math.nextafter(exactly, 0)), lat=to_lat, lon=to_lon)


@given(LATS, LONS, st.floats(1, 10_000), LATS, LONS)
def test_the_depth_in_a_circle_is_the_radius_less_the_geodesic(
    lat: float, lon: float, radius_m: float, to_lat: float, to_lon: float
) -> None:
    depth = CircleShape(Circle(lat=lat, lon=lon, radius_m=radius_m)).depth_m(here(lat=to_lat, lon=to_lon))
    geodesic_m = distance_m(lat, lon, to_lat, to_lon)
    assert math.isclose(depth, radius_m - geodesic_m, rel_tol=0, abs_tol=1e-6 + 1e-6 * geodesic_m)


def test_a_circle_around_the_pole_has_every_longitude() -> None:
    cap = Circle(lat=90, lon=0, radius_m=1_000)
    for lon in range(-180, 181, 20):
        assert is_inside(cap, lat=89.9915, lon=lon)  # 949 m
        assert not is_inside(cap, lat=89.9905, lon=lon)  # 1,061 m


def test_a_circle_over_180_degrees_is_one_circle() -> None:
    taveuni = Circle(lat=-16.8, lon=179.9995, radius_m=200)  # 106 m a thousandth of a degree
    assert is_inside(taveuni, lat=-16.8, lon=-179.9995)
    assert is_inside(taveuni, lat=-16.8, lon=180.0)
    assert is_inside(taveuni, lat=-16.8, lon=-180.0)
    assert not is_inside(taveuni, lat=-16.8, lon=-179.9975)
