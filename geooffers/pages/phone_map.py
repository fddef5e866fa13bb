"""What the map of `/phone` shows: live fences, and the zones in which nobody is tracked."""

from typing import Any

from geooffers.matching.areas import Circle
from merchants.fences import geometry
from merchants.fences.areas import Row, live_area
from merchants.models import ExclusionZone, FenceState, Geofence

# A browser draws so many without stuttering; `total` tells when there are more.
MOST_FENCES = 300


def shown() -> dict[str, Any]:
    live = Geofence.objects.filter(
        state=FenceState.LIVE, store__archived_at=None, store__merchant__archived_at=None
    ).select_related("store__merchant")
    zones = ExclusionZone.objects.filter(active=True)
    return {
        "fences": [_fence(fence) for fence in live.order_by("pk")[:MOST_FENCES]],
        "zones": [{"name": zone.name, "area": _area(zone)} for zone in zones.order_by("pk")[:MOST_FENCES]],
        "total": live.count(),
    }


def _fence(fence: Geofence) -> dict[str, Any]:
    return {
        "id": str(fence.public_id),
        "name": fence.name,
        "store": fence.store.name,
        "lat": fence.store.lat,
        "lon": fence.store.lon,
        "merchant": fence.store.merchant.name,
        "colour": fence.store.merchant.colour,
        "area": _area(fence),
    }


def _area(row: Row) -> dict[str, Any]:
    area = live_area(row)
    if isinstance(area, Circle):
        return {"kind": row.kind, "lat": area.lat, "lon": area.lon, "radius_m": area.radius_m}
    return {"kind": row.kind, "geometry": geometry.to_geojson(area)}
