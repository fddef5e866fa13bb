"""From a report to the changes of visits it means. Plain Python: no clock, no database, no matching.

`walk` takes a report, `advance` one sighting. What a phone is told in each case stands in docs/location-report.md, the
rules of a stay in docs/visits.md: update those pages too.

Sightings count in the order in which they were on the phone, not in which they arrive. The last few stay in the state,
beside what was known before the first of them: one that arrives late is put in its place, and everything after it is
worked out again. What that changes about visits that have been told is a correction, for which no message is sent. One
that is older than all of them is late, and changes nothing.
"""

import functools
from bisect import bisect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from geooffers.visits.engine import corrections, timeline
from geooffers.visits.engine.corrections import Correction
from geooffers.visits.engine.observations import (
    PUSHABLE_WITHIN,
    Ignored,
    Order,
    Sighting,
    Status,
    to_moment,
    why_unusable,
)
from geooffers.visits.engine.stays import Stay
from geooffers.visits.engine.timeline import Crosses, Known
from geooffers.visits.engine.transition_events import Change, Happening, Rule
from geooffers.visits.state.recent_fixes import Kept

# How many sightings are remembered by uuid. Phones repeat the last report, or a batch: the older ones of a repeated
# batch are `late`, which changes nothing either.
REMEMBERED = 16
# So many, and none older than so long before the newest, are kept to put a late one in its place.
KEPT = 12
KEPT_MS = 30 * 60_000
# A cell is about 110 m high. A fix in the minute and cell of the last one written is not worth a write.
CELLS_A_DEGREE = 1_000
NOTHING_KNOWN, NOTHING_KEPT = Known(), Kept()


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """Of one device. Nothing known is `State()`.

    `known` is what follows from `base` and `kept`, the sightings since; it is kept too, so that the usual fix, which
    is the newest, costs one step. `remembered`: the newest sightings' uuids, folded, oldest first.
    """

    known: Known = NOTHING_KNOWN
    base: Known = NOTHING_KNOWN
    kept: Kept = NOTHING_KEPT
    remembered: tuple[int, ...] = ()
    # Writes of this state in one minute of the server's clock; what limits them exactly.
    writes_minute: int = 0
    writes: int = 0

    @property
    def newest_at(self) -> datetime | None:
        return None if self.known.at_ms is None else to_moment(self.known.at_ms)

    @property
    def is_at_rest(self) -> bool:
        """No place is known of the phone: it is new, was silent, or its state was lost."""
        return self.known.place is None and not self.known.stays

    @property
    def inside(self) -> Mapping[int, Stay]:
        """The stays that have begun, by fence."""
        return {fence: stay for fence, stay in self.known.stays.items() if stay.begun}


@dataclass(frozen=True, kw_only=True, slots=True)
class Transition:
    """`at` is when it was on the phone, `proven_at` the fix that settled it. `pushable`: young, and nothing suspicious
    about it, so that a message may be owed for it. `confidence`: 0 to 1.

    `stale` marks a `left` without a fix outside: the phone was silent too long, and `at` is the last time known. `rule`
    is what settled it; None where the change says it itself.
    """

    change: Change
    fence: int
    at: datetime
    pushable: bool
    proven_at: datetime | None = None
    confidence: float = 1.0
    stale: bool = False
    correction: Correction | None = None
    rule: Rule | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    status: Status
    code: Ignored | None = None
    transitions: tuple[Transition, ...] = ()


