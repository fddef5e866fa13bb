"""Nasty geometries of others: over 180 degrees, at the poles, valid and not. shapely on the original is the judge."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from geooffers.matching.areas import Fence, Polygon
from geooffers.matching.index import Index
from tests.unit.matching.test_inside import in_batches, in_plain_python


def polygon_of(geometry: shapely.Geometry) -> Polygon:
    parts = shapely.get_parts(geometry)
    return Polygon(
        parts=tuple(
            tuple(tuple(map(tuple, ring.coords)) for ring in (part.exterior, *part.interiors)) for part in parts
        )
    )


def places_around(geometry: shapely.Geometry) -> list[tuple[float, float]]:
    """A grid over it and a little more, its vertices, and the middles of its edges."""
    west, south, east, north = geometry.bounds
    spare = max(east - west, north - south) * 0.03
    lons = np.clip(np.linspace(west - spare, east + spare, 23), -180, 180)
    lats = np.clip(np.linspace(south - spare, north + spare, 23), -90, 90)
    grid = [(lat, lon) for lat in lats.tolist() for lon in lons.tolist()]
    vertices = shapely.get_coordinates(geometry)
    chosen = vertices[:: max(len(vertices) // 150, 1)]
    middles = (chosen[:-1] + chosen[1:]) / 2
    return grid + [(lat, lon) for lon, lat in np.concatenate([chosen, middles]).tolist()]


def expected_of(geometry: shapely.Geometry, places: list[tuple[float, float]]) -> set[tuple[int, int]]:
    shapely.prepare(geometry)
    turns = (-360, 0, 360) if geometry.bounds[0] <= -180 or geometry.bounds[2] >= 180 else (0,)
    return {
        (row, 1)
        for row, (lat, lon) in enumerate(places)
        if any(shapely.intersects_xy(geometry, lon + turn, lat) for turn in turns)
    }


def check(geometry: shapely.Geometry) -> None:
    places = places_around(geometry)
    index = Index.build([Fence(id=1, area=polygon_of(geometry))])
    expected = expected_of(geometry, places)
    assert expected
    assert in_plain_python(index, places) == expected
    assert in_batches(index, places) == expected


def test_shapes_over_180_degrees_and_the_poles(shared_data: Path) -> None:
    """As a user may send them, where no part runs across the whole map, and as they are cut."""
    checked = 0
    for path in sorted((shared_data / "fences" / "antimeridian").glob("*.json")):
        case: dict[str, Any] = json.loads(path.read_text())
        geometry = shapely.geometry.shape(case["cut"] or case["input"])
        if geometry.geom_type in ("Polygon", "MultiPolygon"):
            check(geometry)
            checked += 1
    assert checked == 15


def test_the_valid_and_the_invalid_of_jts(shared_data: Path) -> None:
    """An invalid polygon is refused where fences are written; should one be here, its rings are counted as shapely's
    prepared geometries count them, in plain Python and compiled, and nothing crashes. One whose hole lies outside of
    its ring's bounds is refused here too.
    """
    checked: dict[bool, int] = {True: 0, False: 0}
    refused = 0
    for line in (shared_data / "fences" / "jts_polygon_validity.jsonl").read_text().splitlines():
        case = json.loads(line)
        geometry = shapely.from_wkt(case["wkt"])
        if geometry.geom_type not in ("Polygon", "MultiPolygon") or geometry.is_empty:
            continue
        if not np.isfinite(shapely.get_coordinates(geometry)).all():
            continue
        size = np.abs(shapely.get_coordinates(geometry)).max()
        on_earth = shapely.transform(geometry, lambda at, size=size: at * (80 / size))
        try:
            check(on_earth)
        except ValueError:
            assert not case["valid"] or "EMPTY" in case["wkt"]
            refused += 1
        else:
            checked[case["valid"]] += 1
    assert checked[True] > 40
    assert checked[False] > 15
    assert refused < 8


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("nyc_boroughs.geojson", 5),
        ("countries_europe_south_america.geojson", 51),
        ("osm_monaco_polygons.geojson", 120),
    ],
)
def test_real_outlines_one_of_them_broken(shared_data: Path, name: str, most: int) -> None:
    features = json.loads((shared_data / "fences" / name).read_text())["features"]
    geometries = [shapely.geometry.shape(feature["geometry"]) for feature in features][:most]
    assert name != "nyc_boroughs.geojson" or not all(shapely.is_valid(geometries))
    for geometry in geometries:
        check(geometry)
