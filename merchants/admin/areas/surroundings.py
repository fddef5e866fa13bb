"""What the maps of the forms show beside what is drawn: stores and other areas, of those that the user may see."""

from typing import Any

from geooffers.matching.areas import Circle
from merchants.fences.areas import Row, live_area
from merchants.models import ExclusionZone, FenceState, Geofence, Merchant, Store, User
from merchants.people import access

# More than a person can tell apart on a map, and few enough for a browser to draw at once.
MOST = 200


def around_store(*, store: Store, user: User) -> dict[str, Any]:
    """Zones for operators only: a merchant is not to learn from us where a clinic is."""
    fences = access.geofences_for(user).filter(store__merchant_id=store.merchant_id)
    return {
        "store": {"name": store.name, "lat": store.lat, "lon": store.lon},
        "fences": [_shown(fence) for fence in fences.exclude(state=FenceState.ARCHIVED).order_by("pk")[:MOST]],
        "zones": all_zones()["zones"] if access.is_operator(user) else [],
    }


def all_zones() -> dict[str, Any]:
    zones = ExclusionZone.objects.filter(active=True).order_by("pk")[:MOST]
    return {"store": None, "fences": [], "zones": [_shown(zone) for zone in zones]}


def neighbours_of(*, store: Store, merchant: Merchant | None) -> list[dict[str, Any]]:
    """The merchant's other open stores. For an operator who adds a store the merchant is not known yet."""
    if merchant is None:
        return []
    others = Store.objects.filter(merchant=merchant, archived_at=None).exclude(pk=store.pk).order_by("name")
    return [{"name": other.name, "lat": other.lat, "lon": other.lon} for other in others[:MOST]]


def _shown(row: Geofence | ExclusionZone) -> dict[str, Any]:
    return {"id": row.pk, "name": row.name, "area": _area(row)}


def _area(row: Row) -> dict[str, Any]:
    """As map-shapes.js holds it; of a zone what is closed, with its buffer."""
    area = live_area(row)
    if isinstance(area, Circle):
        return {"kind": "circle", "lat": area.lat, "lon": area.lon, "radius": area.radius_m}
    return {"kind": "polygon", "parts": area.parts}
