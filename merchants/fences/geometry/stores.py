"""A fence belongs to a store: it is around it, not in the next town."""

from geooffers.matching import earth
from geooffers.matching.areas import Area, Polygon
from merchants.fences.geometry.measures import center, farthest_corner_m
from merchants.fences.geometry.reading import MAX_RADIUS_M
from merchants.fences.geometry.refusals import GeometryRefused

MAX_FROM_STORE_M = 5_000

# As far as the widest circle may reach. Parts on two sides of a store have their middle at it, and must be near it too.
MAX_REACH_M = MAX_FROM_STORE_M + MAX_RADIUS_M


def check_near_store(area: Area, *, store_lat: float, store_lon: float) -> None:
    lon, lat = center(area)
    distance = earth.geodesic_m(lat=lat, lon=lon, to_lat=store_lat, to_lon=store_lon)
    if distance > MAX_FROM_STORE_M:
        swapped = abs(lon) <= 90 and _is_near(lat=lon, lon=lat, store_lat=store_lat, store_lon=store_lon)
        hint = "; are latitude and longitude swapped?" if swapped or distance > 100_000 else ""
        message = f"the fence is {distance / 1000:,.1f} km from the store; {MAX_FROM_STORE_M / 1000:g} km are allowed"
        raise GeometryRefused("too_far_from_store", message + hint, (lon, lat))
    if isinstance(area, Polygon) and farthest_corner_m(area, lat=store_lat, lon=store_lon) > MAX_REACH_M:
        raise GeometryRefused(
            "too_far_from_store", f"the fence reaches farther than {MAX_REACH_M / 1000:g} km from the store", (lon, lat)
        )


def _is_near(*, lat: float, lon: float, store_lat: float, store_lon: float) -> bool:
    return earth.geodesic_m(lat=lat, lon=lon, to_lat=store_lat, to_lon=store_lon) <= MAX_FROM_STORE_M