_ACCEPTED, _DUPLICATE = Step(status=Status.ACCEPTED), Step(status=Status.DUPLICATE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Walk:
    """A report taken as a whole. `steps` stand in the order of the sightings given."""

    before: State
    known: Known
    steps: tuple[Step, ...]
    transitions: tuple[Transition, ...]
    # Whether a late one was put in its place, which the next late one will want to know.
    took_late: bool
    make_state: Callable[[], State]

    @property
    def state(self) -> State:
        """Made when it is asked for: most reports change nothing, and their state is never written."""
        return self.make_state()


def walk(
    *,
    state: State,
    sightings: Sequence[Sighting],
    now: datetime,
    stale_after: timedelta,
    crosses: Crosses | None = None,
) -> Walk:
    """Sightings of one report are taken in the order in which they were on the phone, whatever the order of sending.

    `crosses`: what lies on the straight way between two places (`crossing`); without it nothing is told as crossed.
    """
    line = _Line(state, now=now, stale_ms=int(stale_after.total_seconds() * 1000), crosses=crosses)
    steps: dict[int, Step] = {}
    orders = [seen.order for seen in sightings]
    order_of_taking = sorted(range(len(sightings)), key=orders.__getitem__)
    for place in order_of_taking:
        steps[place] = line.take(sightings[place], order=orders[place])
    return Walk(
        before=state,
        known=line.known,
        took_late=line.took_late,
        make_state=functools.cache(line.state),
        steps=tuple(steps[place] for place in range(len(sightings))),
        transitions=tuple(one for place in order_of_taking for one in steps[place].transitions),
    )


def advance(*, state: State, sighting: Sighting, now: datetime, stale_after: timedelta) -> Walk:
    return walk(state=state, sightings=[sighting], now=now, stale_after=stale_after)


class _Line:
    """A state while a report is taken in. What was kept is not even unpacked while nothing but newer ones arrive."""

    def __init__(self, state: State, *, now: datetime, stale_ms: int, crosses: Crosses | None) -> None:
        self._before = state
        self._now, self._stale_ms = now, stale_ms
        self._crosses = None if crosses is None else _asked_once(crosses)
        self._known = state.known
        self._earlier = state.kept
        # Newer than all of those: each with what was known after it.
        self._added: list[Sighting] = []
        self._afters: list[Known] = []
        self._took_late = False
        self._remembered = list(state.remembered)
        self._seen = set(state.remembered)

    @property
    def known(self) -> Known:
        return self._known

    @property
    def took_late(self) -> bool:
        return self._took_late

    def take(self, seen: Sighting, *, order: Order) -> Step:
        at_ms, _, folded = order
        if folded in self._seen:
            return _DUPLICATE
        code = Ignored.NOT_USED if seen.excluded else why_unusable(fix=seen.fix, now=self._now)
        if code is not None:
            return Step(status=Status.IGNORED, code=code)
        if self._is_newest(order):
            stepped = timeline.step(self._known, seen, at_ms=at_ms, stale_ms=self._stale_ms, crosses=self._crosses)
            self._known = stepped.known
            self._added.append(seen)
            self._afters.append(stepped.known)
            step = _ACCEPTED
            if stepped.set_aside or stepped.happened:
                step = Step(
                    status=Status.ACCEPTED,
                    code=Ignored.SET_ASIDE if stepped.set_aside else None,
                    transitions=tuple(self._transition(one) for one in stepped.happened),
                )
        elif self._is_too_late(at_ms=at_ms):
            return Step(status=Status.LATE)
        else:
            step = Step(status=Status.ACCEPTED, transitions=tuple(self._put_in_its_place(seen)))
        self._seen.add(folded)
        self._remembered.append(folded)
        return step

    def state(self) -> State:
        """With no more kept than is needed for the next report."""
        if not self._added and not self._took_late:
            return self._before
        kept = self._earlier.followed_by(self._added)
        oldest_ms = kept.at_ms(-1) - KEPT_MS
        cut = max(0, len(kept) - KEPT)
        while kept.at_ms(cut) < oldest_ms:
            cut += 1
        return replace(
            self._before,
            known=self._known,
            base=self._known_after(kept, cut) if cut else self._before.base,
            kept=kept.without_first(cut),
            remembered=tuple(self._remembered[-REMEMBERED:]),
        )

    def _known_after(self, kept: Kept, count: int) -> Known:
        """What is known after the first so many, which this report may have worked out on its way."""
        if count > len(self._earlier):
            return self._afters[count - len(self._earlier) - 1]
        return self._folded(self._before.base, kept[:count])[0]

    def _is_newest(self, order: Order) -> bool:
        at_ms, newest_ms = order[0], self._known.at_ms
        if newest_ms is None or at_ms > newest_ms:
            return True
        if at_ms < newest_ms:
            return False
        newest = self._added[-1] if self._added else self._earlier[-1] if self._earlier else None
        return newest is None or order > newest.order

    def _is_too_late(self, *, at_ms: int) -> bool:
        base_ms = self._before.base.at_ms
        return (base_ms is not None and at_ms <= base_ms) or not (self._added or self._earlier)

    def _put_in_its_place(self, seen: Sighting) -> list[Transition]:
        self._took_late = True
        kept = [*self._earlier, *self._added]
        base = self._before.base
        _, before = self._folded(base, kept, crosses=self._crosses)
        kept.insert(bisect([one.order for one in kept], seen.order), seen)
        self._earlier, self._added, self._afters = Kept(kept), [], []
        self._known, after = self._folded(base, kept, crosses=self._crosses)
        found: list[Transition] = []
        for fence, correction in corrections.compare(base=base, before=before, after=after).items():
            changes = corrections.as_changes(correction)
            if changes is None:
                found.append(self._late(Change.CORRECTED, fence=fence, at_ms=seen.at_ms, correction=correction))
            else:
                found += [self._late(change, fence=fence, at_ms=at_ms) for change, at_ms in changes]
        return found

    def _folded(
        self, known: Known, sightings: Sequence[Sighting], *, crosses: Crosses | None = None
    ) -> tuple[Known, list[Happening]]:
        happened: list[Happening] = []
        for seen in sightings:
            stepped = timeline.step(known, seen, at_ms=seen.at_ms, stale_ms=self._stale_ms, crosses=crosses)
            known = stepped.known
            happened += stepped.happened
        return known, happened

    def _transition(self, one: Happening) -> Transition:
        proven_at = to_moment(one.proven_ms)
        return Transition(
            change=one.change,
            fence=one.fence,
            at=to_moment(one.at_ms),
            proven_at=proven_at,
            pushable=not one.stale
            and not one.suspicious
            and one.change is not Change.CROSSED
            and self._now - proven_at <= PUSHABLE_WITHIN,
            confidence=one.confidence,
            stale=one.stale,
            rule=one.rule,
        )

    def _late(self, change: Change, *, fence: int, at_ms: int, correction: Correction | None = None) -> Transition:
        at = to_moment(at_ms)
        return Transition(
            change=change,
            fence=fence,
            at=at,
            proven_at=at,
            pushable=False,
            correction=correction,
            rule=Rule.LATE_FIX,
        )


def _asked_once(crosses: Crosses) -> Crosses:
    """Each late sighting has all that is kept worked out twice, and nearly all ways in it were asked before."""
    return functools.cache(lambda before, after: tuple(crosses(before, after)))


def at_rest(state: State) -> State:
    """The state of a phone that has been silent too long: no place in it.

    Time and uuids stay. A phone that repeats an old batch because the reply was lost would otherwise begin the same
    visit, and be owed the same coupon, once more.
    """
    forgotten = Known(at_ms=state.known.at_ms)
    return replace(state, known=forgotten, base=forgotten, kept=NOTHING_KEPT)


def is_worth_a_write(walk: Walk) -> bool:
    """Whether a later report could tell the difference: a fence or a flag changed, or the minute, or the cell.

    What is skipped is bounded: two fixes of one minute and cell whose order nobody remembers, and a repeat of the
    second that is answered `accepted` again. Neither changes anything.
    """
    was, now = walk.before.known, walk.known
    if walk.transitions or walk.took_late:
        # Somebody who came and went within a report leaves a state as it was, and a visit all the same.
        return True
    if was is now:
        return False
    if was.at_ms is None or now.at_ms is None:
        return was.at_ms is not now.at_ms
    return (
        was.at_ms // 60_000 != now.at_ms // 60_000
        or _cell(was) != _cell(now)
        or was.aside is not now.aside
        or was.is_suspicious != now.is_suspicious
        or was.stays.keys() != now.stays.keys()
        or any(_proof(stay) != _proof(now.stays[fence]) for fence, stay in was.stays.items())
    )


def _proof(stay: Stay) -> tuple[object, ...]:
    """What of a stay decides something at the next fix; how often it was proven once it has begun does not."""
    attempt = None if stay.begun and stay.settled else (stay.firm, stay.slow_since_ms)
    return stay.entered_ms, stay.begun, stay.settled, stay.dwelled, stay.outside_since_ms, stay.misses, attempt


def _cell(known: Known) -> tuple[int, int] | None:
    place = known.place
    return None if place is None else (int(place.lat * CELLS_A_DEGREE // 1), int(place.lon * CELLS_A_DEGREE // 1))


def with_write_counted(state: State, *, now: datetime) -> State:
    """The state as it is written at `now`: its writes in this minute are one more."""
    minute = int(now.timestamp()) // 60
    return replace(state, writes_minute=minute, writes=state.writes + 1 if state.writes_minute == minute else 1)
