"""A fence made ready to be asked."""

from typing import Protocol

from geooffers.matching.areas import Area, Circle
from geooffers.matching.circles import CircleShape
from geooffers.matching.earth import Here
from geooffers.matching.polygons import PolygonShape


class Shape(Protocol):
    def depth_m(self, here: Here) -> float:
        """Distance to the boundary: zero or positive when the place is inside or on it, negative when it is outside."""

    def covers(self, *, lat: float, lon: float) -> bool:
        """Whether the place is inside or on the boundary."""


def shape_of(area: Area) -> Shape:
    return CircleShape(area) if isinstance(area, Circle) else PolygonShape(area)
