"""A parsed GeoJSON value -> polygon, or three numbers -> circle; and back."""

from collections.abc import Sequence
from typing import Any

from geooffers.matching.areas import Circle, Part, Polygon, Ring
from merchants.fences.geometry.numbers import checked_place
from merchants.fences.geometry.refusals import GeometryRefused
from merchants.fences.geometry.validity import check_holes, check_polygon

MAX_VERTICES = 2_000
MAX_PARTS = 50
MIN_RADIUS_M = 50
MAX_RADIUS_M = 10_000

CRS84 = {"urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:OGC::CRS84", "OGC:CRS84"}


def circle(*, lat: object, lon: object, radius_m: object) -> Circle:
    checked_lon, checked_lat = checked_place([lon, lat], where="the centre")
    if isinstance(radius_m, bool) or not isinstance(radius_m, int | float):
        raise GeometryRefused("wrong_type", "the radius must be a number")
    # Written so that NaN is out of range.
    if not MIN_RADIUS_M <= radius_m <= MAX_RADIUS_M:
        raise GeometryRefused("radius_range", f"the radius must be between {MIN_RADIUS_M} and {MAX_RADIUS_M:,} m")
    return Circle(lat=checked_lat, lon=checked_lon, radius_m=float(radius_m))


def from_geojson(value: object) -> Polygon:
    """A Polygon or MultiPolygon; a Feature of one, or a collection of one such Feature, is taken for its geometry."""
    geometry = _geometry_of(value)
    kind = geometry.get("type")
    coordinates = geometry.get("coordinates")
    if kind == "Polygon":
        rings_of_parts: Sequence[Any] = [coordinates]
    elif kind == "MultiPolygon":
        rings_of_parts = _sequence(coordinates, what="coordinates")
    else:
        raise GeometryRefused("geometry_type", "a fence is a Polygon or MultiPolygon")
    if not rings_of_parts:
        raise GeometryRefused("empty_geometry", "the geometry has no part")
    if len(rings_of_parts) > MAX_PARTS:
        raise GeometryRefused("too_many_parts", f"a fence has at most {MAX_PARTS} parts")
    counted = _refuse_too_many([_sequence(rings, what="a polygon") for rings in rings_of_parts])
    parts = tuple(_part(rings, number) for number, rings in enumerate(counted, start=1))
    for part in parts:
        check_holes(part)
    area = Polygon(parts=parts)
    check_polygon(area)
    return area


def to_geojson(area: Polygon) -> dict[str, Any]:
    parts = [[[list(place) for place in ring] for ring in part] for part in area.parts]
    if len(parts) == 1:
        return {"type": "Polygon", "coordinates": parts[0]}
    return {"type": "MultiPolygon", "coordinates": parts}


def _geometry_of(value: object) -> dict[str, Any]:
    """Three steps at most, whatever is nested in what."""
    for wrapper in ("FeatureCollection", "Feature"):
        value = _object(value)
        if value.get("type") != wrapper:
            continue
        _check_crs(value)
        if wrapper == "Feature":
            value = value.get("geometry")
        else:
            features = _sequence(value.get("features"), what="features")
            if len(features) != 1:
                raise GeometryRefused("one_feature", f"the collection has {len(features)} features; give one")
            value = features[0]
    geometry = _object(value)
    _check_crs(geometry)
    return geometry


def _object(value: object) -> dict[str, Any]:
    if value is None:
        raise GeometryRefused("empty_geometry", "there is no geometry")
    if isinstance(value, str):
        raise GeometryRefused("not_geojson", "give a GeoJSON object, not text")
    if not isinstance(value, dict):
        raise GeometryRefused("not_geojson", "a geometry is an object with a type and coordinates")
    return value


def _check_crs(value: dict[str, Any]) -> None:
    if "crs" not in value:
        return
    crs = value["crs"]
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if not isinstance(name, str) or name not in CRS84:
        raise GeometryRefused("crs_not_supported", "coordinates are WGS84 longitude and latitude (CRS84) only")


def _sequence(value: object, *, what: str) -> Sequence[Any]:
    if not isinstance(value, list | tuple):
        raise GeometryRefused("wrong_type", f"{what} must be an array")
    return value


def _refuse_too_many(parts: list[Sequence[Any]]) -> list[list[Sequence[Any]]]:
    counted = []
    left = MAX_VERTICES
    for rings in parts:
        # Empty rings cost no vertex, so rings are counted as well.
        if len(rings) > MAX_VERTICES:
            raise GeometryRefused("too_many_vertices", f"a fence has at most {MAX_VERTICES} vertices")
        places = [_sequence(ring, what="a ring") for ring in rings]
        left -= sum(len(ring) for ring in places)
        if left < 0:
            raise GeometryRefused("too_many_vertices", f"a fence has at most {MAX_VERTICES} vertices")
        counted.append(places)
    return counted


def _part(rings: list[Sequence[Any]], number: int) -> Part:
    if not rings or not all(rings):
        raise GeometryRefused("empty_geometry", f"part {number} has no ring, or a ring without places")
    return tuple(_ring(ring, f"part {number}, ring {at}") for at, ring in enumerate(rings, start=1))


def _ring(places: Sequence[Any], where: str) -> Ring:
    ring = tuple(checked_place(place, where=f"{where}, place {at}") for at, place in enumerate(places, start=1))
    if len(set(ring)) < 3:
        raise GeometryRefused("degenerate_ring", f"{where} has fewer than three different places", ring[0])
    if ring[0] != ring[-1]:
        raise GeometryRefused("unclosed_ring", f"{where} does not end where it begins", ring[-1])
    return ring
