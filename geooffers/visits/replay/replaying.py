"""One trace through the visit engine: a report for each fix, as though it had come the moment it was recorded."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from geooffers.matching.areas import Fence
from geooffers.matching.index import Index
from geooffers.visits.engine import crossing, explaining, sighting, transitions
from geooffers.visits.engine.observations import Fix, Ignored, Status
from geooffers.visits.engine.transitions import State, Transition
from geooffers.visits.engine.tuning import Tuning
from geooffers.visits.replay.traces import Trace
from merchants.fences.geometry.measures import size_m

USUAL_DWELL_S = 300


@dataclass(frozen=True, kw_only=True)
class Town:
    """The fences that phones are replayed among. A fence's id is its place in `names` and `fences`."""

    names: Sequence[str]
    fences: Sequence[Fence]
    index: Index
    known: Sequence["KnownBefore"]
    tuning: Tuning

    def fence(self, number: int) -> "KnownBefore":
        return self.known[number]


@dataclass(frozen=True, kw_only=True)
class KnownBefore:
    """Of a fence, as `sighting` asks."""

    dwell_s: int
    is_drive_by: bool
    size_m: float


@dataclass(frozen=True, kw_only=True)
class ReplayedTransition:
    """A change of a visit, and why. `fix` counts the fixes of the trace from 1."""

    fix: int
    transition: Transition
    why: str


@dataclass(frozen=True, kw_only=True)
class Dropped:
    """A fix that was not used, or not yet."""

    fix: int
    at: datetime
    status: Status
    code: Ignored | None
    why: str

    @property
    def word(self) -> str:
        return str(self.code or self.status)


@dataclass(frozen=True, kw_only=True)
class Replay:
    trace: Trace
    changes: tuple[ReplayedTransition, ...]
    dropped: tuple[Dropped, ...]

    def in_order(self) -> Iterator[ReplayedTransition | Dropped]:
        """A fix that was dropped changed nothing, so the two never meet at one fix."""
        both: list[ReplayedTransition | Dropped] = [*self.changes, *self.dropped]
        yield from sorted(both, key=lambda one: one.fix)


def town(*, names: Sequence[str], fences: Sequence[Fence], tuning: Tuning, dwell_s: int) -> Town:
    known = [KnownBefore(dwell_s=dwell_s, is_drive_by=tuning.plain, size_m=size_m(fence.area)) for fence in fences]
    return Town(names=names, fences=fences, index=Index.build(fences), known=known, tuning=tuning)


def replay(trace: Trace, *, among: Town, stale_after: timedelta) -> Replay:
    state = State()
    changes: list[ReplayedTransition] = []
    dropped: list[Dropped] = []
    # No server's clock runs backwards: what the phone tells out of order arrives late.
    now = trace.fixes[0].recorded_at
    for number, fix in enumerate(trace.fixes, start=1):
        now = max(now, fix.recorded_at)
        walk = transitions.walk(
            state=state,
            sightings=[sighting.see(fix=fix, index=among.index, fence=among.fence, now=now)],
            now=now,
            stale_after=stale_after,
            crosses=crossing.among(index=among.index, fence=among.fence),
        )
        state = walk.state
        (step,) = walk.steps
        changes += [ReplayedTransition(fix=number, transition=one, why=_why(one, among)) for one in walk.transitions]
        if step.status is not Status.ACCEPTED or step.code is not None:
            dropped.append(_dropped(fix, number=number, status=step.status, code=step.code))
    return Replay(trace=trace, changes=tuple(changes), dropped=tuple(dropped))


def _dropped(fix: Fix, *, number: int, status: Status, code: Ignored | None) -> Dropped:
    why = explaining.why_dropped(status, code)
    return Dropped(fix=number, at=fix.recorded_at, status=status, code=code, why=why)


def _why(one: Transition, among: Town) -> str:
    known = among.fence(one.fence)
    return explaining.why(one, tuning=among.tuning, dwell_s=known.dwell_s, size_m=known.size_m)
