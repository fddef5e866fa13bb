"""Hostile and clumsy geometry: each kind is refused by its own code, at its place."""

import itertools
import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from geographiclib.geodesic import Geodesic
from hypothesis import example, given, settings
from hypothesis import strategies as st

from geooffers.matching.areas import Circle, Polygon
from merchants import geometry
from merchants.geometry import GeometryRefused

SQUARE = [[24.95, 60.16], [24.96, 60.16], [24.96, 60.17], [24.95, 60.17], [24.95, 60.16]]
HOLE = [[24.954, 60.164], [24.956, 60.164], [24.956, 60.166], [24.954, 60.166], [24.954, 60.164]]


def polygon(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def multi(*parts: Any) -> dict[str, Any]:
    return {"type": "MultiPolygon", "coordinates": list(parts)}


def moved(ring: list[list[float]], by: float) -> list[list[float]]:
    return [[lon + by, lat] for lon, lat in ring]


def refused(value: object) -> GeometryRefused:
    with pytest.raises(GeometryRefused) as caught:
        geometry.from_geojson(value)
    return caught.value


def refused_text(text: str) -> GeometryRefused:
    with pytest.raises(GeometryRefused) as caught:
        geometry.from_text(text)
    return caught.value


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


# Rows 32 and 33
def test_a_bow_tie_is_refused_at_its_crossing() -> None:
    error = refused(polygon([[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]))
    assert (error.code, error.at) == ("self_intersection", (0.5, 0.5))
    assert "0.5" in error.message


def test_a_tangle_of_three_hundred_vertices_is_refused_not_mended() -> None:
    tangle = [[24 + (number * 7919 % 300) / 3e4, 60 + (number * 104729 % 299) / 3e4] for number in range(300)]
    error = refused(polygon([*tangle, tangle[0]]))
    assert error.code == "self_intersection"
    assert error.at is not None


# Row 34
def test_an_unclosed_ring_is_refused_not_closed() -> None:
    error = refused(polygon(SQUARE[:-1]))
    assert (error.code, error.at) == ("unclosed_ring", (24.95, 60.17))


# Row 35
@pytest.mark.parametrize(
    "ring",
    [
        [[24.95, 60.16]],
        [[24.95, 60.16], [24.96, 60.16]],
        [[24.95, 60.16], [24.96, 60.16], [24.95, 60.16]],
        [[24.95, 60.16]] * 5,
        [[24.95, 60.16], [24.96, 60.17], [24.97, 60.18], [24.95, 60.16]],
        [[24.95, 60.16], [24.95, 60.17], [24.95, 60.165], [24.95, 60.16]],
        # Apart by less than the seven decimals that are kept.
        [[24.95, 60.16], [24.95000000001, 60.16], [24.95, 60.16000000001], [24.95, 60.16]],
    ],
)
def test_a_ring_without_area_is_refused(ring: list[list[float]]) -> None:
    assert refused(polygon(ring)).code == "degenerate_ring"


# Row 36
@pytest.mark.parametrize(
    "value",
    [
        polygon(),
        polygon([]),
        multi(),
        multi([]),
        multi([[]]),
        polygon(SQUARE, []),
        multi([SQUARE], []),
        None,
        {"type": "Feature", "geometry": None},
    ],
)
def test_an_empty_polygon_is_refused(value: object) -> None:
    assert refused(value).code == "empty_geometry"


# Row 37
def test_a_ring_across_180_is_refused_and_two_parts_are_taken() -> None:
    error = refused(polygon([[179.99, -17], [-179.99, -17], [-179.99, -16.99], [179.99, -16.99], [179.99, -17]]))
    assert error.code == "spans_too_wide"
    assert "two parts" in error.message
    west = [[179.99, -17], [180, -17], [180, -16.99], [179.99, -16.99], [179.99, -17]]
    east = [[-180, -17], [-179.99, -17], [-179.99, -16.99], [-180, -16.99], [-180, -17]]
    area = geometry.from_geojson(multi([west], [east]))
    assert geometry.bounds(area) == geometry.Bounds(west=179.99, south=-17, east=-179.99, north=-16.99)
    assert geometry.center(area) == pytest.approx((180, -16.995))
    assert geometry.area_km2(area) == pytest.approx(2.36, abs=0.01)
    geometry.check_near_store(area, store_lat=-17, store_lon=-179.98)


def test_longitudes_past_180_are_refused() -> None:
    assert refused(polygon(moved(SQUARE, 155.05))).code == "out_of_range"


def test_parts_far_apart_are_refused_however_small() -> None:
    assert refused(multi([SQUARE], [moved(SQUARE, 5.1)])).code == "spans_too_wide"
    assert refused(multi([SQUARE], [moved(SQUARE, -150)])).code == "spans_too_wide"
    assert refused(multi([SQUARE], [[[lon, lat - 5.1] for lon, lat in SQUARE]])).code == "spans_too_wide"


# Row 38
@pytest.mark.parametrize(
    "ring",
    [
        [[0, 89], [90, 89], [180, 89], [-90, 89], [0, 89]],
        [[0, -89.99], [-90, -89.9], [180, -89.9], [90, -89.9], [0, -89.99]],
        [[-180, 89.9], [180, 89.9], [180, 90], [-180, 90], [-180, 89.9]],
        [[-10, 36], [40, 36], [40, 70], [-10, 70], [-10, 36]],
        [[24, 60], [24.4, 60], [24.4, 60.2], [24, 60.2], [24, 60]],
    ],
)
def test_a_pole_and_a_continent_are_too_large(ring: list[list[float]]) -> None:
    assert refused(polygon(ring)).code == "fence_too_large"


def test_areas_are_those_of_the_ellipsoid() -> None:
    """Against figures from GeographicLib's planimeter for the same quadrangle, edges cut into a thousand."""
    degree = Polygon(parts=((((24.0, 60.0), (25.0, 60.0), (25.0, 61.0), (24.0, 61.0), (24.0, 60.0)),),))
    assert geometry.area_km2(degree) == pytest.approx(degree_km2(), rel=1e-6)
    courtyard = geometry.from_geojson(polygon(SQUARE, HOLE))
    whole, hole = (geometry.from_geojson(polygon(ring)) for ring in (SQUARE, HOLE))
    assert geometry.area_km2(courtyard) == pytest.approx(geometry.area_km2(whole) - geometry.area_km2(hole))
    assert geometry.area_km2(Circle(lat=60, lon=24, radius_m=1_000)) == pytest.approx(math.pi)


def test_corners_that_turn_nothing_do_not_change_the_area() -> None:
    """Few places are reckoned one by one, many as arrays."""
    ring = ((24.9, 60.1), (25.0, 60.1), (25.0, 60.2), (24.9, 60.2), (24.9, 60.1))
    few = Polygon(parts=((ring,),))
    many = tuple(
        (a[0] + (b[0] - a[0]) * share / 500, a[1] + (b[1] - a[1]) * share / 500)
        for a, b in itertools.pairwise(ring)
        for share in range(500)
    )
    whole = Polygon(parts=(((*many, many[0]),),))
    assert geometry.area_km2(whole) == pytest.approx(geometry.area_km2(few), rel=1e-9)


def degree_km2() -> float:
    meter = Geodesic.WGS84.Polygon()
    corners = [(24.0, 60.0), (25.0, 60.0), (25.0, 61.0), (24.0, 61.0), (24.0, 60.0)]
    for (lon, lat), (to_lon, to_lat) in itertools.pairwise(corners):
        for step in range(1_000):
            meter.AddPoint(lat + (to_lat - lat) * step / 1_000, lon + (to_lon - lon) * step / 1_000)
    area: float = meter.Compute()[2]
    return abs(area) / 1e6


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


# Row 42
@pytest.mark.parametrize("radius_m", [0, -5, 49, 49.999, 10_001, 1e7, math.nan, math.inf, -math.inf, 10**400])
def test_a_radius_out_of_range_is_refused(radius_m: float) -> None:
    with pytest.raises(GeometryRefused) as caught:
        geometry.circle(lat=60.17, lon=24.95, radius_m=radius_m)
    assert caught.value.code == "radius_range"


@pytest.mark.parametrize(
    ("numbers", "code"),
    [
        ({"lat": 91}, "out_of_range"),
        ({"lon": -180.1}, "out_of_range"),
        ({"lat": math.nan}, "number_not_finite"),
        ({"lat": "60.17"}, "wrong_type"),
        ({"lon": None}, "wrong_type"),
        ({"radius_m": "150"}, "wrong_type"),
        ({"radius_m": True}, "wrong_type"),
        ({"radius_m": None}, "wrong_type"),
    ],
)
def test_a_circle_of_other_than_numbers_is_refused(numbers: dict[str, Any], code: str) -> None:
    with pytest.raises(GeometryRefused) as caught:
        geometry.circle(**({"lat": 60.17, "lon": 24.95, "radius_m": 150} | numbers))
    assert caught.value.code == code


def test_fifty_metres_and_ten_kilometres_are_taken() -> None:
    assert geometry.circle(lat=60, lon=24, radius_m=50).radius_m == 50
    assert geometry.circle(lat=60, lon=24, radius_m=10_000).radius_m == 10_000


# Row 43
def test_coordinates_are_kept_to_seven_decimals_and_then_stay_as_they_are() -> None:
    ring = [[1e-300, -1e-300], [0.012345678901234567, 0], [0.01, 0.01], [1e-300, -1e-300]]
    once = geometry.to_geojson(geometry.from_geojson(polygon(ring)))
    assert once == polygon([[0, 0], [0.0123457, 0], [0.01, 0.01], [0, 0]])
    assert "-0" not in json.dumps(once)
    assert geometry.to_geojson(geometry.from_text(json.dumps(once))) == once


# Row 4 and the limits of design 8
def test_a_fence_far_from_its_store_is_refused_with_the_distance() -> None:
    here = geometry.circle(lat=60.17, lon=24.95, radius_m=150)
    geometry.check_near_store(here, store_lat=60.21, store_lon=24.95)  # 4.5 km
    with pytest.raises(GeometryRefused, match=r"5\.6 km") as caught:
        geometry.check_near_store(here, store_lat=60.22, store_lon=24.95)
    assert caught.value.code == "too_far_from_store"


def test_swapped_coordinates_are_asked_about() -> None:
    swapped = geometry.circle(lat=24.95, lon=60.17, radius_m=150)
    with pytest.raises(GeometryRefused, match="swapped"):
        geometry.check_near_store(swapped, store_lat=60.17, store_lon=24.95)


def test_parts_on_two_sides_of_the_store_must_be_near_it_too() -> None:
    near = multi([moved(SQUARE, -0.1)], [moved(SQUARE, 0.1)])
    geometry.check_near_store(geometry.from_geojson(near), store_lat=60.165, store_lon=24.955)
    far = multi([moved(SQUARE, -0.5)], [moved(SQUARE, 0.5)])
    with pytest.raises(GeometryRefused, match="reaches farther than 15 km"):
        geometry.check_near_store(geometry.from_geojson(far), store_lat=60.165, store_lon=24.955)


# Row 44 rests on this
def test_overlap_is_seen_between_circles_and_polygons() -> None:
    square = geometry.from_geojson(polygon(SQUARE, HOLE))
    in_the_hole = geometry.from_geojson(
        polygon([[24.9545, 60.1645], [24.955, 60.1645], [24.955, 60.165], [24.9545, 60.1645]])
    )
    corner = geometry.circle(lat=60.16, lon=24.949, radius_m=60)  # its rim passes the corner, 55 m away
    beside = geometry.circle(lat=60.16, lon=24.949, radius_m=50)
    assert geometry.overlap(square, corner)
    assert geometry.overlap(corner, square)
    assert not geometry.overlap(square, beside)
    assert geometry.overlap(corner, beside)
    assert not geometry.overlap(corner, geometry.circle(lat=60.16, lon=24.947, radius_m=50))
    assert geometry.overlap(square, square)
    assert not geometry.overlap(square, in_the_hole)


def test_a_derived_circle_holds_every_corner() -> None:
    area = geometry.from_geojson(multi([SQUARE], [moved(SQUARE, 0.02)]))
    around = geometry.enclosing_circle(area)
    for part in area.parts:
        for lon, lat in part[0]:
            assert geometry.overlap(around, Circle(lat=lat, lon=lon, radius_m=0.001))
    assert around.radius_m < 1_200
    assert geometry.enclosing_circle(around) is around


NUMBERS = st.one_of(st.floats(), st.integers(), st.floats(-180, 180), st.sampled_from([0, 0.001, 0.002, 60, 24]))
JUNK = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, st.text(max_size=5), st.sampled_from(["Polygon", "MultiPolygon"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=5),
        st.dictionaries(st.sampled_from(["type", "coordinates", "crs", "geometry", "features"]), inner, max_size=4),
    ),
    max_leaves=30,
)
PLACES = st.one_of(st.lists(NUMBERS, min_size=2, max_size=3), JUNK)
RINGS = st.one_of(
    st.lists(PLACES, max_size=8),
    st.lists(
        st.tuples(st.integers(0, 30), st.integers(0, 30)).map(lambda place: [place[0] / 1e3, place[1] / 1e3]),
        min_size=3,
        max_size=8,
    ).map(lambda ring: [*ring, ring[0]]),
)
GEOMETRIES = st.one_of(
    JUNK,
    st.lists(RINGS, max_size=4).map(lambda rings: polygon(*rings)),
    st.lists(st.lists(RINGS, max_size=3), max_size=3).map(lambda parts: multi(*parts)),
)


def taken(read: Callable[[], Polygon]) -> Polygon | None:
    """The area, or None for a refusal that can be shown; any other exception fails the test."""
    refusal = None
    try:
        return read()
    except GeometryRefused as error:
        refusal = error
    assert refusal.code
    assert refusal.message
    return None


@settings(max_examples=400)
@given(GEOMETRIES)
@example(polygon([[0, 0], [0, 0], [0, 0.01], [0.01, 0.01], [0, 0]]))
def test_whatever_comes_it_is_an_area_that_survives_a_round_trip_or_a_refusal(value: object) -> None:
    area = taken(lambda: geometry.from_geojson(value))
    if area:
        assert geometry.from_text(json.dumps(geometry.to_geojson(area))) == area
        assert 0 < geometry.area_km2(area) <= 320


@settings(max_examples=300)
@given(st.one_of(st.text(), GEOMETRIES.map(json.dumps), st.text(alphabet='{}[]",:0123456789.eE-+ntfa\\')))
def test_whatever_text_comes_it_is_an_area_or_a_refusal(text: str) -> None:
    assert isinstance(taken(lambda: geometry.from_text(text)), Polygon | None)
