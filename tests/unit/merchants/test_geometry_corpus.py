"""Files that others collected, and inputs that have ended processes, each in a process of its own."""

import json
import random
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from merchants.fences import geometry
from merchants.fences.geometry import GeometryRefused

WITHOUT_A_POLYGON = {"geometry_type", "one_feature", "empty_geometry"}

# What the reference checker finds wrong that is wrong for a fence as well. The rest of its faults are about members
# that we do not read, or the direction of rings, which we take either way.
EXPECTED = {
    "bad-duplicate-properties": {"duplicate_key"},
    "bad-featurelist": {"wrong_type"},
    "bad-json": {"not_geojson"},
    "bad-polygonloop": {"wrong_type"},
    "badcoordtype": {"wrong_type"},
    "different-first-last": {"unclosed_ring"},
    "featurecollection": {"wrong_type"},
    "featurecollection-obj": {"wrong_type"},
    "point-labeled-as-a-multipolygon": {"wrong_type"},
    "short-linearring": {"unclosed_ring"},
    # A degree wide, so sound but too large; below they are taken when a hundredth as wide.
    "bad-polygon-interiorring-rhr": {"fence_too_large"},
    "different-first-size": {"fence_too_large"},
    "polygon_winding_order": {"fence_too_large"},
    "good-polygon": {"fence_too_large"},
    "multipolygon": {"fence_too_large"},
    "issue82": {"out_of_range"},
}


def shrunk(coordinates: Any) -> Any:
    if isinstance(coordinates, list):
        return [shrunk(inner) for inner in coordinates]
    return coordinates / 100


def test_collected_geojson_is_refused_for_its_fault(shared_data: Path) -> None:
    files = sorted((shared_data / "fences" / "geojson_validity").glob("*/*.geojson"))
    assert len(files) == 62
    for path in files:
        with pytest.raises(GeometryRefused) as caught:
            geometry.from_text(path.read_text())
        assert caught.value.code in EXPECTED.get(path.stem, WITHOUT_A_POLYGON), path.stem


@pytest.mark.parametrize(
    "name",
    ["valid/good-polygon", "valid/multipolygon", "invalid/polygon_winding_order", "invalid/different-first-size"],
)
def test_collected_polygons_are_taken_at_a_hundredth_of_their_size(shared_data: Path, name: str) -> None:
    value = json.loads((shared_data / "fences" / "geojson_validity" / f"{name}.geojson").read_text())
    value["coordinates"] = shrunk(value["coordinates"])
    assert geometry.area_km2(geometry.from_geojson(value)) > 0


KINDS = {"POLYGON": "Polygon", "MULTIPOLYGON": "MultiPolygon", "GEOMETRYCOLLECTION": "GeometryCollection"}

# Both a binary fraction and one of seven decimals, so that what touches in the corpus still touches.
UNIT_DEG = 2**-7


def from_well_known_text(text: str) -> dict[str, Any]:
    """Enough of WKT for the corpus."""
    kind, _, body = text.partition(" ")
    if body == "EMPTY" or kind == "GEOMETRYCOLLECTION":
        return {"type": KINDS[kind], "coordinates": []}
    body = re.sub(
        r"(-?[\d.]+(?:[eE]-?\d+)?)\s+(-?[\d.]+(?:[eE]-?\d+)?)",
        lambda pair: f"[{float(pair[1]) * UNIT_DEG:.7f}, {float(pair[2]) * UNIT_DEG:.7f}]",
        body.replace("(", "[").replace(")", "]").replace("EMPTY", "[]"),
    )
    return {"type": KINDS[kind], "coordinates": json.loads(body)}


def code_of(value: object) -> str:
    try:
        geometry.from_geojson(value)
    except GeometryRefused as error:
        return error.code
    return "taken"


def test_the_published_cases_of_valid_and_invalid_polygons_are_told_apart(shared_data: Path) -> None:
    told = {True: 0, False: 0}
    for line in (shared_data / "fences" / "jts_polygon_validity.jsonl").read_text().splitlines():
        case = json.loads(line)
        code = code_of(from_well_known_text(case["wkt"]))
        if code in {"geometry_type", "empty_geometry", "out_of_range"}:
            continue  # not a polygon on earth
        # Rings are judged before sizes: a valid polygon of the corpus is only too large.
        assert (code in {"taken", "fence_too_large", "spans_too_wide"}) is case["valid"], (case["desc"], code)
        told[case["valid"]] += 1
    assert told == {True: 89, False: 16}


def test_mapped_buildings_and_squares_are_taken(shared_data: Path) -> None:
    taken = 0
    for city in ("helsinki", "monaco"):
        collection = json.loads((shared_data / "fences" / f"osm_{city}_polygons.geojson").read_text())
        for feature in collection["features"]:
            area = geometry.from_geojson(feature)
            assert geometry.from_geojson(geometry.to_geojson(area)) == area
            taken += 1
    assert taken == 900


def tangle_of_two_thousand() -> str:
    draw = random.Random(1)
    ring = [[24 + draw.random() / 10, 60 + draw.random() / 10] for _ in range(1_999)]
    return json.dumps({"type": "Polygon", "coordinates": [[*ring, ring[0]]]})


def comb_that_touches_itself() -> str:
    teeth = [[24 + number / 1e5, 60.0 + (number % 2) * 0.01] for number in range(1_000)]
    return json.dumps({"type": "Polygon", "coordinates": [[*teeth, [24.01, 60.0], [24.0, 60.0]]]})


POLYGON = '{"type":"Polygon","coordinates":'

HOSTILE: dict[str, Callable[[], str]] = {
    "collections nested thirty thousand deep": lambda: (
        '{"type":"GeometryCollection","geometries":[' * 30_000 + "]}" * 30_000
    ),
    "arrays nested a million deep": lambda: POLYGON + "[" * 1_000_000,
    "brackets in a string": lambda: '{"type":"' + "[" * 900_000 + '"}',
    "an endless string": lambda: '{"type":"' + "\\\\" * 400_000,
    "quotes without end": lambda: '"' * 999_999,
    "well-known text nested fifty thousand deep": lambda: "GEOMETRYCOLLECTION(" * 50_000 + "POINT EMPTY" + ")" * 50_000,
    "a tangle of two thousand places": tangle_of_two_thousand,
    "a comb of a thousand teeth that touch its back": comb_that_touches_itself,
    "a whole number of a million digits": lambda: POLYGON + "[[[" + "1" * 900_000 + ",2]]]}",
    "a lone surrogate and a zero": lambda: '{"type":"\\ud800\\u0000","coordinates":[]}',
}

PROGRAM = """
import sys, time
from merchants.fences import geometry
text = sys.stdin.read()
began = time.process_time()
try:
    geometry.from_text(text)
except geometry.GeometryRefused as error:
    print(error.code)
assert time.process_time() - began < 1.0
"""


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_refused_quickly_and_the_process_lives(name: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM], input=HOSTILE[name](), capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip()
