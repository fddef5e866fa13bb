"""Places to keep away from, and how far a point is from one by the geodesic: what buffers and reports are held to."""

import functools
import itertools
import math

import numpy as np
from geographiclib.geodesic import Geodesic

from geooffers.matching import earth
from geooffers.matching.areas import Polygon
from geooffers.matching.shapes import Shape, shape_of

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
    spread, shape = _laid_out(area)
    lons, lats = np.concatenate(spread).T
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
    return -nearest if shape.covers(lat=lat, lon=lon) else nearest


@functools.cache
def _laid_out(area: Polygon) -> tuple[list[np.ndarray], Shape]:
    return [_every_200_m(np.array(one)) for part in area.parts for one in part], shape_of(area)


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
