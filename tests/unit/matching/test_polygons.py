"""Polygons: shapely's covers is the judge of inside, the geodesic of distances."""

import itertools
import math

import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from geooffers.matching.areas import Polygon
from geooffers.matching.earth import here
from geooffers.matching.polygons import PolygonShape
from tests.unit.matching.shapes import LATS, LONS, box, distance_m, distance_to_edge_m, polygon, star, stars


def depth(area: Polygon, *, lat: float, lon: float) -> float:
    return PolygonShape(area).depth_m(here(lat=lat, lon=lon))


@given(stars(), st.integers(0, 59), st.floats(0, 1), st.floats(-1e-9, 1e-9))
def test_inside_is_what_shapely_covers_on_edges_and_vertices_too(
    area: Polygon, corner: int, share: float, off: float
) -> None:
    ring = area.parts[0][0]
    a, b = ring[corner % (len(ring) - 1)], ring[corner % (len(ring) - 1) + 1]
    lon, lat = a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1]) + off
    assume(-180 <= lon <= 180 and -90 <= lat <= 90)
    expected = shapely.Polygon(ring).covers(shapely.Point(lon, lat))
    assert (depth(area, lat=lat, lon=lon) >= 0) is expected


def test_every_vertex_and_every_place_on_an_edge_is_inside() -> None:
    square = polygon(box(24.95, 60.16, 24.96, 60.17))
    for lon, lat in [(24.95, 60.16), (24.96, 60.17), (24.955, 60.16), (24.95, 60.1634567), (24.96, 60.16999)]:
        assert depth(square, lat=lat, lon=lon) >= 0
        assert depth(square, lat=lat, lon=lon) < 0.02
    assert depth(square, lat=60.16, lon=math.nextafter(24.95, 0)) < 0


def test_a_hole_is_outside_and_its_rim_inside() -> None:
    courtyard = polygon(box(24.95, 60.16, 24.96, 60.17), box(24.954, 60.164, 24.956, 60.166))
    assert depth(courtyard, lat=60.165, lon=24.955) < 0
    assert depth(courtyard, lat=60.165, lon=24.954) >= 0
    assert depth(courtyard, lat=60.165, lon=24.953) == pytest.approx(
        distance_m(60.165, 24.953, 60.165, 24.954), rel=0.005
    )


def test_a_second_part_counts_like_the_first() -> None:
    two = Polygon(parts=((box(24.95, 60.16, 24.951, 60.161),), (box(24.96, 60.17, 24.961, 60.171),)))
    assert depth(two, lat=60.1605, lon=24.9505) > 0
    assert depth(two, lat=60.1705, lon=24.9605) > 0
    assert depth(two, lat=60.1655, lon=24.9555) < 0


@given(st.floats(-20, -10), st.floats(179.9, 180))
def test_running_past_180_and_two_parts_touching_there_are_the_same_fence(lat: float, lon: float) -> None:
    past = polygon(box(179.95, -17, 180.05, -16))
    other_way = polygon(box(-180.05, -17, -179.95, -16))
    cut = Polygon(parts=((box(179.95, -17, 180, -16),), (box(-180, -17, -179.95, -16),)))
    for place_lon in (lon, -lon):
        depths = [depth(area, lat=lat, lon=place_lon) for area in (past, other_way, cut)]
        assert depths == pytest.approx([depths[0]] * 3, abs=0.02)


def test_the_cut_at_180_is_no_boundary_but_its_bare_stretch_is() -> None:
    east_taller = Polygon(parts=((box(179.95, -17, 180, -16),), (box(-180, -17, -179.95, -16.5),)))
    assert depth(east_taller, lat=-16.75, lon=180) > 5_000
    assert depth(east_taller, lat=-16.25, lon=180) == 0
    assert depth(east_taller, lat=-16.25, lon=-179.9999) == pytest.approx(
        -distance_m(-16.25, -179.9999, -16.25, 180), rel=0.005
    )


def test_a_cap_over_the_pole_is_deep_at_the_pole() -> None:
    cap = polygon(((-180, 89.9), (180, 89.9), (180, 90), (-180, 90), (-180, 89.9)))
    for lon in (-180, -77.7, 0, 123.4, 180):
        assert depth(cap, lat=90, lon=lon) == pytest.approx(distance_m(90, 0, 89.9, 0), abs=0.05)
        assert depth(cap, lat=89.95, lon=lon) == pytest.approx(distance_m(89.95, 0, 89.9, 0), abs=0.05)
        assert depth(cap, lat=89.8, lon=lon) == pytest.approx(-distance_m(89.8, 0, 89.9, 0), abs=0.05)


@settings(max_examples=60)
@given(
    stars(lat=st.one_of(st.floats(-89.99, 89.99), st.floats(89.5, 89.99), st.floats(-60.2, -60.1)), most_corners=9),
    st.floats(0, 1.5),
    st.floats(0, 2 * math.pi),
)
def test_the_distance_to_the_boundary_is_that_of_the_geodesic(area: Polygon, reach: float, angle: float) -> None:
    """From places in and around it, anywhere on earth, to a star of up to 50 km."""
    geometry = shapely.Polygon(area.parts[0][0])
    size = geometry.bounds[3] - geometry.bounds[1]
    lat = geometry.centroid.y + reach * size * math.sin(angle)
    lon = (geometry.centroid.x + reach * size * math.cos(angle) + 180) % 360 - 180
    assume(-90 <= lat <= 90)
    ring = area.parts[0][0]
    expected = min(distance_to_edge_m(lat, lon, a, b) for a, b in itertools.pairwise(ring))
    assert abs(depth(area, lat=lat, lon=lon)) == pytest.approx(expected, rel=0.005, abs=0.02)


@settings(max_examples=20, deadline=None)
@given(LATS, LONS, st.integers(60, 200))
def test_many_corners_and_few_measure_the_same(lat: float, lon: float, corners: int) -> None:
    """A ring long enough for blocks, against its pieces measured one by one."""
    ring = star(lat=max(-89.0, min(89.0, lat)), lon=lon, radius_deg=0.1, corners=corners, wobble=[1.0, 0.8, 0.9])
    x = here(lat=max(-90.0, min(90.0, lat + 0.05)), lon=lon)
    distances = []
    for a, b in itertools.pairwise(ring.parts[0][0]):
        sliver = polygon((a, b, ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2), a))
        distances.append(PolygonShape(sliver).depth_m(x))
    assert abs(PolygonShape(ring).depth_m(x)) == pytest.approx(min(abs(d) for d in distances), abs=0.03)


@pytest.mark.parametrize(
    "parts",
    [
        (),
        ((),),
        (((),),),
        ((((0.0, 0.0), (1.0, 0.0), (0.0, 0.0)),),),
        ((((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)),),),
        ((((0.0, 0.0), (math.nan, 0.0), (1.0, 1.0), (0.0, 0.0)),),),
        ((((0.0, 0.0), (1.0, 91.0), (1.0, 1.0), (0.0, 0.0)),),),
        ((box(0, 0, 2, 2), box(5, 5, 6, 6)),),
    ],
)
def test_numbers_that_are_no_ring_are_refused(parts: tuple) -> None:
    with pytest.raises(ValueError, match="needs"):
        Polygon(parts=parts)
