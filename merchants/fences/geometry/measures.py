"""How large an area is, where its middle is, what it overlaps."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from geooffers.matching import earth
from geooffers.matching.areas import Area, Circle, Part, Polygon, Ring
from geooffers.matching.circles import CircleShape
from geooffers.matching.shapes import shape_of

Floats = npt.NDArray[np.float64]

POLAR_M = earth.EQUATOR_M * (1 - earth.FLATTENING)
ECCENTRICITY = math.sqrt(earth.E2)


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """In degrees. West is greater than east where the area lies across 180, as in RFC 7946."""

    west: float
    south: float
    east: float
    north: float


def bounds(area: Area) -> Bounds:
    if isinstance(area, Circle):
        boxes = earth.boxes_around(lat=area.lat, lon=area.lon, radius_m=area.radius_m)
        return Bounds(west=boxes[0][0], south=boxes[0][1], east=boxes[-1][2], north=boxes[0][3])
    places = [place for part in side_by_side(area) for place in part[0]]
    lons, lats = zip(*places, strict=True)
    west, east = (_on_the_map(lon) for lon in (min(lons), max(lons)))
    return Bounds(west=west, south=min(lats), east=east, north=max(lats))


def area_km2(area: Area) -> float:
    if isinstance(area, Circle):
        return math.pi * area.radius_m**2 / 1e6
    return sum(_ring_km2(part[0]) - sum(_ring_km2(hole) for hole in part[1:]) for part in area.parts)


def size_m(area: Area) -> float:
    """The radius, or that of a circle of the same area."""
    return area.radius_m if isinstance(area, Circle) else math.sqrt(area_km2(area) * 1e6 / math.pi)


def center(area: Area) -> tuple[float, float]:
    """(lon, lat) of a circle's centre, or of a polygon's centre of gravity, which may lie outside of it."""
    if isinstance(area, Circle):
        return area.lon, area.lat
    middle = shapely.MultiPolygon([(part[0], part[1:]) for part in side_by_side(area)]).centroid
    return _on_the_map(middle.x), middle.y


def overlap(one: Area, other: Area) -> bool:
    """They have a place in common, be it on their rims."""
    if isinstance(one, Polygon):
        if isinstance(other, Polygon):
            return bool(shapely.intersects(_plane(one), _plane(other)))
        one, other = other, one
    return shape_of(other).depth_m(earth.here(lat=one.lat, lon=one.lon)) >= -one.radius_m


def farthest_corner_m(area: Polygon, *, lat: float, lon: float) -> float:
    """From a place to the corner of the polygon that is farthest from it."""
    around = CircleShape(Circle(lat=lat, lon=lon, radius_m=1))
    corners = {place for part in area.parts for place in part[0]}
    return max(1 - around.depth_m(earth.here(lat=to_lat, lon=to_lon)) for to_lon, to_lat in corners)


def side_by_side(area: Polygon) -> list[Part]:
    """The parts with longitudes that run on past 180 where the area lies across it, so that they lie together."""
    first = area.parts[0][0][0][0]
    together = []
    for part in area.parts:
        turn = 360 * round((first - part[0][0][0]) / 360)
        together.append(tuple(tuple((lon + turn, lat) for lon, lat in ring) for ring in part))
    return together


def _plane(area: Polygon) -> shapely.MultiPolygon:
    return shapely.MultiPolygon([(part[0], part[1:]) for part in area.parts])


def _on_the_map(lon: float) -> float:
    return lon if -180 <= lon <= 180 else (lon + 180) % 360 - 180


def _ring_km2(ring: Ring) -> float:
    """Between the ring and the equator, edge by edge: the mean of the zone's height function times the width.

    The mean is Simpson's, right to a millionth for edges of a degree.
    """
    lon, lat = np.array(ring, dtype=np.float64).T
    height = _zones_m2(lat)
    mean = (height[:-1] + 4 * _zones_m2((lat[:-1] + lat[1:]) / 2) + height[1:]) / 6
    return abs(float(np.dot(mean, np.radians(np.diff(lon))))) / 1e6


def _zones_m2(lat: Floats) -> Floats:
    """The ellipsoid's surface between the equator and these latitudes, for each radian of longitude."""
    sine = np.sin(np.radians(lat))
    tilt = ECCENTRICITY * sine
    surface: Floats = POLAR_M**2 / 2 * (sine / (1 - tilt * tilt) + np.arctanh(tilt) / ECCENTRICITY)
    return surface
