"""The WGS84 ellipsoid: places as points in space, distances along its surface, boxes around places."""

import functools
import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from pyproj import Geod

Floats = npt.NDArray[np.float64]

EQUATOR_M = 6378137.0
FLATTENING = 1 / 298.257223563
E2 = FLATTENING * (2 - FLATTENING)
MEAN_RADIUS_M = 6371008.8

# The smallest radius of curvature along a meridian (at the equator): a metre turns the latitude by 1 / this at most.
SMALLEST_CURVATURE_M = EQUATOR_M * (1 - E2)
# The largest of all: at a pole.
LARGEST_CURVATURE_M = EQUATOR_M / (1 - FLATTENING)
_POLE_M = EQUATOR_M * (1 - FLATTENING)
_RADIANS = math.radians(1.0)

# Boxes are inflated by this (0.1 mm), so that rounding loses no candidate.
SPARE_DEG = 1e-9

# By how much a place's longitude may differ from the one that a polygon between -540 and 540 knows it by.
TURNS = (0.0, 360.0, -360.0, 720.0, -720.0)

Box = tuple[float, float, float, float]
"""West, south, east, north, in degrees, west <= east, within -180..180."""


class Here(NamedTuple):
    """A place, with what is worked out once for all the fences it is compared with: its point in space, and how many
    metres a degree of latitude and one of longitude are here.
    """

    lat: float
    lon: float
    x: float
    y: float
    z: float
    north_m: float
    east_m: float


def here(*, lat: float, lon: float) -> Here:
    phi, lam = math.radians(lat), math.radians(lon)
    sin_phi = math.sin(phi)
    across = EQUATOR_M / math.sqrt(1 - E2 * sin_phi * sin_phi)
    from_axis = across * math.cos(phi)
    return Here(
        lat,
        lon,
        from_axis * math.cos(lam),
        from_axis * math.sin(lam),
        across * (1 - E2) * sin_phi,
        across * across * across * ((1 - E2) / (EQUATOR_M * EQUATOR_M)) * _RADIANS,
        from_axis * _RADIANS,
    )


def gaussian_radius(*, lat: float) -> float:
    """The radius of the sphere that fits best at this latitude."""
    sin_phi = math.sin(math.radians(lat))
    return EQUATOR_M * math.sqrt(1 - E2) / (1 - E2 * sin_phi * sin_phi)


def gaussian_radius_at(*, z: float) -> float:
    """The same for a point in space on the ellipsoid, from its height over the equator's plane."""
    sin2_phi = z * z / (_POLE_M * _POLE_M * (1 - E2) + E2 * z * z)
    return EQUATOR_M * math.sqrt(1 - E2) / (1 - E2 * sin2_phi)


def gaussian_radius_of(lat: Floats) -> Floats:
    """`gaussian_radius` for arrays: degrees to metres, any shape."""
    radius: Floats = EQUATOR_M * math.sqrt(1 - E2) / (1 - E2 * np.sin(np.radians(lat)) ** 2)
    return radius


def in_space(*, lat: Floats, lon: Floats) -> Floats:
    """Degrees (k,) each to x, y, z in metres (k, 3), from the earth's centre."""
    phi, lam = np.radians(lat), np.radians(lon)
    sin_phi = np.sin(phi)
    across = EQUATOR_M / np.sqrt(1 - E2 * sin_phi * sin_phi)
    from_axis = across * np.cos(phi)
    return np.column_stack([from_axis * np.cos(lam), from_axis * np.sin(lam), across * (1 - E2) * sin_phi])


@functools.cache
def ellipsoid() -> "Geod":
    """Karney's geodesic in C. Loading it takes a fifth of a second, and most processes are never in such doubt."""
    from pyproj import Geod

    return Geod(ellps="WGS84")


def geodesic_m(*, lat: float, lon: float, to_lat: float, to_lon: float) -> float:
    """The distance that settles what cheaper ones leave open; good to some nanometres, half a microsecond."""
    answer: float = ellipsoid().inv(lon, lat, to_lon, to_lat)[2]
    return answer


def boxes_around(*, lat: float, lon: float, radius_m: float) -> list[Box]:
    """Boxes that hold every place within the radius.

    A path of that length stays between two latitudes, and between them a metre turns the longitude at most as much as
    it does at the latitude nearest a pole. When a pole is within reach, every longitude is.
    """
    up = math.degrees(radius_m / SMALLEST_CURVATURE_M) + SPARE_DEG
    south, north = lat - up, lat + up
    farthest = max(-south, north)
    if farthest >= 90:
        return [(-180.0, max(south, -90.0), 180.0, min(north, 90.0))]
    aside = math.degrees(radius_m / (EQUATOR_M * math.cos(math.radians(farthest)))) + SPARE_DEG
    return wrapped(west=lon - aside, south=south, east=lon + aside, north=north)


def wrapped(*, west: float, south: float, east: float, north: float) -> list[Box]:
    """The same stretch of longitudes within -180..180: one box, or two where it runs across 180."""
    if east - west >= 360:
        return [(-180.0, south, 180.0, north)]
    turn = 360 * math.floor((west + 180) / 360)
    if turn:
        west, east = west - turn, east - turn
    if east <= 180:
        return [(west, south, east, north)]
    return [(west, south, 180.0, north), (-180.0, south, east - 360, north)]
