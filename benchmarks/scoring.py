"""What an engine reported of a track, held against what was true. The definitions stand in `benchmarks.tracks`."""

import enum
import itertools
import math
import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from benchmarks.tracks.labels import Inside, Kind, Track, Truth

GRACE_S = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """A transition that an engine reported with the fix of that number.

    `at_s` is when: the fix's time, but of a leave that nobody saw the time it is dated back to. `confidence`: how sure
    the engine says it is.
    """

    enters: bool
    fence: int
    fix: int
    at_s: float
    suspicious: bool = False
    confidence: float = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """What was said of one transition, and whether it was right: not false, by the definitions."""

    enters: bool
    confidence: float
    right: bool


class Fault(enum.StrEnum):
    MISSED = "missed"
    FALSE_ENTER = "false enter"
    FALSE_LEAVE = "false leave"


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """One fault, and where to look for it."""

    fault: Fault
    kind: Kind
    seed: int
    fence: int
    at_s: float

    def __str__(self) -> str:
        return f"{self.kind} {self.seed} fence {self.fence} at {self.at_s:.0f} s: {self.fault}"


@dataclass(kw_only=True)
class Score:
    tracks: int = 0
    stays: int = 0
    left_open: int = 0  # found, and no leave of any kind until the track's end
    delays: list[int] = field(default_factory=list)
    faults: list[Found] = field(default_factory=list)
    judged: list[Judged] = field(default_factory=list)

    @property
    def missed(self) -> int:
        return self._count(Fault.MISSED)

    @property
    def false_enters(self) -> int:
        return self._count(Fault.FALSE_ENTER)

    @property
    def false_leaves(self) -> int:
        return self._count(Fault.FALSE_LEAVE)

    @property
    def false(self) -> int:
        return self.false_enters + self.false_leaves

    @property
    def median_delay(self) -> float:
        return statistics.median(self.delays) if self.delays else 0.0

    @property
    def p90_delay(self) -> float:
        return sorted(self.delays)[math.ceil(0.9 * len(self.delays)) - 1] if self.delays else 0.0

    def add(self, other: "Score") -> None:
        self.tracks += other.tracks
        self.stays += other.stays
        self.left_open += other.left_open
        self.delays += other.delays
        self.faults += other.faults
        self.judged += other.judged

    def _count(self, fault: Fault) -> int:
        return sum(found.fault is fault for found in self.faults)


@dataclass
class _Stay:
    inside: Inside
    has_enter: bool = False
    has_leave: bool = False
    delay: int | None = None


def score(*, track: Track, events: Iterable[Event]) -> Score:
    told = list(events)
    total = Score(tracks=1)
    for fence in track.fences:
        known = [_Stay(inside) for inside in track.insides if inside.fence == fence.id]
        for fault, at_s in _one_fence(total, known, [event for event in told if event.fence == fence.id]):
            total.faults.append(Found(fault=fault, kind=track.kind, seed=track.seed, fence=fence.id, at_s=at_s))
    wrong = {
        (one.fence, one.fault is Fault.FALSE_ENTER, one.at_s) for one in total.faults if one.fault is not Fault.MISSED
    }
    total.judged = [
        Judged(
            enters=event.enters,
            confidence=event.confidence,
            right=(event.fence, event.enters, event.at_s) not in wrong,
        )
        for event in told
        if not event.suspicious
    ]
    return total


def reliability(judged: Sequence[Judged], *, edges: Sequence[float]) -> list[tuple[int, float, float]]:
    """By the bins between the edges: how many transitions, their mean confidence, the share that was right."""
    found = []
    for low, high in itertools.pairwise(edges):
        mine = [one for one in judged if low <= one.confidence < high]
        if mine:
            said = statistics.fmean(one.confidence for one in mine)
            found.append((len(mine), said, statistics.fmean(one.right for one in mine)))
    return found


def calibration_error(bins: Sequence[tuple[int, float, float]]) -> float:
    """How far confidence and truth lie apart, by how many transitions each bin has."""
    return sum(count * abs(said - right) for count, said, right in bins) / max(sum(count for count, *_ in bins), 1)


def _one_fence(total: Score, known: list[_Stay], events: Sequence[Event]) -> Iterator[tuple[Fault, float]]:
    stays = [stay for stay in known if stay.inside.truth is not Truth.PASS]
    for enter, leave in visits(events):
        if enter is None and leave is not None:
            yield Fault.FALSE_LEAVE, leave.at_s
        if enter is None or enter.suspicious:
            continue
        ends_s = math.inf if leave is None else leave.at_s
        mine = _first(stays, at_s=enter.at_s, unused=True)
        if mine is None:
            yield Fault.FALSE_ENTER, enter.at_s
            # A second one of the same stay, or one too early that the stay then began in.
            mine = _first(stays, at_s=enter.at_s, unused=False) or next(
                (stay for stay in stays if not stay.has_enter and enter.at_s < stay.inside.entered_s < ends_s), None
            )
        if mine is not None and not mine.has_enter:
            mine.has_enter = True
            first = mine.inside.first_fix
            mine.delay = 0 if first is None else max(enter.fix - first, 0)
        mine = _followed(stays, mine, ends_s=ends_s)
        if leave is None:
            continue
        if mine is None or mine.has_leave or leave.at_s < mine.inside.left_s - GRACE_S:
            yield Fault.FALSE_LEAVE, leave.at_s
        else:
            mine.has_leave = True
    for stay in stays:
        if stay.inside.truth is Truth.STAY and not stay.inside.continues:
            total.stays += 1
            if not stay.has_enter:
                yield Fault.MISSED, stay.inside.entered_s
            total.left_open += stay.has_enter and not stay.has_leave
            total.delays += [stay.delay] if stay.delay is not None else []


def visits(events: Sequence[Event]) -> list[tuple[Event | None, Event | None]]:
    """Each enter with its leave, or alone where the track ended first; a leave without an enter stands alone."""
    found: list[tuple[Event | None, Event | None]] = []
    open_one: Event | None = None
    for event in events:
        if event.enters:
            if open_one is not None:
                found.append((open_one, None))
            open_one = event
        else:
            found.append((open_one, event))
            open_one = None
    return [*found, (open_one, None)] if open_one is not None else found


def _first(stays: list[_Stay], *, at_s: float, unused: bool) -> _Stay | None:
    for stay in stays:
        if stay.inside.entered_s - GRACE_S <= at_s <= stay.inside.left_s + GRACE_S and not (unused and stay.has_enter):
            return stay
    return None


def _followed(stays: list[_Stay], stay: _Stay | None, *, ends_s: float) -> _Stay | None:
    """The last part of the stay that the visit reached: across a silence nobody needs to enter anew."""
    if stay is None:
        return None
    for after in stays[stays.index(stay) + 1 :]:
        if not after.inside.continues or ends_s < after.inside.entered_s:
            break
        stay.has_leave = True  # a silence may be sat out: none is missing
        after.has_enter = True
        stay = after
    return stay
