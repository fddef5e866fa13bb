"""The plane around a track's beginning, in metres, and the fences that stand on it."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyproj

from geooffers.matching.areas import Area, Circle, Polygon

Floats = npt.NDArray[np.float64]

GEODESIC = pyproj.Geod(ellps="WGS84")

# The smallest fence that a merchant may draw, and a large shop with its car park.
SMALLEST_M, LARGEST_M = 50.0, 300.0
POLYGONS = 0.3  # of all fences
# The corners of a polygon lie so far from its middle, in shares of its `radius_m`.
CORNERS = (0.85, 1.15)


@dataclass(frozen=True, kw_only=True)
class Ground:
    """East and north of the beginning, laid on the ellipsoid: distances from the beginning are exact."""

    lat: float
    lon: float

    def degrees(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        count = len(x)
        lon, lat, _ = GEODESIC.fwd(
            np.full(count, self.lon), np.full(count, self.lat), np.degrees(np.arctan2(x, y)), np.hypot(x, y)
        )
        return np.asarray(lat), np.asarray(lon)

    def degrees_of(self, x: float, y: float) -> tuple[float, float]:
        lon, lat, _ = GEODESIC.fwd(self.lon, self.lat, math.degrees(math.atan2(x, y)), math.hypot(x, y))
        return float(lat), float(lon)


@dataclass(frozen=True, kw_only=True)
class Place:
    """A fence to be: a circle, or a polygon whose corners lie around that circle."""

    x: float
    y: float
    radius_m: float
    corners: tuple[tuple[float, float], ...] = ()

    @property
    def reach_m(self) -> float:
        """No point of it is farther from its middle."""
        return self.radius_m * (CORNERS[1] if self.corners else 1.0)

    def area(self, ground: Ground) -> Area:
        if not self.corners:
            lat, lon = ground.degrees_of(self.x, self.y)
            return Circle(lat=lat, lon=lon, radius_m=self.radius_m)
        ring = []
        for angle, share in self.corners:
            far = share * self.radius_m
            lat, lon = ground.degrees_of(self.x + far * math.cos(angle), self.y + far * math.sin(angle))
            ring.append((lon, lat))
        return Polygon(parts=(((*ring, ring[0]),),))


def somewhere(chance: np.random.Generator) -> Ground:
    """Where people live, away from 180 degrees: what happens there is matching's business and tested there."""
    return Ground(lat=float(chance.uniform(-45, 62)), lon=float(chance.uniform(-150, 150)))


def radius(chance: np.random.Generator) -> float:
    """Small ones are as many as large ones, by ratio."""
    return float(np.exp(chance.uniform(math.log(SMALLEST_M), math.log(LARGEST_M))))


def place(chance: np.random.Generator, *, x: float, y: float, radius_m: float, round_one: bool = False) -> Place:
    """Circle or polygon, as chance will."""
    if round_one or chance.random() >= POLYGONS:
        return Place(x=x, y=y, radius_m=radius_m)
    count = int(chance.integers(5, 10))
    turn = chance.uniform(0, 2 * math.pi)
    corners = tuple(
        (float(turn + 2 * math.pi * number / count), float(chance.uniform(*CORNERS))) for number in range(count)
    )
    return Place(x=x, y=y, radius_m=radius_m, corners=corners)


def aside(chance: np.random.Generator, *, x: float, y: float, metres: float) -> tuple[float, float]:
    """A point so far away, in any direction."""
    angle = chance.uniform(0, 2 * math.pi)
    return x + metres * math.cos(angle), y + metres * math.sin(angle)
