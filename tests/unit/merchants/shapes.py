"""Areas as GeoJSON, and how they are refused."""

from typing import Any

import pytest

from merchants.fences import geometry
from merchants.fences.geometry import GeometryRefused

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
