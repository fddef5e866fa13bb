"""How surely a place is in the fences around it, and how far from their boundaries.

A distance is measured only where it matters: a fence whose cells fill all that is within reach is sure without one, and
so is a polygon none of whose edges comes near.
"""

import functools
import operator
from collections.abc import Sequence

from geooffers.matching import earth
from geooffers.matching.answers import Match, Sureness
from geooffers.matching.decisions import INSIDE, OPEN
from geooffers.matching.layer import Layer, NearInLayer
from geooffers.matching.outlines import Reach, reach
from geooffers.matching.polygons import NANOMETRE

Layers = Sequence[tuple[Layer, frozenset[int]]]
"""Each with the numbers in it that are hidden."""

Candidates = list[tuple[Layer, NearInLayer]]
"""Of each layer all fences that a place may touch, and some that it does not."""

_fence = operator.attrgetter("fence")


def candidates(layers: Layers, within: Reach) -> Candidates:
    """What a place may touch from which the middle is as far as the reach less its accuracy, or nearer."""
    found = []
    for layer, hidden in layers:
        near = layer.near(within)
        if hidden:
            crossed, around = near
            near = NearInLayer(
                [number for number in crossed if number not in hidden],
                [number for number in around if number not in hidden],
            )
        found.append((layer, near))
    return found


def touches(
    found: Candidates, here: earth.Here, *, accuracy_m: float, within: Reach | None = None
) -> tuple[Match, ...]:
    """Ordered by fence. `within`: as far around here as the accuracy, where the caller has it at hand."""
    matches = []
    for layer, (crossed, around) in found:
        for number in around:
            matches.append(_surely_inside(layer, number, here))
        for number in crossed:
            if number < layer.circles:
                match = _at_depth(layer, number, layer.circle_depth_m(number, here, within_m=accuracy_m), accuracy_m)
            else:
                within = within or reach(here, accuracy_m)
                match = _in_polygon(layer, number, within)
            if match is not None:
                matches.append(match)
    if len(matches) > 1:
        matches.sort(key=_fence)
    return tuple(matches)


def _in_polygon(layer: Layer, number: int, within: Reach) -> Match | None:
    here, accuracy_m = within.here, within.radius_m
    distance_m = layer.outlines.nearest_m(number - layer.circles, within)
    if distance_m is None:
        return _at_depth(layer, number, layer.depth_m(number, here), accuracy_m)
    side = layer.outlines.side(number - layer.circles, lat=here.lat, lon=here.lon)
    inside = side == INSIDE or (side == OPEN and layer.settled(number, lat=here.lat, lon=here.lon))
    if distance_m <= accuracy_m:
        return _at_depth(layer, number, distance_m if inside else -max(distance_m, NANOMETRE), accuracy_m)
    return _surely_inside(layer, number, here) if inside else None


def _surely_inside(layer: Layer, number: int, here: earth.Here) -> Match:
    return Match(
        fence=layer.id_of(number),
        inside=True,
        sureness=Sureness.INSIDE,
        measure=functools.partial(layer.depth_m, number, here),
    )


def _at_depth(layer: Layer, number: int, depth_m: float, accuracy_m: float) -> Match | None:
    if depth_m < -accuracy_m:
        return None
    sureness = Sureness.INSIDE if depth_m >= accuracy_m else Sureness.UNSURE
    return Match(fence=layer.id_of(number), inside=depth_m >= 0, sureness=sureness, distance_m=depth_m)
