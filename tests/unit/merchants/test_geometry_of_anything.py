"""Whatever comes, it is an area or a refusal."""

import json
from collections.abc import Callable

from hypothesis import example, given, settings
from hypothesis import strategies as st

from geooffers.matching.areas import Polygon
from merchants.fences import geometry
from merchants.fences.geometry import GeometryRefused
from tests.unit.merchants.shapes import multi, polygon

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
