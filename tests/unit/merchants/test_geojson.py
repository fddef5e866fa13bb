"""Hostile and clumsy GeoJSON: each kind is refused by its own code, at its place."""

import json
import math
from typing import Any

import pytest

from merchants.fences import geometry
from tests.unit.merchants.shapes import HOLE, SQUARE, moved, multi, polygon, refused, refused_text


def test_a_square_with_a_courtyard_is_taken() -> None:
    area = geometry.from_geojson(polygon(SQUARE, HOLE))
    assert len(area.parts[0]) == 2
    assert geometry.to_geojson(area) == polygon(SQUARE, HOLE)


def test_two_parts_are_taken_and_given_back() -> None:
    value = multi([SQUARE], [moved(SQUARE, 0.02)])
    assert geometry.from_geojson(geometry.to_geojson(geometry.from_geojson(value))) == geometry.from_geojson(value)


def test_a_feature_and_a_collection_of_one_are_taken_for_their_geometry() -> None:
    feature = {"type": "Feature", "properties": None, "geometry": polygon(SQUARE)}
    collection = {"type": "FeatureCollection", "features": [feature]}
    plain = geometry.from_geojson(polygon(SQUARE))
    assert geometry.from_geojson(feature) == geometry.from_geojson(collection) == plain
    assert refused({"type": "FeatureCollection", "features": [feature, feature]}).code == "one_feature"
    assert refused({"type": "FeatureCollection", "features": []}).code == "one_feature"
    assert refused({"type": "Feature", "geometry": collection}).code == "geometry_type"


# Row 29
def test_only_polygons_are_fences() -> None:
    for kind in ("Point", "LineString", "GeometryCollection", "polygon", "Circle", None, 7, ["Polygon"]):
        assert refused({"type": kind, "coordinates": [[1, 2]], "geometries": []}).code == "geometry_type"
    nested: dict[str, Any] = {"type": "Point"}
    for _ in range(30_000):
        nested = {"type": "GeometryCollection", "geometries": [nested]}
    assert refused(nested).code == "geometry_type"
    while "geometries" in nested:  # taken apart from outside: freeing it whole would recurse
        nested = nested["geometries"][0]


def test_text_nested_thirty_thousand_deep_is_refused_for_what_it_is() -> None:
    depth = 30_000
    text = '{"type":"GeometryCollection","geometries":[' * depth + "]}" * depth
    assert refused_text(text).code == "geometry_type"
    assert refused_text('{"type":"Polygon","coordinates":' + "[" * depth + "]" * depth + "}").code == "too_deep"
    assert refused_text("[" * 1_000_000).code == "too_deep"


# Row 30
@pytest.mark.parametrize(
    "text",
    [
        "POLYGON ((0 0, 1 0, 1 1, 0 0))",
        "SRID=4326;POLYGON((0 0, 1 0, 1 1, 0 0))",
        " multipolygon z (((0 0 1, 1 0 1, 1 1 1, 0 0 1)))",
        "010300000001000000040000000000000000000000000000000000000000000000",
        "\x01\x03\x00\x00\x00",
        "",
        "null x",
        "{'type': 'Polygon'}",
    ],
)
def test_what_is_not_geojson_is_refused(text: str) -> None:
    assert refused_text(text).code == "not_geojson"


def test_broken_json_is_refused_with_its_line_and_column() -> None:
    assert "line 2, column 3" in refused_text('{"type":\n  Polygon}').message


@pytest.mark.parametrize("value", ["POLYGON ((0 0))", [SQUARE], 12, True])
def test_a_parsed_value_that_is_no_object_is_refused(value: object) -> None:
    assert refused(value).code == "not_geojson"


# Row 31
def test_too_many_vertices_are_refused_before_they_are_read() -> None:
    million = [[0.0, 0.0]] * 1_000_000
    assert refused(polygon(million)).code == "too_many_vertices"
    assert refused(multi(*[[[["not", "read"]] * 100]] * 21)).code == "too_many_vertices"
    assert refused_text('{"type":"Polygon","coordinates":[[' + "[1,2]," * 1_000_000).code == "too_many_vertices"
    assert refused(polygon(*[[]] * 3_000)).code == "too_many_vertices"


def test_two_thousand_vertices_and_fifty_parts_are_taken_and_no_more() -> None:
    def circle_of(places: int) -> list[list[float]]:
        turns = [2 * math.pi * number / (places - 1) for number in range(places - 1)]
        ring = [[24.95 + 0.05 * math.cos(turn), 60.17 + 0.03 * math.sin(turn)] for turn in turns]
        return [*ring, ring[0]]

    assert len(geometry.from_geojson(polygon(circle_of(2_000))).parts[0][0]) == 2_000
    assert refused(polygon(circle_of(2_001))).code == "too_many_vertices"
    parts = [
        [moved([[x / 20, 60 + y / 1e3] for x, y in [(0, 0), (1, 0), (1, 1), (0, 0)]], 0.06 * n)] for n in range(51)
    ]
    assert len(geometry.from_geojson(multi(*parts[:50])).parts) == 50
    assert refused(multi(*parts)).code == "too_many_parts"


