"""What a labelled track is made of. The words are defined in `benchmarks.tracks`."""

import enum
from dataclasses import dataclass

from geooffers.matching.areas import Fence


class Kind(enum.StrEnum):
    """The classes of tracks."""

    WALK_IN = "walk_in"
    WALK_BY = "walk_by"
    DRIVE_BY = "drive_by"
    CAFE = "cafe"
    URBAN_CANYON = "urban_canyon"
    TUNNEL = "tunnel"
    UNDERGROUND_GAP = "underground_gap"
    PLANE = "plane"
    TELEPORT = "teleport"


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """A fix as the phone tells it, `at_s` seconds after the track begins."""

    at_s: float
    lat: float
    lon: float
    accuracy_m: float
    speed_mps: float | None
    mock: bool = False


class Truth(enum.StrEnum):
    STAY = "stay"
    BRIEF = "brief"
    PASS = "pass"  # noqa: S105  # a way of crossing a fence


@dataclass(frozen=True, kw_only=True, slots=True)
class Inside:
    """A time for which the noise-free path is in a fence.

    `first_fix` is the number of the first report truly inside, if there is one. `continues`: a part of the stay before,
    on the other side of a silence longer than the stale limit.
    """

    fence: int
    entered_s: float
    left_s: float
    truth: Truth
    first_fix: int | None
    continues: bool = False


@dataclass(frozen=True, kw_only=True)
class Track:
    """`insides` are ordered by fence and time. `lies` are the numbers of the reports from where the phone is not."""

    kind: Kind
    seed: int
    fences: tuple[Fence, ...]
    reports: tuple[Report, ...]
    insides: tuple[Inside, ...]
    lies: frozenset[int] = frozenset()

    @property
    def stays(self) -> tuple[Inside, ...]:
        return tuple(inside for inside in self.insides if inside.truth is Truth.STAY)
