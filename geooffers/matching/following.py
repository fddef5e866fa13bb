"""Matches the fixes of one phone, one after the other. Most lie so near the one before that they can touch only what
that one could.

What is near is looked up with some metres to spare, and holds for every place that is no farther away than those: the
way to a fence from there is no longer than by the place that was looked up. What the fix touches is then decided for
each, exactly and by itself.
"""

import math

from geooffers.matching import earth, outlines, touching
from geooffers.matching.answers import Match

SPARE_M = 100.0
# No degree is longer, of latitude or of longitude: the one beside a pole. To go north first and then east is a detour.
LONGEST_DEGREE_M = 111_700.0
_SPARE_DEG = SPARE_M / LONGEST_DEGREE_M


class Following:
    __slots__ = ("_accuracy_m", "_lat", "_layers", "_lon", "_near")

    def __init__(self, layers: touching.Layers) -> None:
        self._layers = layers
        self._lat = self._lon = math.nan
        self._accuracy_m = 0.0
        self._near: touching.Candidates = []

    def match_one(self, *, lat: float, lon: float, accuracy_m: float) -> tuple[Match, ...]:
        """As `Index.match_one` says it."""
        check(lat=lat, lon=lon, accuracy_m=accuracy_m)
        # Written so that the first one, compared with no place, is looked up.
        if not (abs(lat - self._lat) + abs(lon - self._lon) <= _SPARE_DEG and accuracy_m <= self._accuracy_m):
            self._lat, self._lon, self._accuracy_m = lat, lon, accuracy_m
            within = outlines.reach(earth.here(lat=lat, lon=lon), accuracy_m + SPARE_M)
            self._near = touching.candidates(self._layers, within)
        return touching.touches(self._near, earth.here(lat=lat, lon=lon), accuracy_m=accuracy_m)


def check(*, lat: float, lon: float, accuracy_m: float) -> None:
    if not (-90 <= lat <= 90 and -180 <= lon <= 180 and 0 <= accuracy_m < math.inf):
        raise ValueError("a position needs a latitude, a longitude and an accuracy")
