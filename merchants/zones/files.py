"""A GeoJSON file of places -> named areas, each checked as a drawn one is. All faults are told, not the first alone."""

import json
from dataclasses import dataclass
from typing import Any

from geooffers.matching.areas import Area
from merchants.fences import geometry
from merchants.fences.geometry import GeometryRefused
from merchants.fences.geometry.reading import CRS84
from merchants.shops import texts

MOST_BYTES = 64_000_000
MOST_FEATURES = 50_000
FAULTS_TOLD = 20


@dataclass(frozen=True, kw_only=True)
class ZonePlace:
    name: str
    area: Area


class BadFile(Exception):
    """`faults` says what is wrong, feature by feature."""

    def __init__(self, *faults: str) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


def read(content: bytes, *, point_radius_m: float | None = None) -> list[ZonePlace]:
    """A FeatureCollection of polygons, and of points if it is told how far the place around a point reaches."""
    features = _features(content)
    places, faults = [], []
    for number, feature in enumerate(features, start=1):
        try:
            places.append(_place(feature, number=number, point_radius_m=point_radius_m))
        except GeometryRefused as refused:
            faults.append(f"feature {number}: {refused.message} ({refused.code})")
    if faults:
        more = len(faults) - FAULTS_TOLD
        raise BadFile(*faults[:FAULTS_TOLD], *([f"and {more} more"] if more > 0 else []))
    return places


def _features(content: bytes) -> list[Any]:
    if len(content) > MOST_BYTES:
        raise BadFile(f"the file has more than {MOST_BYTES // 1_000_000} MB")
    try:
        told = json.loads(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise BadFile(f"this is no GeoJSON: {error}") from error
    if not isinstance(told, dict) or told.get("type") != "FeatureCollection":
        raise BadFile("this is no GeoJSON FeatureCollection")
    _check_crs(told.get("crs"))
    features = told.get("features")
    if not isinstance(features, list) or not features:
        raise BadFile("the collection has no features")
    if len(features) > MOST_FEATURES:
        raise BadFile(f"the collection has more than {MOST_FEATURES:,} features; give several files, a source each")
    return features


def _check_crs(crs: Any) -> None:
    name = ((crs or {}).get("properties") or {}).get("name") if isinstance(crs, dict | None) else crs
    if crs is not None and name not in CRS84:
        raise BadFile("coordinates are WGS84 longitude and latitude (CRS84) only")


def _place(feature: Any, *, number: int, point_radius_m: float | None) -> ZonePlace:
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        raise GeometryRefused("not_geojson", "this is no Feature")
    drawn = feature.get("geometry")
    if isinstance(drawn, dict) and drawn.get("type") == "Point":
        area = _around_point(drawn.get("coordinates"), radius_m=point_radius_m)
    else:
        area = geometry.from_geojson(drawn)
    return ZonePlace(name=_name(feature, number=number), area=area)


def _around_point(coordinates: Any, *, radius_m: float | None) -> Area:
    if radius_m is None:
        raise GeometryRefused("geometry_type", "a point needs to be told how far its place reaches")
    if not isinstance(coordinates, list) or len(coordinates) < 2:
        raise GeometryRefused("wrong_type", "a point has a longitude and a latitude")
    return geometry.circle(lon=coordinates[0], lat=coordinates[1], radius_m=radius_m)


def _name(feature: dict[str, Any], *, number: int) -> str:
    """For operators, who look for a place by it."""
    properties = feature.get("properties")
    named = properties if isinstance(properties, dict) else {}
    for told in (named.get("name"), named.get("NAME"), feature.get("id")):
        if isinstance(told, str | int) and (text := texts.clean(str(told))[:100].strip()):
            return text
    return f"feature {number}"
