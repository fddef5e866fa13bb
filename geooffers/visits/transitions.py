"""From a fix to the changes of visits it means. Plain Python: no clock, no database, no matching.

`advance` takes one fix and what it touches, `walk` a whole report. What a phone is told in each case stands in
docs/location-report.md: update that page too.

Rules that are not obvious:

* `unsure` is decided by the centre for now. A touch carries sureness and distance, so that a later engine can ask for
  more proof without another interface.
* The first fix known inside a fence is `appeared_inside`: nobody saw the entry. That is also what follows a silence
  longer than the stale limit: then the state begins anew, and what was open ends at the last time known.
* A late fix (older than the newest one known) changes nothing. It would begin a visit that later fixes already left.
* A stay is proven by fixes only: the dwell is the first fix inside at least `dwell_s` after the begin, and its time is
  that fix's.
"""

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from geooffers.visits.silence import is_silent, minute_of

TOO_OLD_AFTER = timedelta(hours=24)
CLOCK_AHEAD_BY = timedelta(minutes=2)
# Past this age a fix still records a visit, but nobody is disturbed for it.
PUSHABLE_WITHIN = timedelta(minutes=5)
# A circle of uncertainty this large says which town, not which shop.
COARSE_OVER_M = 5_000.0
# How many fixes are remembered by uuid. Phones repeat the last report, or a batch: the older fixes of a repeated batch
# are `late`, which changes nothing either.
REMEMBERED = 16
# A cell is about 110 m high. A fix in the minute and cell of the last one written is not worth a write.
CELLS_A_DEGREE = 1_000


class Status(enum.StrEnum):
    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    LATE = "late"
    IGNORED = "ignored"


class Ignored(enum.StrEnum):
    """Why a well-formed fix was not used. Listed in docs/location-report.md: update that page too."""

    CONSENT_MISSING = "consent_missing"
    TOO_OLD = "too_old"
    CLOCK_AHEAD = "clock_ahead"
    TOO_COARSE = "too_coarse"
    NULL_ISLAND = "null_island"
    # A place where nobody is tracked. The word says nothing about the place, to whomever reads the answer.
    NOT_USED = "not_used"


class Change(enum.StrEnum):
    ENTERED = "entered"
    APPEARED_INSIDE = "appeared_inside"
    DWELLED = "dwelled"
    LEFT = "left"


