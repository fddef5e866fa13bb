"""Circles: the straight line through the earth decides, the geodesic settles what is too close to the rim.

Both ends are points in space, so no pole, antimeridian or latitude is special. Measured against the geodesic up to
200 km, the squared line errs by less than a tenth of the margin in decisions.py; the ring in which the geodesic is
asked is 25 micrometres wide at 500 m. Larger circles always ask it.
"""

import math
from collections.abc import Sequence

from geooffers.matching import earth
from geooffers.matching.areas import Circle
from geooffers.matching.decisions import LARGEST_LINE2, OPEN, in_circle


def depth_m(here: earth.Here, circles: Sequence[float], at: int, *, lat: float, lon: float, radius_m: float) -> float:
    """From the rim: positive inside, zero on it, negative outside. `circles` holds x, y, z of each centre and the
    squared straight line from there to the rim; `at` is where this one begins.
    """
    z = circles[at + 2]
    dx, dy, dz = here.x - circles[at], here.y - circles[at + 1], here.z - z
    away2 = dx * dx + dy * dy + dz * dz
    if away2 > LARGEST_LINE2 or in_circle(circles, at, here.x, here.y, here.z) == OPEN:
        return radius_m - earth.geodesic_m(lat=here.lat, lon=here.lon, to_lat=lat, to_lon=lon)
    across_m = 2 * earth.gaussian_radius_at(z=z)
    return radius_m - across_m * math.asin(math.sqrt(away2) / across_m)


class CircleShape:
    __slots__ = ("_area", "_circle")

    def __init__(self, area: Circle) -> None:
        self._area = area
        centre = earth.here(lat=area.lat, lon=area.lon)
        across_m = 2 * earth.gaussian_radius(lat=area.lat)
        line = across_m * math.sin(min(area.radius_m / across_m, math.pi / 2))
        self._circle = (centre.x, centre.y, centre.z, line * line)

    def covers(self, *, lat: float, lon: float) -> bool:
        return self.depth_m(earth.here(lat=lat, lon=lon)) >= 0

    def depth_m(self, here: earth.Here) -> float:
        area = self._area
        return depth_m(here, self._circle, 0, lat=area.lat, lon=area.lon, radius_m=area.radius_m)
