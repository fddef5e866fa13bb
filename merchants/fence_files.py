"""Fences and points in files, as `manage.py matchpoints` takes them. docs/matching.md shows the formats."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geooffers.matching.areas import Area, Circle, Fence, Polygon


class Unreadable(Exception):
    """A line of a file is not what it should be. The message names the line and what is wrong with it."""


@dataclass(frozen=True, kw_only=True)
class Point:
    id: str
    lat: float
    lon: float


def read_fences(path: Path) -> tuple[list[str], list[Fence]]:
    """A fence a line, as JSON: the names, and the fences numbered in the same order."""
    names: list[str] = []
    fences: list[Fence] = []
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
                names.append(str(row["id"]))
                fences.append(Fence(id=len(fences), area=_area(row)))
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                raise Unreadable(f"{path.name}, line {number}: {type(error).__name__}: {error}") from error
    return names, fences


def _area(row: dict[str, Any]) -> Area:
    if row["kind"] == "circle":
        return Circle(lat=float(row["lat"]), lon=float(row["lon"]), radius_m=float(row["radius_m"]))
    # Across 180 degrees a polygon comes cut in two besides.
    geometry = row.get("geometry_cut") or row["geometry"]
    if geometry["type"] not in ("Polygon", "MultiPolygon"):
        raise ValueError(f"a {geometry['type']} is no area")
    parts = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    return Polygon(
        parts=tuple(
            tuple(tuple((float(place[0]), float(place[1])) for place in ring) for ring in part) for part in parts
        )
    )


def read_points(path: Path) -> Iterator[Point]:
    """A table with the columns point_id, lat and lon; others are passed over."""
    with path.open(encoding="utf-8", newline="") as lines:
        for row in (table := csv.DictReader(lines)):
            try:
                point = Point(id=row["point_id"], lat=float(row["lat"]), lon=float(row["lon"]))
            except (ValueError, KeyError, TypeError) as error:
                raise Unreadable(f"{path.name}, line {table.line_num}: {type(error).__name__}: {error}") from error
            if not (-90 <= point.lat <= 90 and -180 <= point.lon <= 180):
                raise Unreadable(f"{path.name}, line {table.line_num}: no place on earth")
            yield point