@dataclass(frozen=True, kw_only=True, slots=True)
class Fix:
    """One position of one device. `recorded_at` is aware and holds whole milliseconds, as the packed state does."""

    uuid: UUID
    recorded_at: datetime
    lat: float
    lon: float
    accuracy_m: float
    background: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Touch:
    """A fence that a fix touches. `sureness` is -1 outside, 0 unsure, 1 inside.

    `distance_m` is to the boundary, negative outside. None: nobody measured, for the fix is surely inside.
    """

    fence: int
    inside: bool
    sureness: int
    distance_m: float | None
    dwell_s: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Stay:
    """What is known of one device in one fence. `dwell_s` is the fence's value when the stay began."""

    entered_at: datetime
    last_inside_at: datetime
    dwell_s: int
    dwelled: bool = False
    appeared: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """Of one device. Nothing known is `State()`.

    `newest_at` is the newest fix's time, `cell` where it was; without a cell the state is at rest: where the phone is
    has been forgotten, what it must not send again has not.
    """

    newest_at: datetime | None = None
    cell: tuple[int, int] | None = None
    inside: Mapping[int, Stay] = field(default_factory=dict)
    # The newest fixes' uuids, folded (see `fold`), oldest first.
    remembered: tuple[int, ...] = ()
    # Writes of this state in one minute of the server's clock; what limits them exactly.
    writes_minute: int = 0
    writes: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Transition:
    """`at` is when it was on the phone. `pushable`: young enough to disturb somebody for.

    `stale` marks a `left` that nobody saw: the phone was silent too long, and `at` is the last time known.
    """

    change: Change
    fence: int
    at: datetime
    pushable: bool
    stale: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    state: State
    status: Status
    code: Ignored | None = None
    transitions: tuple[Transition, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Sighting:
    """A fix and what matching said of it. `excluded`: its centre lies where nobody is tracked."""

    fix: Fix
    touches: tuple[Touch, ...]
    excluded: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Walk:
    """A report taken as a whole. `steps` stand in the order of the sightings given."""

    state: State
    steps: tuple[Step, ...]
    transitions: tuple[Transition, ...]


def walk(*, state: State, sightings: Sequence[Sighting], now: datetime, stale_after: timedelta) -> Walk:
    """Fixes of one report are taken in the order in which they were recorded, whatever the order of sending."""
    steps: list[Step | None] = [None] * len(sightings)
    transitions: list[Transition] = []
    seen: set[UUID] = set()
    for place in sorted(range(len(sightings)), key=lambda place: sightings[place].fix.recorded_at):
        sighting = sightings[place]
        if sighting.fix.uuid in seen:
            steps[place] = Step(state=state, status=Status.DUPLICATE)
            continue
        seen.add(sighting.fix.uuid)
        step = advance(state=state, sighting=sighting, now=now, stale_after=stale_after)
        steps[place] = step
        state = step.state
        transitions += step.transitions
    return Walk(
        state=state,
        steps=tuple(step for step in steps if step is not None),
        transitions=tuple(transitions),
    )


def advance(*, state: State, sighting: Sighting, now: datetime, stale_after: timedelta) -> Step:
    fix = sighting.fix
    folded = fold(fix.uuid)
    if folded in state.remembered:
        return Step(state=state, status=Status.DUPLICATE)
    code = Ignored.NOT_USED if sighting.excluded else why_unusable(fix=fix, now=now)
    if code is not None:
        return Step(state=state, status=Status.IGNORED, code=code)
    if state.newest_at is not None and fix.recorded_at < state.newest_at:
        return Step(state=state, status=Status.LATE)
    pushable = now - fix.recorded_at <= PUSHABLE_WITHIN
    transitions: list[Transition] = []
    known, anew = state.inside, state.cell is None
    if state.newest_at is not None and is_silent(newest_at=state.newest_at, now=fix.recorded_at, limit=stale_after):
        transitions += end_of_silence(state)
        known, anew = {}, True
    inside = dict(known)
    for touch in sighting.touches:
        if not touch.inside:
            continue
        stay = known.get(touch.fence)
        if stay is None:
            change = Change.APPEARED_INSIDE if anew else Change.ENTERED
            transitions.append(Transition(change=change, fence=touch.fence, at=fix.recorded_at, pushable=pushable))
            stay = Stay(
                entered_at=fix.recorded_at, last_inside_at=fix.recorded_at, dwell_s=touch.dwell_s, appeared=anew
            )
        elif not stay.dwelled and (fix.recorded_at - stay.entered_at).total_seconds() >= stay.dwell_s:
            transitions.append(
                Transition(change=Change.DWELLED, fence=touch.fence, at=fix.recorded_at, pushable=pushable)
            )
            stay = replace(stay, last_inside_at=fix.recorded_at, dwelled=True)
        else:
            stay = replace(stay, last_inside_at=fix.recorded_at)
        inside[touch.fence] = stay
    here = {touch.fence for touch in sighting.touches if touch.inside}
    for fence in known:
        if fence not in here:
            del inside[fence]
            transitions.append(Transition(change=Change.LEFT, fence=fence, at=fix.recorded_at, pushable=pushable))
    return Step(
        state=replace(
            state,
            newest_at=fix.recorded_at,
            cell=cell_of(lat=fix.lat, lon=fix.lon),
            inside=inside,
            remembered=(*state.remembered[-(REMEMBERED - 1) :], folded),
        ),
        status=Status.ACCEPTED,
        transitions=tuple(transitions),
    )


def why_unusable(*, fix: Fix, now: datetime) -> Ignored | None:
    """What can be said without matching; a fix that says nothing is not matched at all."""
    if fix.recorded_at - now > CLOCK_AHEAD_BY:
        return Ignored.CLOCK_AHEAD
    if now - fix.recorded_at > TOO_OLD_AFTER:
        return Ignored.TOO_OLD
    if fix.lat == 0 and fix.lon == 0:
        # What broken receivers report; a real phone there would be on a buoy.
        return Ignored.NULL_ISLAND
    return Ignored.TOO_COARSE if fix.accuracy_m > COARSE_OVER_M else None


def end_of_silence(state: State) -> Iterable[Transition]:
    """What a phone that fell silent leaves, each at the last time it was known inside."""
    return [
        Transition(change=Change.LEFT, fence=fence, at=stay.last_inside_at, pushable=False, stale=True)
        for fence, stay in state.inside.items()
    ]


def at_rest(state: State) -> State:
    """The state of a phone that has been silent too long: no place in it.

    Time and uuids stay. A phone that repeats an old batch because the reply was lost would otherwise begin the same
    visit, and be owed the same coupon, once more.
    """
    return replace(state, cell=None, inside={})


def is_worth_a_write(*, before: State, after: State) -> bool:
    """Whether a later report could tell the difference: a fence or a flag changed, or the minute, or the cell.

    What is skipped is bounded: two fixes of one minute and cell whose order nobody remembers, and a repeat of the
    second that is answered `accepted` again. Neither changes anything.
    """
    if before is after:
        return False
    if before.newest_at is None or after.newest_at is None:
        return before.newest_at is not after.newest_at
    return (
        minute_of(before.newest_at) != minute_of(after.newest_at)
        or before.cell != after.cell
        or before.inside.keys() != after.inside.keys()
        or any(stay.entered_at != after.inside[fence].entered_at for fence, stay in before.inside.items())
        or any(stay.dwelled != after.inside[fence].dwelled for fence, stay in before.inside.items())
    )


def with_write_counted(state: State, *, now: datetime) -> State:
    """The state as it is written at `now`: its writes in this minute are one more."""
    minute = int(now.timestamp()) // 60
    return replace(state, writes_minute=minute, writes=state.writes + 1 if state.writes_minute == minute else 1)


def fold(uuid: UUID) -> int:
    """64 bits are plenty to tell one phone's last fixes apart, and half as long to keep."""
    return (uuid.int >> 64) ^ (uuid.int & 0xFFFF_FFFF_FFFF_FFFF)


def cell_of(*, lat: float, lon: float) -> tuple[int, int]:
    return int(lat * CELLS_A_DEGREE // 1), int(lon * CELLS_A_DEGREE // 1)


def to_milliseconds(moment: datetime) -> datetime:
    """Times are kept in whole milliseconds; a finer one would not survive the packing."""
    moment = moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
