"""GeoJSON text -> area. Limits are on the text itself, so that the parser never meets what could hurt it."""

import json
import re
from typing import Any

from geooffers.matching.areas import Polygon
from merchants.fences.geometry.reading import MAX_PARTS, MAX_VERTICES, from_geojson
from merchants.fences.geometry.refusals import GeometryRefused

MAX_CHARACTERS = 1_000_000
MAX_DEPTH = 32
MAX_NUMBER_CHARACTERS = 32

# A place is one bracket; rings of four places and parts have theirs. More than this is more than the vertices allowed.
_MAX_BRACKETS = MAX_VERTICES + MAX_VERTICES // 4 + MAX_PARTS + 100

_WELL_KNOWN_TEXT = re.compile(
    r"\s*(SRID\s*=\s*\d+\s*;|POINT|LINESTRING|POLYGON|MULTI\w+|GEOMETRYCOLLECTION|CIRCULARSTRING)", re.IGNORECASE
)
_WELL_KNOWN_BINARY = re.compile(r"\s*0[01][0-9a-fA-F]{8,}\s*\Z")
_COLLECTION = re.compile(r'\s*\{\s*"type"\s*:\s*"GeometryCollection"')
_MARKS = re.compile(r'[\[\]{}]|"(?:[^"\\]|\\.)*"?', re.DOTALL)


def from_text(text: str) -> Polygon:
    if _WELL_KNOWN_TEXT.match(text[:200]) or _WELL_KNOWN_BINARY.match(text[:200]) or text[:1] in ("\x00", "\x01"):
        raise GeometryRefused("not_geojson", "this looks like WKT or WKB; give GeoJSON")
    _refuse_brackets(text)
    if len(text) > MAX_CHARACTERS:
        raise GeometryRefused("too_large", f"the text has more than {MAX_CHARACTERS} characters")
    try:
        value = json.loads(
            text,
            object_pairs_hook=_once_each,
            parse_int=_integer,
            parse_float=_fraction,
        )
    except json.JSONDecodeError as error:
        raise GeometryRefused(
            "not_geojson", f"this is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        ) from error
    return from_geojson(value)


def _refuse_brackets(text: str) -> None:
    """Depth and number of brackets outside of strings, in one pass that ends at the first one too many."""
    depth = opened = 0
    for mark in _MARKS.finditer(text):
        character = text[mark.start()]
        if character in "[{":
            depth += 1
            opened += 1
        elif character in "]}":
            depth -= 1
        if depth > MAX_DEPTH:
            # A collection nested a thousand times is refused for what it is.
            if _COLLECTION.match(text):
                raise GeometryRefused("geometry_type", "a fence is a Polygon or MultiPolygon, not a GeometryCollection")
            raise GeometryRefused("too_deep", f"the text is nested deeper than {MAX_DEPTH}")
        if opened > _MAX_BRACKETS:
            raise GeometryRefused("too_many_vertices", f"a fence has at most {MAX_VERTICES} vertices")


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise GeometryRefused("duplicate_key", "a member stands twice in one object")
    return members


def _short(digits: str) -> str:
    if len(digits) > MAX_NUMBER_CHARACTERS:
        raise GeometryRefused("number_too_long", f"a number has more than {MAX_NUMBER_CHARACTERS} characters")
    return digits


def _integer(digits: str) -> int:
    return int(_short(digits))


def _fraction(digits: str) -> float:
    return float(_short(digits))
