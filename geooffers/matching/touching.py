"""How surely a place is in the fences around it, and how far from their boundaries.

A distance is measured only where it matters: a polygon that the place is in, and none of whose edges comes near, is
sure without one.
"""

import functools
import math

from geooffers.matching import earth
from geooffers.matching.answers import Match, Sureness
from geooffers.matching.edges import Boundary
from geooffers.matching.layer import Layer
from geooffers.matching.polygons import NANOMETRE

# A measured distance to a polygon is right to 2 cm and half a percent; what is looked for lies a little farther.
FARTHER_SHARE, FARTHER_M = 1.01, 0.05


def touches(layer: Layer, here: earth.Here, *, accuracy_m: float, hidden: frozenset[int]) -> list[Match]:
    boxes = around(here, accuracy_m)
    found = []
    for number in layer.meeting(boxes):
        if number in hidden:
            continue
        if number < layer.circles:
            match = _in_circle(layer, number, here, accuracy_m)
        else:
            match = _in_polygon(layer, number, here, accuracy_m, boxes)
        if match is not None:
            found.append(match)
    return found


def _in_circle(layer: Layer, number: int, here: earth.Here, accuracy_m: float) -> Match | None:
    if not layer.may_touch_circle(number, here, accuracy_m):
        return None
    return _at_depth(layer, number, depth_m(layer, number, here), accuracy_m)


def _in_polygon(layer: Layer, number: int, here: earth.Here, accuracy_m: float, boxes: list[earth.Box]) -> Match | None:
    edges = layer.near_edges(number, boxes)
    if edges is None:
        return _at_depth(layer, number, depth_m(layer, number, here), accuracy_m)
    # Edges outside of the boxes are farther than the accuracy: those within it decide.
    distance = Boundary.of_edges(edges).distance_m(here) if edges else math.inf
    inside = layer.is_inside(number, lat=here.lat, lon=here.lon)
    if distance <= accuracy_m:
        return _at_depth(layer, number, distance if inside else -max(distance, NANOMETRE), accuracy_m)
    if not inside:
        return None
    return Match(
        fence=layer.id_of(number),
        inside=True,
        sureness=Sureness.INSIDE,
        measure=functools.partial(depth_m, layer, number, here),
    )


def _at_depth(layer: Layer, number: int, depth_m: float, accuracy_m: float) -> Match | None:
    if depth_m < -accuracy_m:
        return None
    sureness = Sureness.INSIDE if depth_m >= accuracy_m else Sureness.UNSURE
    return Match(fence=layer.id_of(number), inside=depth_m >= 0, sureness=sureness, distance_m=depth_m)


def around(here: earth.Here, radius_m: float) -> list[earth.Box]:
    """Boxes that hold what is measured to be within the radius."""
    return earth.boxes_around(lat=here.lat, lon=here.lon, radius_m=radius_m * FARTHER_SHARE + FARTHER_M)


def depth_m(layer: Layer, number: int, here: earth.Here) -> float:
    return layer.shape(number).depth_m(here)
