"""Areas that the tests speak of, and the slow oracles that judge them."""

import math

from geopy.distance import geodesic
from hypothesis import strategies as st

from geooffers.matching.areas import Area, Circle, Fence, Polygon, Ring

# What is said of measured distances: on a flat map around the place or through space, they are right to half a percent
# and two centimetres. Two of them may err to either side.
SHARE, METRES = 0.01, 0.04
LATS = st.floats(-90, 90)
LONS = st.floats(-180, 180)
NOT_QUITE_POLES = st.floats(-89, 89)


def box(west: float, south: float, east: float, north: float) -> Ring:
    return ((west, south), (east, south), (east, north), (west, north), (west, south))


def polygon(*rings: Ring) -> Polygon:
    return Polygon(parts=(rings,))


def star(*, lat: float, lon: float, radius_deg: float, corners: int, wobble: list[float]) -> Polygon:
    """A simple ring around a place: each corner in its own direction, at its own distance. It may run past 180."""
    ring = []
    for corner in range(corners):
        angle = 2 * math.pi * corner / corners
        reach = radius_deg * wobble[corner % len(wobble)]
        ring.append((lon + reach * math.cos(angle), max(-90.0, min(90.0, lat + reach * math.sin(angle)))))
    return polygon((*ring, ring[0]))


def comb(*, teeth: int, lon: float = 24.0, lat: float = 60.0) -> Polygon:
    """A fifth of a degree wide and high, on a back of a hundredth. A tooth is as wide as the gap beside it."""
    pitch = 0.2 / teeth
    ring = [(lon + 0.2, lat + 0.01), (lon + 0.2, lat), (lon, lat)]
    for tooth in range(teeth):
        west, east = lon + tooth * pitch, lon + (tooth + 0.5) * pitch
        ring += [(west, lat + 0.01), (west, lat + 0.2), (east, lat + 0.2), (east, lat + 0.01)]
    return polygon((*ring, ring[0]))


@st.composite
def stars(draw: st.DrawFn, lat: st.SearchStrategy[float] = NOT_QUITE_POLES, most_corners: int = 60) -> Polygon:
    return star(
        lat=draw(lat),
        lon=draw(LONS),
        radius_deg=draw(st.floats(1e-4, 0.5)),
        corners=draw(st.integers(3, most_corners)),
        wobble=draw(st.lists(st.floats(0.3, 1.0), min_size=1, max_size=12)),
    )


circles = st.builds(Circle, lat=LATS, lon=LONS, radius_m=st.floats(0.5, 200_000))
areas: st.SearchStrategy[Area] = st.one_of(circles, stars())


def numbered(found: list[Area]) -> list[Fence]:
    return [Fence(id=number, area=area) for number, area in enumerate(found, start=1)]


def distance_m(lat: float, lon: float, to_lat: float, to_lon: float) -> float:
    metres: float = geodesic((lat, lon), (to_lat, to_lon)).meters
    return metres


def distance_to_edge_m(lat: float, lon: float, a: tuple[float, float], b: tuple[float, float]) -> float:
    """Least geodesic distance to the edge: the best of a row of places on it, then closing in on both sides of it."""

    def at(share: float) -> float:
        return distance_m(lat, lon, a[1] + share * (b[1] - a[1]), (a[0] + share * (b[0] - a[0]) + 180) % 360 - 180)

    best = min((number / 20 for number in range(21)), key=at)
    low, high = max(0.0, best - 0.05), min(1.0, best + 0.05)
    for _ in range(40):
        left, right = low + (high - low) / 3, high - (high - low) / 3
        if at(left) <= at(right):
            high = right
        else:
            low = left
    return at((low + high) / 2)
