"""Polygons: shapely decides inside or outside, on longitudes and latitudes as they were given; edges.py measures."""

import functools
import math

import numpy as np
import shapely

from geooffers.matching import earth
from geooffers.matching.areas import Polygon
from geooffers.matching.edges import Boundary

# An outside place is never said to be 0 m deep, however close: the sign is shapely's answer, the figure is rounded.
NANOMETRE = 1e-9


class PolygonShape:
    def __init__(self, area: Polygon) -> None:
        self._area = area
        polygons = [shapely.Polygon(np.array(part[0]), [np.array(hole) for hole in part[1:]]) for part in area.parts]
        # Parts may touch along 180 degrees, or at a pole, where the plane sees a shared edge: fine for covers.
        self._geometry = polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)
        self._bounds = self._geometry.bounds

    @functools.cached_property
    def _boundary(self) -> Boundary:
        """Made when it is first asked for: a question about inside or outside does not need it."""
        return Boundary.of(self._area)

    def depth_m(self, here: earth.Here) -> float:
        distance = self._boundary.distance_m(here)
        return distance if self.covers(lat=here.lat, lon=here.lon) else -max(distance, NANOMETRE)

    def covers(self, *, lat: float, lon: float) -> bool:
        west, south, east, north = self._bounds
        if not south <= lat <= north:
            return False
        # The same place under each longitude that the polygon might know it by: 180 and -180, -170 and 190.
        first = math.ceil((west - lon) / 360)
        last = math.floor((east - lon) / 360)
        return any(shapely.intersects_xy(self._geometry, lon + 360 * turn, lat) for turn in range(first, last + 1))
