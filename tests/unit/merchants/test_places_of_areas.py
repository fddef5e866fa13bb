"""Where areas lie: near their store, over each other, and the circle around one."""

import pytest

from geooffers.matching.areas import Circle
from merchants.fences import geometry
from merchants.fences.geometry import GeometryRefused
from tests.unit.merchants.shapes import HOLE, SQUARE, moved, multi, polygon


# Row 4 and the limits of design 8
def test_a_fence_far_from_its_store_is_refused_with_the_distance() -> None:
    here = geometry.circle(lat=60.17, lon=24.95, radius_m=150)
    geometry.check_near_store(here, store_lat=60.21, store_lon=24.95)  # 4.5 km
    with pytest.raises(GeometryRefused, match=r"5\.6 km") as caught:
        geometry.check_near_store(here, store_lat=60.22, store_lon=24.95)
    assert caught.value.code == "too_far_from_store"


def test_swapped_coordinates_are_asked_about() -> None:
    swapped = geometry.circle(lat=24.95, lon=60.17, radius_m=150)
    with pytest.raises(GeometryRefused, match="swapped"):
        geometry.check_near_store(swapped, store_lat=60.17, store_lon=24.95)


def test_parts_on_two_sides_of_the_store_must_be_near_it_too() -> None:
    near = multi([moved(SQUARE, -0.1)], [moved(SQUARE, 0.1)])
    geometry.check_near_store(geometry.from_geojson(near), store_lat=60.165, store_lon=24.955)
    far = multi([moved(SQUARE, -0.5)], [moved(SQUARE, 0.5)])
    with pytest.raises(GeometryRefused, match="reaches farther than 15 km"):
        geometry.check_near_store(geometry.from_geojson(far), store_lat=60.165, store_lon=24.955)


# Row 44 rests on this
def test_overlap_is_seen_between_circles_and_polygons() -> None:
    square = geometry.from_geojson(polygon(SQUARE, HOLE))
    in_the_hole = geometry.from_geojson(
        polygon([[24.9545, 60.1645], [24.955, 60.1645], [24.955, 60.165], [24.9545, 60.1645]])
    )
    corner = geometry.circle(lat=60.16, lon=24.949, radius_m=60)  # its rim passes the corner, 55 m away
    beside = geometry.circle(lat=60.16, lon=24.949, radius_m=50)
    assert geometry.overlap(square, corner)
    assert geometry.overlap(corner, square)
    assert not geometry.overlap(square, beside)
    assert geometry.overlap(corner, beside)
    assert not geometry.overlap(corner, geometry.circle(lat=60.16, lon=24.947, radius_m=50))
    assert geometry.overlap(square, square)
    assert not geometry.overlap(square, in_the_hole)


def test_a_derived_circle_holds_every_corner() -> None:
    area = geometry.from_geojson(multi([SQUARE], [moved(SQUARE, 0.02)]))
    around = geometry.enclosing_circle(area)
    for part in area.parts:
        for lon, lat in part[0]:
            assert geometry.overlap(around, Circle(lat=lat, lon=lon, radius_m=0.001))
    assert around.radius_m < 1_200
    assert geometry.enclosing_circle(around) is around
