"""A buffer holds every place within its distance and none that is a metre farther, by the geodesic."""

import random

import pytest

from geooffers.matching.areas import Circle, Polygon
from geooffers.matching.shapes import shape_of
from merchants.fences import geometry
from merchants.fences.geometry.buffers import buffered
from tests.zone_truth import (
    ACROSS_180,
    AREAS,
    NEW_YORK_M,
    TWO_PARTS,
    U_SHAPED,
    WASHINGTON_M,
    WGS84,
    building,
    rim_of,
    ring,
    truth_m,
)


@pytest.mark.parametrize("buffer_m", [WASHINGTON_M, NEW_YORK_M, 50.0])
@pytest.mark.parametrize("name", AREAS)
def test_the_rim_of_a_buffer_is_its_distance_away_and_less_than_a_metre_more(name: str, buffer_m: float) -> None:
    grown = buffered(AREAS[name], buffer_m=buffer_m)
    assert isinstance(grown, Polygon)
    away = [truth_m(AREAS[name], lat=lat, lon=lon) for lon, lat in rim_of(grown)]
    assert min(away) >= buffer_m, "it misses places that are within the distance"
    assert max(away) <= buffer_m + 1


@pytest.mark.parametrize("name", AREAS)
def test_places_around_a_buffer_are_in_it_when_the_geodesic_says_so(name: str) -> None:
    """Not on its rim: thrown to both sides of it."""
    area, luck = AREAS[name], random.Random(name)
    grown = buffered(area, buffer_m=WASHINGTON_M)
    shape, rim, sides = shape_of(grown), rim_of(grown), []
    for _ in range(150):
        lon, lat = luck.choice(rim)
        thrown = WGS84.Direct(lat, lon, luck.uniform(0, 360), abs(luck.gauss(0, 15)))
        away = truth_m(area, lat=thrown["lat2"], lon=thrown["lon2"])
        inside = shape.covers(lat=thrown["lat2"], lon=thrown["lon2"])
        assert inside or away > WASHINGTON_M
        assert not inside or away <= WASHINGTON_M + 1
        sides.append(inside)
    assert 30 < sum(sides) < 120


def test_a_circle_grows_by_its_radius() -> None:
    assert buffered(Circle(lat=47.6, lon=-122.3, radius_m=80), buffer_m=WASHINGTON_M) == Circle(
        lat=47.6, lon=-122.3, radius_m=80 + WASHINGTON_M
    )


def test_without_a_buffer_the_area_is_what_it_was() -> None:
    assert buffered(U_SHAPED, buffer_m=0) is U_SHAPED


def test_a_hole_that_the_buffer_fills_is_gone_and_a_wide_one_stays() -> None:
    assert len(buffered(building(60.0, 25.0), buffer_m=50).parts[0]) == 1
    wide = buffered(building(60.0, 25.0, east_m=900, north_m=900), buffer_m=50)
    assert len(wide.parts[0]) == 2


def test_parts_that_come_to_touch_are_one() -> None:
    assert len(TWO_PARTS.parts) == 2
    assert len(buffered(TWO_PARTS, buffer_m=WASHINGTON_M).parts) == 1


def test_across_180_there_is_a_part_on_each_side() -> None:
    grown = buffered(ACROSS_180, buffer_m=WASHINGTON_M)
    assert len(grown.parts) == 2
    assert all(-180 <= lon <= 180 for part in grown.parts for one in part for lon, _ in one)
    assert shape_of(grown).covers(lat=-16.4975, lon=180)
    assert shape_of(grown).covers(lat=-16.4975, lon=-180)


def test_at_a_pole_there_is_no_buffer() -> None:
    cap = Polygon(parts=((ring((10.0, 89.8), (12.0, 89.8), (12.0, 89.801)),),))
    with pytest.raises(geometry.GeometryRefused, match="between"):
        buffered(cap, buffer_m=WASHINGTON_M)
