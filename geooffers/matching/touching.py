"""How surely a place is in the fences around it, and how far from their boundaries.

A distance is measured only where it matters: a polygon that the place is in, and none of whose edges comes near, is
sure without one.
"""

import functools
import math

from geooffers.matching import earth
from geooffers.matching.answers import Match, Sureness
from geooffers.matching.layer import Layer

# A measured distance to a polygon is right to 2 cm and half a percent; what is looked for lies a little farther.
FARTHER_SHARE, FARTHER_M = 1.01, 0.05


def touches(layer: Layer, here: earth.Here, *, accuracy_m: float, hidden: frozenset[int]) -> list[Match]:
    boxes = _around(here, accuracy_m)
    found = []
    for number in layer.meeting(boxes):
        if number in hidden:
            continue
        if number < layer.circles:
            if not layer.may_touch_circle(number, here, accuracy_m):
                continue
        elif not any(layer.may_be_near(number, box) for box in boxes):
            if layer.is_inside(number, lat=here.lat, lon=here.lon):
                found.append(
                    Match(
                        fence=layer.id_of(number),
                        inside=True,
                        sureness=Sureness.INSIDE,
                        measure=functools.partial(_depth_m, layer, number, here),
                    )
                )
            continue
        depth = _depth_m(layer, number, here)
        if depth >= -accuracy_m:
            sureness = Sureness.INSIDE if depth >= accuracy_m else Sureness.UNSURE
            found.append(Match(fence=layer.id_of(number), inside=depth >= 0, sureness=sureness, distance_m=depth))
    return found


def measure(
    layer: Layer, here: earth.Here, *, within_m: float, hidden: frozenset[int], known: dict[int, float]
) -> None:
    """Add how far away each fence begins that may begin within the reach, and is not known yet."""
    for number in layer.meeting(_around(here, within_m)):
        fence_id = layer.id_of(number)
        if fence_id not in known and number not in hidden:
            known[fence_id] = -_depth_m(layer, number, here)


def nearest_boundary_m(layer: Layer, here: earth.Here, *, within_m: float, hidden: frozenset[int]) -> float:
    """Right when it is within the reach; else it is only said to be farther."""
    boxes = _around(here, within_m)
    nearest = math.inf
    for number in layer.meeting(boxes):
        if number in hidden:
            continue
        if number < layer.circles or any(layer.may_be_near(number, box) for box in boxes):
            nearest = min(nearest, abs(_depth_m(layer, number, here)))
    return nearest


def _around(here: earth.Here, radius_m: float) -> list[earth.Box]:
    return earth.boxes_around(lat=here.lat, lon=here.lon, radius_m=radius_m * FARTHER_SHARE + FARTHER_M)


def _depth_m(layer: Layer, number: int, here: earth.Here) -> float:
    return layer.shape(number).depth_m(here)
