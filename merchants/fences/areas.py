"""Rows and areas: what a fence's or zone's columns say, as an area."""

from typing import Any

from geooffers.matching import areas
from merchants.fences import geometry
from merchants.models import AreaKind, ExclusionZone, Geofence

Row = Geofence | ExclusionZone


def index_id(row: Row) -> int:
    """A geofence is known to the index by its primary key, a zone by minus its own."""
    return row.pk if isinstance(row, Geofence) else -row.pk


def is_fence(index_id: int) -> bool:
    return index_id > 0


def stored_area(row: Row) -> areas.Area:
    """As it was drawn and checked when it was written. ValueError where somebody wrote it by other ways."""
    if row.kind == AreaKind.CIRCLE:
        if row.center_lat is None or row.center_lon is None or row.radius_m is None:
            raise ValueError("a circle without its numbers")
        return areas.Circle(lat=row.center_lat, lon=row.center_lon, radius_m=row.radius_m)
    return _polygon(row.geometry)


def live_area(row: Row) -> areas.Area:
    """What is matched: a fence as it was drawn, a zone with its buffer."""
    if isinstance(row, Geofence) or row.buffer_m == 0:
        return stored_area(row)
    if row.kind == AreaKind.CIRCLE:
        return geometry.buffered(stored_area(row), buffer_m=row.buffer_m)
    return _polygon(row.buffered)


def _polygon(stored: Any) -> areas.Polygon:
    try:
        parts = [stored["coordinates"]] if stored["type"] == "Polygon" else stored["coordinates"]
        return areas.Polygon(
            parts=tuple(tuple(tuple((lon, lat) for lon, lat in ring) for ring in part) for part in parts)
        )
    except (KeyError, TypeError) as error:
        raise ValueError("a polygon without its rings") from error


def checked_area(row: Row) -> areas.Area:
    """Of a row that somebody has just filled in, its geometry parsed or as text; `geometry.GeometryRefused`."""
    if row.kind == AreaKind.CIRCLE:
        return geometry.circle(lat=row.center_lat, lon=row.center_lon, radius_m=row.radius_m)
    if row.kind != AreaKind.POLYGON:
        raise geometry.GeometryRefused("geometry_type", "an area is a circle or a polygon")
    if isinstance(row.geometry, str):
        return geometry.from_text(row.geometry)
    return geometry.from_geojson(row.geometry)


def fill_in(row: Row, area: areas.Area) -> None:
    """The columns of the other kind are emptied, whatever a form left in them."""
    if isinstance(area, areas.Circle):
        row.kind, row.geometry = AreaKind.CIRCLE, None
        row.center_lat, row.center_lon, row.radius_m = area.lat, area.lon, area.radius_m
    else:
        row.kind, row.geometry = AreaKind.POLYGON, geometry.to_geojson(area)
        row.center_lat = row.center_lon = row.radius_m = None
    _box(row, area)


def fill_in_zone(zone: ExclusionZone, area: areas.Area, *, buffer_m: float) -> None:
    """The drawn area, the buffer around it, and the box around both."""
    fill_in(zone, area)
    closed = geometry.buffered(area, buffer_m=buffer_m)
    zone.buffer_m, zone.buffered = buffer_m, None
    if buffer_m and isinstance(closed, areas.Polygon):
        zone.buffered = geometry.to_geojson(closed)
    _box(zone, closed)


def _box(row: Row, area: areas.Area) -> None:
    box = geometry.bounds(area)
    row.south, row.west, row.north, row.east = box.south, box.west, box.north, box.east
