"""Is the polygon one that can be a fence: simple rings, not the rest of the planet, not a country."""

import itertools
import re

import numpy as np
import shapely

from geooffers.matching.areas import Part, Polygon, Ring
from merchants.fences.geometry.measures import area_km2, side_by_side
from merchants.fences.geometry.refusals import GeometryRefused

MAX_AREA_KM2 = 320
MAX_SPAN_DEG = 5

# What shapely says, our code for it.
CODES = {
    "Self-intersection": "self_intersection",
    "Ring Self-intersection": "self_intersection",
    "Hole lies outside shell": "hole_outside_shell",
    "Holes are nested": "nested_holes",
    "Nested shells": "nested_shells",
    "Duplicate Rings": "duplicate_rings",
    "Interior is disconnected": "disconnected_interior",
    "Too few points in geometry component": "degenerate_ring",
}
_REASON = re.compile(r"(?P<reason>[^\[]+)(?:\[(?P<x>\S+) (?P<y>\S+)\])?")


def check_holes(part: Part) -> None:
    """What `Polygon` itself does not take: a hole that reaches past the bounds of its ring."""
    outer, *holes = part
    west, south = (min(numbers) for numbers in zip(*outer, strict=True))
    east, north = (max(numbers) for numbers in zip(*outer, strict=True))
    for lon, lat in itertools.chain.from_iterable(holes):
        if not (west <= lon <= east and south <= lat <= north):
            message = f"Hole lies outside shell at [{lon:.7g}, {lat:.7g}]"
            raise GeometryRefused("hole_outside_shell", message, (lon, lat))


def check_polygon(area: Polygon) -> None:
    for part in area.parts:
        _check_span(part)
        for ring in part:
            if _lies_on_a_line(ring):
                raise GeometryRefused("degenerate_ring", "a ring has no area", ring[0])
    _check_rings(area)
    if area_km2(area) > MAX_AREA_KM2:
        raise GeometryRefused("fence_too_large", f"a fence has at most {MAX_AREA_KM2} km²")
    places = [place for part in side_by_side(area) for place in part[0]]
    for numbers in zip(*places, strict=True):
        if max(numbers) - min(numbers) > MAX_SPAN_DEG:
            raise GeometryRefused("spans_too_wide", f"a fence spans at most {MAX_SPAN_DEG} degrees")


def _check_rings(area: Polygon) -> None:
    """Only now are the numbers fit for shapely. It names the first fault and its place, in less than a millisecond."""
    polygons = [shapely.Polygon(np.array(part[0]), [np.array(hole) for hole in part[1:]]) for part in area.parts]
    shape = polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)
    if shape.is_valid:
        return
    found = _REASON.match(shapely.is_valid_reason(shape))
    reason = found["reason"].strip() if found else ""
    at = (float(found["x"]), float(found["y"])) if found and found["x"] else None
    place = f" at [{at[0]:.7g}, {at[1]:.7g}]" if at else ""
    raise GeometryRefused(CODES.get(reason, "invalid_ring"), f"{reason or 'the rings do not fit'}{place}", at)


def _check_span(part: Part) -> None:
    """A ring drawn across 180 degrees reads as the rest of the planet; one around a pole turns once about the globe."""
    ring = part[0]
    lons = [lon for lon, _ in ring]
    if max(lons) - min(lons) <= 180:
        return
    if abs(_turn(ring)) > 180 or any(abs(lat) == 90 for _, lat in ring):
        raise GeometryRefused("fence_too_large", "a fence cannot contain a pole")
    raise GeometryRefused(
        "spans_too_wide", "the ring spans more than 180 degrees; split a fence across ±180 into two parts", ring[0]
    )


def _turn(ring: Ring) -> float:
    """How far the ring goes around the axis when every step takes the shorter way: 0, or 360 around a pole."""
    return sum((to_lon - lon + 180) % 360 - 180 for (lon, _), (to_lon, _) in itertools.pairwise(ring))


def _lies_on_a_line(ring: Ring) -> bool:
    """In whole ten-millionths of a degree, so exactly. The signed area would not do: that of a bow tie is zero too."""
    whole = [(round(lon * 1e7), round(lat * 1e7)) for lon, lat in ring]
    x, y = whole[0]
    to_x, to_y = max(whole, key=lambda place: abs(place[0] - x) + abs(place[1] - y))
    return all((to_x - x) * (b - y) == (to_y - y) * (a - x) for a, b in itertools.islice(whole, 1, None))
