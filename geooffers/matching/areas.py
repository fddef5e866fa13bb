"""What can be matched: circles on the ellipsoid and polygons with straight longitude/latitude edges.

The caller has checked the numbers (`merchants.fences.geometry` knows the limits and says what is wrong).
What is refused here would give wrong answers silently: a number that is not one, a ring that does not close.
"""

import math
from dataclasses import dataclass

Ring = tuple[tuple[float, float], ...]
Part = tuple[Ring, ...]


@dataclass(frozen=True, kw_only=True)
class Circle:
    """Every place whose geodesic distance from the centre is at most the radius: the rim belongs to it."""

    lat: float
    lon: float
    radius_m: float

    def __post_init__(self) -> None:
        if not (-90 <= self.lat <= 90 and -180 <= self.lon <= 180 and 0 < self.radius_m < math.inf):
            raise ValueError("a circle needs a latitude, a longitude and a radius above zero")


@dataclass(frozen=True, kw_only=True)
class Polygon:
    """One or more parts; a part is an outer ring and its holes; a ring is closed and made of (lon, lat).

    Edges are straight in longitude and latitude, the boundary belongs to the polygon. Across the antimeridian either
    the longitudes run on past 180 (170, 190), or there is a part on each side, which touch at 180.
    """

    parts: tuple[Part, ...]

    def __post_init__(self) -> None:
        if not self.parts or not all(self.parts):
            raise ValueError("a polygon needs a part, and a part an outer ring")
        for part in self.parts:
            for ring in part:
                if len(ring) < 4 or ring[0] != ring[-1]:
                    raise ValueError("a ring needs four places, the last being the first")
                for lon, lat in ring:
                    if not (-90 <= lat <= 90 and -540 <= lon <= 540):
                        raise ValueError("a ring needs finite longitudes and latitudes")
            if not all(_holds(part[0], hole) for hole in part[1:]):
                raise ValueError("a hole needs to lie within its ring's bounds")


def _holds(outer: Ring, hole: Ring) -> bool:
    """Where rings cross, edges are counted, as shapely does; but past the outer ring's bounds it does not look."""
    west, east = min(lon for lon, _ in outer), max(lon for lon, _ in outer)
    south, north = min(lat for _, lat in outer), max(lat for _, lat in outer)
    return all(west <= lon <= east and south <= lat <= north for lon, lat in hole)


Area = Circle | Polygon


@dataclass(frozen=True, kw_only=True)
class Fence:
    """An area and the number its owner knows it by. What the number means is the owner's business."""

    id: int
    area: Area
