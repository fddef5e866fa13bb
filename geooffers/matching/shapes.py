"""A fence made ready to be asked."""

from typing import Protocol

from geooffers.matching.areas import Area, Circle
from geooffers.matching.circles import CircleShape
from geooffers.matching.earth import Box, Here
from geooffers.matching.polygons import PolygonShape


class Shape(Protocol):
    @property
    def boxes(self) -> list[Box]:
        """Boxes that hold the whole fence."""

    def depth_m(self, here: Here) -> float:
        """Distance to the boundary: zero or positive when the place is inside or on it, negative when it is outside."""


def shape_of(area: Area) -> Shape:
    return CircleShape(area) if isinstance(area, Circle) else PolygonShape(area)
