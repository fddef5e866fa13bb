"""The circle that a phone watches for a polygon holds all of it, is as small as can be, and tells what it adds."""

import itertools
import math

import pytest
import shapely
from geopy.distance import geodesic
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyproj import Proj

from geooffers.matching.areas import Area, Circle, Polygon
from merchants.fences import geometry
from tests.unit.matching.shapes import box, polygon, star, stars

# What merchants draw, and what they could: at 180 degrees, near the poles, as large as a county.
anywhere = st.one_of(
    stars(lat=st.floats(-85, 85)),
    st.builds(
        star,
        lat=st.floats(-85, 85),
        lon=st.floats(179.9, 180),
        radius_deg=st.floats(1e-4, 0.3),
        corners=st.integers(3, 30),
        wobble=st.lists(st.floats(0.3, 1.0), min_size=1, max_size=5),
    ),
)


def metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Between (lon, lat) places, whose longitudes may run past 180."""
    (lon, lat), (to_lon, to_lat) = one, other
    return geodesic((lat, (lon + 180) % 360 - 180), (to_lat, (to_lon + 180) % 360 - 180)).meters


def places_on(area: Polygon) -> list[tuple[float, float]]:
    """The corners, and places between them: edges are straight on the map and bulge on the ground."""
    ring = area.parts[0][0]
    return [
        (lon + share * (to_lon - lon), lat + share * (to_lat - lat))
        for (lon, lat), (to_lon, to_lat) in itertools.pairwise(ring)
        for share in (0, 0.3, 0.5)
    ]


@settings(max_examples=60)
@given(anywhere)
@example(polygon(box(179.99, 60.0, 180.01, 60.01)))
@example(polygon(box(10, 80, 14, 80.5)))  # its southern edge bulges by kilometres
def test_nothing_of_a_polygon_lies_outside_of_its_circle(area: Polygon) -> None:
    circle = geometry.covering(area, least_radius_m=1).circle
    assert -180 <= circle.lon <= 180
    assert max(metres((circle.lon, circle.lat), place) for place in places_on(area)) <= circle.radius_m


@settings(max_examples=60)
@given(anywhere)
def test_no_smaller_circle_would_do(area: Polygon) -> None:
    """Two of the corners are a diameter apart, or three of them are not in any half of the rim."""
    circle = geometry.covering(area, least_radius_m=1).circle
    middle = (circle.lon, circle.lat)
    slack_m = 1.1 + circle.radius_m * 1e-3  # whole metres, and the flat map
    on_rim = [place for place in places_on(area) if metres(middle, place) >= circle.radius_m - slack_m]
    directions = sorted(_direction(middle, place) for place in on_rim)
    gaps = [after - before for before, after in zip(directions, [*directions[1:], directions[0] + 360], strict=True)]
    assert max(gaps) <= 180 + math.degrees(4 * math.sqrt(slack_m / circle.radius_m))


def _direction(middle: tuple[float, float], place: tuple[float, float]) -> float:
    east = ((place[0] - middle[0] + 180) % 360 - 180) * math.cos(math.radians(middle[1]))
    return math.degrees(math.atan2(place[1] - middle[1], east)) % 360


@settings(max_examples=60)
@given(anywhere, st.sampled_from([1, 100, 500, 20_000]))
def test_the_share_is_what_a_local_map_of_equal_areas_shows(area: Polygon, least_radius_m: int) -> None:
    told = geometry.covering(area, least_radius_m=least_radius_m)
    assert told.circle.radius_m >= least_radius_m
    flat = Proj(proj="laea", lat_0=told.circle.lat, lon_0=told.circle.lon, ellps="WGS84")
    # Edges are straight in degrees: with places between the corners they are nearly so on the map.
    dense = shapely.segmentize(shapely.Polygon(area.parts[0][0]), 0.01)
    drawn = shapely.Polygon([flat(lon, lat) for lon, lat in dense.exterior.coords])
    outside = 1 - drawn.area / (math.pi * told.circle.radius_m**2)
    assert told.over_trigger_share == pytest.approx(outside, abs=2e-3)


@pytest.mark.parametrize(
    ("area", "radius_m", "share"),
    [
        (Circle(lat=60, lon=25, radius_m=150), 150, 0),
        (Circle(lat=60, lon=25, radius_m=50), 100, 0.75),
        (Circle(lat=60, lon=25, radius_m=100), 100, 0),
    ],
)
def test_a_circle_is_its_own_unless_it_is_too_small_to_be_noticed(area: Area, radius_m: float, share: float) -> None:
    told = geometry.covering(area, least_radius_m=100)
    assert (told.circle.lat, told.circle.lon, told.circle.radius_m) == (60, 25, radius_m)
    assert told.over_trigger_share == pytest.approx(share, abs=1e-4)


def test_a_hole_is_outside_and_parts_are_held_together() -> None:
    whole = polygon(box(24.95, 60.16, 24.96, 60.165))
    holed = polygon(box(24.95, 60.16, 24.96, 60.165), box(24.953, 60.161, 24.957, 60.164))
    two = Polygon(parts=((box(24.95, 60.16, 24.955, 60.165),), (box(24.958, 60.16, 24.96, 60.165),)))
    alike = [geometry.covering(area, least_radius_m=100) for area in (whole, holed, two)]
    assert len({told.circle for told in alike}) == 1
    assert alike[0].over_trigger_share < alike[2].over_trigger_share
    assert alike[1].over_trigger_share == pytest.approx(
        1 - (1 - alike[0].over_trigger_share) * (1 - 0.004 * 0.003 / (0.01 * 0.005)), abs=1e-3
    )


def test_parts_on_two_sides_of_180_degrees_get_one_circle_between_them() -> None:
    area = Polygon(parts=((box(179.98, 60, 180, 60.01),), (box(-180, 60, -179.98, 60.01),)))
    circle = geometry.enclosing_circle(area)
    assert abs(circle.lon) == pytest.approx(180, abs=1e-3)
    assert circle.radius_m == pytest.approx(1_247, abs=3)
