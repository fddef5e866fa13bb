"""Fences and points in files, as `manage.py matchpoints` and `manage.py replay` take them. docs/matching.md shows the
formats."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geooffers.matching.areas import Area, Circle, Fence, Polygon


class UnreadableFile(Exception):
    """A line of a file is not what it should be. The message names the line and what is wrong with it."""


@dataclass(frozen=True, kw_only=True)
class Point:
    id: str
    lat: float
    lon: float


def read_fences(path: Path) -> tuple[list[str], list[Fence]]:
    """A fence a line, as JSON, or a JSON list of circles: the names, and the fences numbered in the same order."""
    names: list[str] = []
    fences: list[Fence] = []
    for where, told in _rows(path):
        try:
            row = json.loads(told) if isinstance(told, str) else told
            names.append(str(row["id"]))
            fences.append(Fence(id=len(fences), area=_area(row)))
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise UnreadableFile(f"{path.name}, {where}: {type(error).__name__}: {error}") from error
    return names, fences


def _rows(path: Path) -> Iterator[tuple[str, Any]]:
    """Where each fence stands in the file, and what stands there: a line of text, or a member of the list."""
    with path.open(encoding="utf-8") as lines:
        first = next((line for line in lines if line.strip()), "")
        lines.seek(0)
        if not first.lstrip().startswith("["):
            yield from ((f"line {number}", line) for number, line in enumerate(lines, start=1) if line.strip())
            return
        try:
            listed = json.load(lines)
        except ValueError as error:
            # The parser's own words name line and column.
            raise UnreadableFile(f"{path.name}: {error}") from error
        except RecursionError as error:
            raise UnreadableFile(f"{path.name}: nested too deeply") from error
        for place, told in enumerate(listed, start=1):
            if not isinstance(told, dict):
                raise UnreadableFile(f"{path.name}, fence {place}: no object")
            yield f"fence {place}", told


def _area(row: dict[str, Any]) -> Area:
    # In a list of circles `kind` may be missing.
    if ("radius_m" in row and "kind" not in row) or row["kind"] == "circle":
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
                raise UnreadableFile(f"{path.name}, line {table.line_num}: {type(error).__name__}: {error}") from error
            if not (-90 <= point.lat <= 90 and -180 <= point.lon <= 180):
                raise UnreadableFile(f"{path.name}, line {table.line_num}: no place on earth")
            yield point
