"""Circles for phones, whose region monitoring knows nothing else: around a polygon, and never too small to be noticed.

A circle is larger than what it stands for. By how much is told with it: it is the share of the circle in which a phone
wakes its app for nothing.
"""

import math
from dataclasses import dataclass

import numpy as np
import shapely

from geooffers.matching import earth
from geooffers.matching.areas import Area, Circle
from geooffers.matching.edges import TOLERANCE_M, places_along
from merchants.fences.geometry.measures import area_km2, center
from merchants.fences.geometry.numbers import DECIMALS


@dataclass(frozen=True, kw_only=True)
class Covering:
    """A circle that holds an area; `over_trigger_share` of it lies outside of that area."""

    circle: Circle
    over_trigger_share: float


def covering(area: Area, *, least_radius_m: float) -> Covering:
    around = enclosing_circle(area)
    circle = Circle(lat=around.lat, lon=around.lon, radius_m=max(around.radius_m, least_radius_m))
    share = 1 - area_km2(area) / _cap_km2(circle)
    return Covering(circle=circle, over_trigger_share=round(min(max(share, 0.0), 1.0), 4))


def enclosing_circle(area: Area) -> Circle:
    """The smallest circle that holds the area, its radius in whole metres; a circle is its own.

    The centre is found on a flat map around the polygon's middle, which no pole and no antimeridian disturbs. How far
    the boundary reaches from there is the geodesic's word, so whatever the map distorts, nothing lies outside.
    """
    if isinstance(area, Circle):
        return area
    lon, lat = places_along(area).T
    middle_lon, middle_lat = center(area)
    geodesic = earth.ellipsoid()
    azimuth, _, away = geodesic.inv(np.full_like(lon, middle_lon), np.full_like(lat, middle_lat), lon, lat)
    flat = np.column_stack([away * np.sin(np.radians(azimuth)), away * np.cos(np.radians(azimuth))])
    around = shapely.minimum_bounding_circle(shapely.linestrings(flat))
    east_m, north_m = shapely.get_coordinates(shapely.centroid(around))[0].tolist()
    to_lon, to_lat, _ = geodesic.fwd(
        middle_lon, middle_lat, math.degrees(math.atan2(east_m, north_m)), math.hypot(east_m, north_m)
    )
    at_lon, at_lat = round(to_lon, DECIMALS), round(to_lat, DECIMALS)
    reach = geodesic.inv(np.full_like(lon, at_lon), np.full_like(lat, at_lat), lon, lat)[2].max()
    return Circle(lat=at_lat, lon=at_lon, radius_m=float(math.ceil(reach + 2 * TOLERANCE_M)))


def _cap_km2(circle: Circle) -> float:
    """On the sphere that fits best there."""
    sphere_m = earth.gaussian_radius(lat=circle.lat)
    return 2 * math.pi * sphere_m**2 * (1 - math.cos(min(circle.radius_m / sphere_m, math.pi))) / 1e6
