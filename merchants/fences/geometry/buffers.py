"""An area and everything within so many metres of it, by the geodesic.

A circle's radius grows, which is exact. A polygon is laid on a plane on which every place keeps its geodesic distance
and direction from the polygon's middle (azimuthal equidistant, on the ellipsoid), grown there, and laid back. What the
plane does to other distances, what the straight pieces of a curve cut off, and what rounding takes is made up for
outwards: the result holds every place within the distance, and none that is a metre farther; a test measures both.
"""

import math

import numpy as np
import numpy.typing as npt
import shapely

from geooffers.matching import earth
from geooffers.matching.areas import Area, Circle, Polygon
from merchants.fences.geometry.measures import center, farthest_corner_m, side_by_side
from merchants.fences.geometry.refusals import GeometryRefused

Floats = npt.NDArray[np.float64]

# Pieces of a quarter of a circle. At 610 m one strays 18 cm; pieces that touch the circle from outside miss nothing.
QUARTER = 32
OUTWARD = 1 / math.cos(math.pi / 4 / QUARTER)
# How far a piece of an edge may stray when it is straight on the one side and not on the other, and what is spared for
# it, for leaving out corners that hardly are any, and for rounding to 7 digits.
STRAY_M, SIMPLER_M, SPARE_M = 0.02, 0.03, 0.12
# Nearer to a pole longitudes turn faster than edges can follow.
MOST_LAT = 89.5


def buffered(area: Area, *, buffer_m: float) -> Area:
    if buffer_m == 0:
        return area
    if isinstance(area, Circle):
        return Circle(lat=area.lat, lon=area.lon, radius_m=area.radius_m + buffer_m)
    if any(abs(lat) > MOST_LAT for part in area.parts for _, lat in part[0]):
        raise GeometryRefused("near_a_pole", f"a buffer needs an area between {-MOST_LAT} and {MOST_LAT} degrees")
    plane = _Plane(area)
    # On the plane a distance across the way to the middle is longer than on the ground, by a sixth of its square.
    reach = (farthest_corner_m(area, lat=plane.lat, lon=plane.lon) + buffer_m) / earth.MEAN_RADIUS_M
    grow_m = buffer_m * OUTWARD * (1 + reach * reach / 5) + SPARE_M
    grown = shapely.buffer(plane.laid(area), grow_m, quad_segs=QUARTER)
    return plane.back(shapely.segmentize(shapely.simplify(grown, SIMPLER_M), plane.piece_m))


class _Plane:
    def __init__(self, area: Polygon) -> None:
        self.lon, self.lat = center(area)
        steepest = max(abs(lat) for part in area.parts for _, lat in part[0])
        # A straight line in longitude and latitude bends away from the geodesic by L² tan(lat) / 8R.
        bend = math.tan(math.radians(max(steepest, 1))) / (8 * earth.MEAN_RADIUS_M)
        self.piece_m = math.sqrt(STRAY_M / bend)

    def laid(self, area: Polygon) -> shapely.Geometry:
        parts = [
            shapely.Polygon(self._ring(part[0]), [self._ring(hole) for hole in part[1:]]) for part in side_by_side(area)
        ]
        # Parts that touched along 180 degrees are one on the ground.
        return shapely.union_all(parts)

    def back(self, shape: shapely.Geometry) -> Polygon:
        lons_lats = shapely.transform(shape, self._unlaid)
        return Polygon(parts=tuple(_part(polygon) for polygon in _polygons(_cut_at_180(lons_lats))))

    def _ring(self, ring: tuple[tuple[float, float], ...]) -> Floats:
        places = np.array(ring, dtype=np.float64)
        lon, lat = _in_pieces(places, longest_m=self.piece_m)
        count = len(lon)
        azimuth, _, away = earth.ellipsoid().inv(np.full(count, self.lon), np.full(count, self.lat), lon, lat)
        return np.column_stack([away * np.sin(np.radians(azimuth)), away * np.cos(np.radians(azimuth))])

    def _unlaid(self, points: Floats) -> Floats:
        azimuth = np.degrees(np.arctan2(points[:, 0], points[:, 1]))
        away = np.hypot(points[:, 0], points[:, 1])
        count = len(points)
        lon, lat, _ = earth.ellipsoid().fwd(np.full(count, self.lon), np.full(count, self.lat), azimuth, away)
        # Beside the middle, be it past 180.
        return np.column_stack([self.lon + (np.asarray(lon) - self.lon + 180) % 360 - 180, lat])


def _in_pieces(places: Floats, *, longest_m: float) -> tuple[Floats, Floats]:
    """Places on the edges, which are straight in longitude and latitude, no two of them farther apart than that."""
    start, end = places[:-1], places[1:]
    lengths = np.hypot(*((end - start) * earth.EQUATOR_M * math.pi / 180).T)
    lons, lats = [], []
    for (lon, lat), (to_lon, to_lat), pieces in zip(start, end, np.ceil(lengths / longest_m), strict=True):
        shares = np.arange(max(int(pieces), 1)) / max(int(pieces), 1)
        lons.append(lon + shares * (to_lon - lon))
        lats.append(lat + shares * (to_lat - lat))
    return np.concatenate([*lons, places[-1:, 0]]), np.concatenate([*lats, places[-1:, 1]])


def _cut_at_180(shape: shapely.Geometry) -> shapely.Geometry:
    west, _, east, _ = shapely.bounds(shape)
    if west >= -180 and east <= 180:
        return shape
    pieces = []
    for turn in range(math.floor((west + 180) / 360), math.ceil((east + 180) / 360)):
        world = shapely.box(-180 + 360 * turn, -90, 180 + 360 * turn, 90)
        pieces.append(_turned(shapely.intersection(shape, world), by_deg=-360 * turn))
    # Not joined: they touch at 180 and -180, which the plane takes for two places.
    return shapely.GeometryCollection(pieces)


def _turned(shape: shapely.Geometry, *, by_deg: float) -> shapely.Geometry:
    def turn(places: Floats) -> Floats:
        turned: Floats = places + np.array([by_deg, 0.0])
        return turned

    return shapely.transform(shape, turn)


def _polygons(shape: shapely.Geometry) -> list[shapely.Polygon]:
    parts = [shape] if isinstance(shape, shapely.Polygon) else list(shapely.get_parts(shape))
    found: list[shapely.Polygon] = []
    for part in parts:
        if isinstance(part, shapely.Polygon):
            found += [part] if not part.is_empty else []
        else:
            found += _polygons(part)
    return found


def _part(polygon: shapely.Polygon) -> tuple[tuple[tuple[float, float], ...], ...]:
    rings = [polygon.exterior, *polygon.interiors]
    return tuple(tuple((round(lon, 7), round(lat, 7)) for lon, lat in ring.coords) for ring in rings)
