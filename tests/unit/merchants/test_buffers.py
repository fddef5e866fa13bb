"""A buffer holds every place within its distance and none that is a metre farther, by the geodesic."""

import itertools
import math
import random

import numpy as np
import pytest
from geographiclib.geodesic import Geodesic

from geooffers.matching import earth
from geooffers.matching.areas import Circle, Polygon
from geooffers.matching.shapes import shape_of
from merchants import geometry
from merchants.geometry.buffers import buffered

WGS84 = Geodesic.WGS84
WASHINGTON_M, NEW_YORK_M = 609.6, 563.88


def ring(*places: tuple[float, float]) -> tuple[tuple[float, float], ...]:
    return (*places, places[0])


def building(lat: float, lon: float, *, east_m: float = 120.0, north_m: float = 60.0, turned: float = 25.0) -> Polygon:
    """A house of that size with a yard, turned off the compass."""

    def corner(x: float, y: float) -> tuple[float, float]:
        found = WGS84.Direct(lat, lon, math.degrees(math.atan2(x, y)) + turned, math.hypot(x, y))
        return found["lon2"], found["lat2"]

    walls = ring(corner(-east_m, -north_m), corner(east_m, -north_m), corner(east_m, north_m), corner(-east_m, north_m))
    yard = ring(
        corner(-east_m / 3, -north_m / 3),
        corner(-east_m / 3, north_m / 3),
        corner(east_m / 3, north_m / 3),
        corner(east_m / 3, -north_m / 3),
    )
    return Polygon(parts=((walls, yard),))


LONG = Polygon(parts=((ring((10.0, 60.0), (12.4, 60.9), (12.4, 60.9004), (10.0, 60.0004)),),))
TWO_PARTS = Polygon(
    parts=(
        building(47.61, -122.33).parts[0],
        building(47.6145, -122.325, east_m=40, north_m=40).parts[0],
    )
)
ACROSS_180 = Polygon(
    parts=(
        (ring((179.995, -16.5), (180.0, -16.5), (180.0, -16.495), (179.995, -16.495)),),
        (ring((-180.0, -16.5), (-179.996, -16.5), (-179.996, -16.495), (-180.0, -16.495)),),
    )
)
U_SHAPED = Polygon(
    parts=(
        (
            ring(
                (-73.98, 40.75), (-73.97, 40.75), (-73.97, 40.762), (-73.972, 40.762), (-73.972, 40.752),
                (-73.978, 40.752), (-73.978, 40.762), (-73.98, 40.762),
            ),
        ),
    )
)  # fmt: skip
AREAS = {
    "Seattle": building(47.6062, -122.3321),
    "Quito": building(-0.18, -78.47, turned=0.0),
    "Tromsø": building(69.65, 18.96),
    "Svalbard": building(78.22, 15.65, east_m=700, north_m=300),
    "a long one": LONG,
    "two parts": TWO_PARTS,
    "across 180": ACROSS_180,
    "U-shaped": U_SHAPED,
}


def truth_m(area: Polygon, *, lat: float, lon: float) -> float:
    """How far a place is from the area, negative inside. Laid out around the place itself, where the plane is true."""
    spread = [_every_200_m(np.array(one)) for part in area.parts for one in part]
    lons, lats = np.concatenate([each[:, 0] for each in spread]), np.concatenate([each[:, 1] for each in spread])
    azimuth, _, away = earth.ellipsoid().inv(np.full(len(lons), lon), np.full(len(lons), lat), lons, lats)
    points = np.column_stack([away * np.sin(np.radians(azimuth)), away * np.cos(np.radians(azimuth))])
    nearest, at = math.inf, 0
    for each in spread:
        ends = points[at : at + len(each)]
        at += len(each)
        start, along = ends[:-1], ends[1:] - ends[:-1]
        # The cut at 180 degrees is no boundary: its two sides are one inside.
        inner = (np.abs(each[:-1, 0]) == 180) & (np.abs(each[1:, 0]) == 180)
        share = np.clip(-(start * along).sum(1) / np.maximum((along * along).sum(1), 1e-12), 0, 1)
        distance = np.hypot(*(start + share[:, None] * along).T)
        nearest = min(nearest, float(distance[~inner].min()))
    return -nearest if shape_of(area).covers(lat=lat, lon=lon) else nearest


def _every_200_m(ring: np.ndarray) -> np.ndarray:
    """Places along the edges, which are straight in longitude and latitude."""
    places = []
    for (lon, lat), (to_lon, to_lat) in itertools.pairwise(ring):
        count = max(math.ceil(math.hypot(to_lon - lon, to_lat - lat) * 111_320 / 200), 1)
        places += [(lon + (to_lon - lon) * at / count, lat + (to_lat - lat) * at / count) for at in range(count)]
    return np.array([*places, ring[-1]])


def rim_of(area: Polygon) -> list[tuple[float, float]]:
    """Corners and middles of edges of every ring."""
    places = []
    for part in area.parts:
        for one in part:
            for (lon, lat), (to_lon, to_lat) in itertools.pairwise(one):
                if abs(lon) != 180 or abs(to_lon) != 180:
                    places += [(lon, lat), ((lon + to_lon) / 2, (lat + to_lat) / 2)]
    return places


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
