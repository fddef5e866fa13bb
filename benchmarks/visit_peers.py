"""How others decide that somebody is in a fence, written by us from what they publish, with their defaults.

* `two fixes`: a fix is inside if its distance is at most the radius; what is new since the fix before was entered, what
  is gone was left. Traccar, and Tile38's FENCE DETECT enter,exit.
* `plus accuracy`: the same with the fix's accuracy added to the radius, for entries and for exits; a polygon is met
  when its edge is within the accuracy. Radar's SDK.
* `exit margin`: entered when inside, left when outside by more than a tenth of the radius or 20 m, whichever is more. A
  polygon's radius is that of the circle of its size. Tracelet 3.6.14.

In all of them a first fix inside is an entry, and the order of arrival counts.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pyproj import Geod

from benchmarks.scoring import Event
from benchmarks.tracks.labels import Track
from geooffers.matching import earth, shapes
from geooffers.matching.areas import Area, Circle

MARGIN_SHARE, MARGIN_M = 0.1, 20.0

# Of the fix: how deep inside (negative outside), how accurate, in a fence of what radius, inside until now?
Rule = Callable[[float, float, float, bool], bool]


@dataclass(frozen=True, kw_only=True)
class Peer:
    name: str
    rule: Rule

    def run(self, track: Track) -> Iterator[Event]:
        fences = [(fence.id, shapes.shape_of(fence.area), radius_m(fence.area)) for fence in track.fences]
        inside: set[int] = set()
        for number, report in enumerate(track.reports):
            here = earth.here(lat=report.lat, lon=report.lon)
            for fence_id, shape, radius in fences:
                was = fence_id in inside
                now = self.rule(shape.depth_m(here), report.accuracy_m, radius, was)
                if now != was:
                    inside ^= {fence_id}
                    yield Event(enters=now, fence=fence_id, fix=number, at_s=report.at_s)


def two_fixes(depth_m: float, accuracy_m: float, radius: float, was_inside: bool) -> bool:
    return depth_m >= 0


def plus_accuracy(depth_m: float, accuracy_m: float, radius: float, was_inside: bool) -> bool:
    return depth_m >= -accuracy_m


def exit_margin(depth_m: float, accuracy_m: float, radius: float, was_inside: bool) -> bool:
    return depth_m >= (-max(MARGIN_SHARE * radius, MARGIN_M) if was_inside else 0)


PEERS = (
    Peer(name="two fixes", rule=two_fixes),
    Peer(name="plus accuracy", rule=plus_accuracy),
    Peer(name="exit margin", rule=exit_margin),
)


def radius_m(area: Area) -> float:
    if isinstance(area, Circle):
        return area.radius_m
    square_m = 0.0
    for part in area.parts:
        for ring in part:
            lon, lat = zip(*ring, strict=True)
            square_m += abs(_ELLIPSOID.polygon_area_perimeter(lon, lat)[0]) * (1 if ring is part[0] else -1)
    return math.sqrt(square_m / math.pi)


_ELLIPSOID = Geod(ellps="WGS84")