def test_a_text_too_large_to_be_a_fence_is_refused() -> None:
    assert refused_text('{"type":"Polygon","name":"' + "x" * 1_000_001 + '"}').code == "too_large"


# Row 39
@pytest.mark.parametrize(
    ("place", "code"),
    [
        ([math.nan, 60], "number_not_finite"),
        ([24, math.inf], "number_not_finite"),
        ([24, 60, math.nan], "number_not_finite"),
        ([24, 60, 1, 2], "position_size"),
        ([24], "position_size"),
        ([], "position_size"),
        (["24.9", 60], "wrong_type"),
        ([True, 60], "wrong_type"),
        ([None, 60], "wrong_type"),
        ([[24], 60], "wrong_type"),
        ("24,60", "wrong_type"),
        ({"lon": 24, "lat": 60}, "wrong_type"),
        (24.9, "wrong_type"),
        ([24, 60, "high"], "wrong_type"),
        ([181, 60], "out_of_range"),
        ([60, 91], "out_of_range"),
        ([10**400, 60], "out_of_range"),
        ([24, -(10**5_000)], "out_of_range"),
    ],
)
def test_a_place_that_is_none_is_refused(place: object, code: str) -> None:
    assert refused(polygon([SQUARE[0], place, *SQUARE[2:]])).code == code


def test_a_height_is_dropped() -> None:
    raised = [[lon, lat, 12.5] for lon, lat in SQUARE]
    assert geometry.from_geojson(polygon(raised)) == geometry.from_geojson(polygon(SQUARE))


@pytest.mark.parametrize(
    ("number", "code"),
    [("NaN", "number_not_finite"), ("-Infinity", "number_not_finite"), ("1e999", "number_not_finite"),
     ("1" * 5_000, "number_too_long"), ("0." + "1" * 4_000, "number_too_long")],
)  # fmt: skip
def test_a_number_in_text_that_is_none_is_refused(number: str, code: str) -> None:
    text = json.dumps(polygon(SQUARE)).replace("24.96", number)
    assert refused_text(text).code == code


def test_a_member_given_twice_is_refused() -> None:
    text = '{"type":"Polygon","type":"Polygon","coordinates":[]}'
    assert refused_text(text).code == "duplicate_key"


@pytest.mark.parametrize("coordinates", [None, 5, "text", {}, [5], [[5]], [["text"]], [None]])
def test_coordinates_of_another_shape_are_refused(coordinates: object) -> None:
    assert refused({"type": "Polygon", "coordinates": coordinates}).code in {"wrong_type", "empty_geometry"}
    assert refused({"type": "MultiPolygon", "coordinates": coordinates}).code in {"wrong_type", "empty_geometry"}


# Row 40
@pytest.mark.parametrize(
    ("value", "code"),
    [
        (polygon(SQUARE, moved(HOLE, 0.02)), "hole_outside_shell"),
        (multi([SQUARE], [HOLE]), "nested_shells"),
        (polygon(SQUARE, HOLE, HOLE), "self_intersection"),
        (multi([SQUARE], [SQUARE]), "self_intersection"),
        (multi([SQUARE], [moved(SQUARE, 0.005)]), "self_intersection"),
        (
            polygon(SQUARE, HOLE, [[24.9545, 60.1645], [24.955, 60.1645], [24.955, 60.165], [24.9545, 60.1645]]),
            "nested_holes",
        ),
    ],
)
def test_rings_that_do_not_fit_are_refused_with_the_reason(value: object, code: str) -> None:
    assert refused(value).code == code


# Row 41
@pytest.mark.parametrize(
    "crs",
    [
        {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3857"}},
        {"type": "name", "properties": {"name": "EPSG:4326"}},
        {"type": "link", "properties": {"href": "https://example.org"}},
        {"type": "name", "properties": {"name": ["urn:ogc:def:crs:OGC:1.3:CRS84"]}},
        {"type": "name"},
        None,
        "CRS84",
        4326,
    ],
)
def test_another_reference_system_is_refused(crs: object) -> None:
    assert refused(polygon(SQUARE) | {"crs": crs}).code == "crs_not_supported"
    feature = {"type": "Feature", "geometry": polygon(SQUARE), "crs": crs}
    assert refused(feature).code == "crs_not_supported"
    assert refused({"type": "FeatureCollection", "features": [feature]}).code == "crs_not_supported"


def test_crs84_may_be_named() -> None:
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    assert geometry.from_geojson(polygon(SQUARE) | {"crs": crs}) == geometry.from_geojson(polygon(SQUARE))


# Row 43
def test_coordinates_are_kept_to_seven_decimals_and_then_stay_as_they_are() -> None:
    ring = [[1e-300, -1e-300], [0.012345678901234567, 0], [0.01, 0.01], [1e-300, -1e-300]]
    once = geometry.to_geojson(geometry.from_geojson(polygon(ring)))
    assert once == polygon([[0, 0], [0.0123457, 0], [0.01, 0.01], [0, 0]])
    assert "-0" not in json.dumps(once)
    assert geometry.to_geojson(geometry.from_text(json.dumps(once))) == once
