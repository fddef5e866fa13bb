"""How surely a place is in the fences around it, and how far from their boundaries.

A distance is measured only where it matters: a polygon that the place is in, and none of whose edges comes near, is
sure without one.
"""

import functools
import math
import operator
from collections.abc import Sequence

from geooffers.matching import earth
from geooffers.matching.answers import Match, Sureness
from geooffers.matching.edges import Boundary
from geooffers.matching.layer import Layer
from geooffers.matching.polygons import NANOMETRE

Layers = Sequence[tuple[Layer, frozenset[int]]]
"""Each with the numbers in it that are hidden."""

Candidates = list[tuple[Layer, list[int]]]
"""Of each layer the numbers of all fences that a place may touch, and of some that it does not."""

_fence = operator.attrgetter("fence")

# A measured distance to a polygon is right to 2 cm and half a percent; what is looked for lies a little farther.
FARTHER_SHARE, FARTHER_M = 1.01, 0.05


def candidates(layers: Layers, here: earth.Here, *, reach_m: float) -> Candidates:
    """What a place may touch from which this one is as far as the reach less its accuracy, or nearer."""
    boxes = around(here, reach_m)
    found = [(layer, [number for number in layer.meeting(boxes) if number not in hidden]) for layer, hidden in layers]
    return [(layer, numbers) for layer, numbers in found if numbers]


def touches(near: Candidates, here: earth.Here, *, accuracy_m: float) -> tuple[Match, ...]:
    """Ordered by fence."""
    boxes: list[earth.Box] = []
    found = []
    for layer, numbers in near:
        for number in numbers:
            if number < layer.circles:
                match = _in_circle(layer, number, here, accuracy_m)
            else:
                boxes = boxes or around(here, accuracy_m)
                match = _in_polygon(layer, number, here, accuracy_m, boxes)
            if match is not None:
                found.append(match)
    found.sort(key=_fence)
    return tuple(found)


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
