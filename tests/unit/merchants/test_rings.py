"""Rings that cross, tangle, stay open or go too far are refused, never mended."""

import itertools
import math

import pytest
from geographiclib.geodesic import Geodesic

from geooffers.matching.areas import Circle, Polygon
from merchants.fences import geometry
from tests.unit.merchants.shapes import HOLE, SQUARE, moved, multi, polygon, refused


# Rows 32 and 33
def test_a_bow_tie_is_refused_at_its_crossing() -> None:
    error = refused(polygon([[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]))
    assert (error.code, error.at) == ("self_intersection", (0.5, 0.5))
    assert "0.5" in error.message


def test_a_tangle_of_three_hundred_vertices_is_refused_not_mended() -> None:
    tangle = [[24 + (number * 7919 % 300) / 3e4, 60 + (number * 104729 % 299) / 3e4] for number in range(300)]
    error = refused(polygon([*tangle, tangle[0]]))
    assert error.code == "self_intersection"
    assert error.at is not None


# Row 34
def test_an_unclosed_ring_is_refused_not_closed() -> None:
    error = refused(polygon(SQUARE[:-1]))
    assert (error.code, error.at) == ("unclosed_ring", (24.95, 60.17))


# Row 35
@pytest.mark.parametrize(
    "ring",
    [
        [[24.95, 60.16]],
        [[24.95, 60.16], [24.96, 60.16]],
        [[24.95, 60.16], [24.96, 60.16], [24.95, 60.16]],
        [[24.95, 60.16]] * 5,
        [[24.95, 60.16], [24.96, 60.17], [24.97, 60.18], [24.95, 60.16]],
        [[24.95, 60.16], [24.95, 60.17], [24.95, 60.165], [24.95, 60.16]],
        # Apart by less than the seven decimals that are kept.
        [[24.95, 60.16], [24.95000000001, 60.16], [24.95, 60.16000000001], [24.95, 60.16]],
    ],
)
def test_a_ring_without_area_is_refused(ring: list[list[float]]) -> None:
    assert refused(polygon(ring)).code == "degenerate_ring"


# Row 36
@pytest.mark.parametrize(
    "value",
    [
        polygon(),
        polygon([]),
        multi(),
        multi([]),
        multi([[]]),
        polygon(SQUARE, []),
        multi([SQUARE], []),
        None,
        {"type": "Feature", "geometry": None},
    ],
)
def test_an_empty_polygon_is_refused(value: object) -> None:
    assert refused(value).code == "empty_geometry"


# Row 37
def test_a_ring_across_180_is_refused_and_two_parts_are_taken() -> None:
    error = refused(polygon([[179.99, -17], [-179.99, -17], [-179.99, -16.99], [179.99, -16.99], [179.99, -17]]))
    assert error.code == "spans_too_wide"
    assert "two parts" in error.message
    west = [[179.99, -17], [180, -17], [180, -16.99], [179.99, -16.99], [179.99, -17]]
    east = [[-180, -17], [-179.99, -17], [-179.99, -16.99], [-180, -16.99], [-180, -17]]
    area = geometry.from_geojson(multi([west], [east]))
    assert geometry.bounds(area) == geometry.Bounds(west=179.99, south=-17, east=-179.99, north=-16.99)
    assert geometry.center(area) == pytest.approx((180, -16.995))
    assert geometry.area_km2(area) == pytest.approx(2.36, abs=0.01)
    geometry.check_near_store(area, store_lat=-17, store_lon=-179.98)


def test_longitudes_past_180_are_refused() -> None:
    assert refused(polygon(moved(SQUARE, 155.05))).code == "out_of_range"


def test_parts_far_apart_are_refused_however_small() -> None:
    assert refused(multi([SQUARE], [moved(SQUARE, 5.1)])).code == "spans_too_wide"
    assert refused(multi([SQUARE], [moved(SQUARE, -150)])).code == "spans_too_wide"
    assert refused(multi([SQUARE], [[[lon, lat - 5.1] for lon, lat in SQUARE]])).code == "spans_too_wide"


# Row 38
@pytest.mark.parametrize(
    "ring",
    [
        [[0, 89], [90, 89], [180, 89], [-90, 89], [0, 89]],
        [[0, -89.99], [-90, -89.9], [180, -89.9], [90, -89.9], [0, -89.99]],
        [[-180, 89.9], [180, 89.9], [180, 90], [-180, 90], [-180, 89.9]],
        [[-10, 36], [40, 36], [40, 70], [-10, 70], [-10, 36]],
        [[24, 60], [24.4, 60], [24.4, 60.2], [24, 60.2], [24, 60]],
    ],
)
def test_a_pole_and_a_continent_are_too_large(ring: list[list[float]]) -> None:
    assert refused(polygon(ring)).code == "fence_too_large"


def test_areas_are_those_of_the_ellipsoid() -> None:
    """Against figures from GeographicLib's planimeter for the same quadrangle, edges cut into a thousand."""
    degree = Polygon(parts=((((24.0, 60.0), (25.0, 60.0), (25.0, 61.0), (24.0, 61.0), (24.0, 60.0)),),))
    assert geometry.area_km2(degree) == pytest.approx(degree_km2(), rel=1e-6)
    courtyard = geometry.from_geojson(polygon(SQUARE, HOLE))
    whole, hole = (geometry.from_geojson(polygon(ring)) for ring in (SQUARE, HOLE))
    assert geometry.area_km2(courtyard) == pytest.approx(geometry.area_km2(whole) - geometry.area_km2(hole))
    assert geometry.area_km2(Circle(lat=60, lon=24, radius_m=1_000)) == pytest.approx(math.pi)


def test_corners_that_turn_nothing_do_not_change_the_area() -> None:
    """Few places are reckoned one by one, many as arrays."""
    ring = ((24.9, 60.1), (25.0, 60.1), (25.0, 60.2), (24.9, 60.2), (24.9, 60.1))
    few = Polygon(parts=((ring,),))
    many = tuple(
        (a[0] + (b[0] - a[0]) * share / 500, a[1] + (b[1] - a[1]) * share / 500)
        for a, b in itertools.pairwise(ring)
        for share in range(500)
    )
    whole = Polygon(parts=(((*many, many[0]),),))
    assert geometry.area_km2(whole) == pytest.approx(geometry.area_km2(few), rel=1e-9)


def degree_km2() -> float:
    meter = Geodesic.WGS84.Polygon()
    corners = [(24.0, 60.0), (25.0, 60.0), (25.0, 61.0), (24.0, 61.0), (24.0, 60.0)]
    for (lon, lat), (to_lon, to_lat) in itertools.pairwise(corners):
        for step in range(1_000):
            meter.AddPoint(lat + (to_lat - lat) * step / 1_000, lon + (to_lon - lon) * step / 1_000)
    area: float = meter.Compute()[2]
    return abs(area) / 1e6
