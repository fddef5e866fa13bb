"""What an index answers."""

import enum
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geooffers.matching.columns import Floats, Ints


class Sureness(enum.IntEnum):
    """What the circle of the fix's accuracy says: wholly inside, wholly outside, or neither."""

    OUTSIDE = -1
    UNSURE = 0
    INSIDE = 1


class Match:
    """A position touches a fence.

    `inside`: the centre is inside or on the boundary. `distance_m`: to the boundary, zero or positive when inside,
    negative when outside; for a fix that is surely inside a large polygon it is measured when it is first read, since
    most who ask do not want to know. A match is never surely outside: such pairs are not returned.
    """

    __slots__ = ("_distance_m", "_measure", "fence", "inside", "sureness")

    def __init__(
        self,
        *,
        fence: int,
        inside: bool,
        sureness: Sureness,
        distance_m: float | None = None,
        measure: Callable[[], float] | None = None,
    ) -> None:
        self.fence = fence
        self.inside = inside
        self.sureness = sureness
        self._distance_m = distance_m
        self._measure = measure

    @property
    def distance_m(self) -> float:
        if self._distance_m is None:
            if self._measure is None:
                raise TypeError("a match needs its distance, or the means to measure it")
            self._distance_m = self._measure()
        return self._distance_m

    def _told(self) -> tuple[int, bool, Sureness, float]:
        return self.fence, self.inside, self.sureness, self.distance_m

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Match) and self._told() == other._told()

    def __hash__(self) -> int:
        return hash(self._told())

    def __repr__(self) -> str:
        return f"Match(fence={self.fence}, inside={self.inside}, {self.sureness!r}, distance_m={self.distance_m})"


@dataclass(frozen=True, kw_only=True)
class Matches:
    """Match by match the same as `Match`, as columns, ordered by point and fence. All have the shape (matches,)."""

    point: npt.NDArray[np.int64]  # the position's place in the arrays that were asked about, from 0
    fence: npt.NDArray[np.int64]  # ids
    inside: npt.NDArray[np.bool_]
    sureness: npt.NDArray[np.int8]  # values of `Sureness`
    distance_m: Floats  # metres, negative outside

    def __len__(self) -> int:
        return len(self.point)


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """Which point is in which fence, in no particular order. Both have the shape (pairs,)."""

    point: Ints  # the position's place in the arrays that were asked about, from 0
    fence: Ints  # ids

    def __len__(self) -> int:
        return len(self.point)


@dataclass(frozen=True, kw_only=True, slots=True)
class Near:
    """A fence and how far away it begins: 0 when the place is in it."""

    fence: int
    distance_m: float
