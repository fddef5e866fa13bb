"""Circles: the straight line through the earth decides, the geodesic settles what is too close to the rim.

Both ends are points in space, so no pole, antimeridian or latitude is special. Measured against the geodesic up to
200 km, the squared line errs by less than a tenth of the margin below; the ring in which the geodesic is asked is 25
micrometres wide at 500 m. Larger circles always ask it.
"""

import math

from geooffers.matching import earth
from geooffers.matching.areas import Circle
from geooffers.matching.decisions import LINE_DECIDES_UP_TO_M


class CircleShape:
    __slots__ = ("_across_m", "_area", "_centre", "_line2", "_margin2")

    def __init__(self, area: Circle) -> None:
        self._area = area
        self._centre = earth.here(lat=area.lat, lon=area.lon)
        self._across_m = 2 * earth.gaussian_radius(lat=area.lat)
        line = self._across_m * math.sin(min(area.radius_m / self._across_m, math.pi / 2))
        self._line2 = line * line
        if area.radius_m <= LINE_DECIDES_UP_TO_M:
            self._margin2 = self._line2 * (1e-7 + 2e-16 * self._line2) + 1e-7
        else:
            self._margin2 = math.inf

    def covers(self, *, lat: float, lon: float) -> bool:
        return self.depth_m(earth.here(lat=lat, lon=lon)) >= 0

    def depth_m(self, here: earth.Here) -> float:
        centre = self._centre
        x, y, z = here.x - centre.x, here.y - centre.y, here.z - centre.z
        line2 = x * x + y * y + z * z
        if abs(line2 - self._line2) <= self._margin2 or line2 > LINE_DECIDES_UP_TO_M**2:
            from_centre = earth.geodesic_m(lat=here.lat, lon=here.lon, to_lat=centre.lat, to_lon=centre.lon)
        else:
            from_centre = self._across_m * math.asin(math.sqrt(line2) / self._across_m)
        return self._area.radius_m - from_centre
