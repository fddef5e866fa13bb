"""Real and adversarial places against exact answers made elsewhere."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from geooffers.matching.areas import Area, Circle, Fence, Polygon
from geooffers.matching.index import Index


def area_of(row: dict[str, Any]) -> Area:
    if row["kind"] == "circle":
        return Circle(lat=row["lat"], lon=row["lon"], radius_m=row["radius_m"])
    geometry = row.get("geometry_cut") or row["geometry"]
    parts = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    return Polygon(parts=tuple(tuple(tuple((place[0], place[1]) for place in ring) for ring in part) for part in parts))


@pytest.fixture(scope="module")
def fences(shared_data: Path) -> list[dict[str, Any]]:
    with (shared_data / "containment" / "fences.jsonl").open() as lines:
        return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def index(fences: list[dict[str, Any]]) -> Index:
    return Index.build(Fence(id=number, area=area_of(row)) for number, row in enumerate(fences))


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as lines:
        return list(csv.DictReader(lines))


def test_every_point_has_its_fences(shared_data: Path, fences: list[dict[str, Any]], index: Index) -> None:
    points = rows_of(shared_data / "containment" / "points.csv")
    expected = {row["point_id"]: row for row in rows_of(shared_data / "containment" / "expected.csv")}
    matches = index.match(
        lat=np.array([float(row["lat"]) for row in points]),
        lon=np.array([float(row["lon"]) for row in points]),
        accuracy_m=np.zeros(len(points)),
    )
    inside: list[set[str]] = [set() for _ in points]
    for point, fence in zip(matches.point[matches.inside], matches.fence[matches.inside], strict=True):
        inside[point].add(fences[fence]["id"])
    wrong = {}
    for row, found in zip(points, inside, strict=True):
        answer = expected[row["point_id"]]
        difference = (found ^ set(answer["inside"].split())) - set(answer["near"].split())
        if difference:
            wrong[row["point_id"]] = difference
    assert len(points) == 2458
    assert wrong == {}


def test_distances_to_the_rim_are_the_true_ones(shared_data: Path, fences: list[dict[str, Any]], index: Index) -> None:
    points = {row["point_id"]: row for row in rows_of(shared_data / "containment" / "points.csv")}
    number = {row["id"]: place for place, row in enumerate(fences)}
    for row in rows_of(shared_data / "containment" / "circle_rim.csv"):
        point, gap = points[row["point_id"]], float(row["radius_m"]) - float(row["distance_m"])
        matches = index.match_one(lat=float(point["lat"]), lon=float(point["lon"]), accuracy_m=abs(gap) + 1)
        (match,) = [match for match in matches if match.fence == number[row["fence_id"]]]
        assert match.distance_m == pytest.approx(gap, abs=2e-4 + 1e-7 * float(row["radius_m"]))
