"""The rows of visits and presences that one report changes, by the same few statements for any number of fences.

1. A visit is inserted for each fence at which one may begin. The constraint decides which of several phones wins; a
   phone that loses waits here until the winner has committed.
2. The open visits of all other fences are locked, in the order of the fences' ids. The winner's visit may have ended
   between its commit and this lock: for these fences both steps are taken again.
3. Which of the locked visits another phone is in is read once.
4. What happened at each fence is worked out in memory, in its order. No other transaction can change these visits now:
   it waits for their lock, or for the insert.
5. The rows are written: visits that changed, visits that began after another one ended, presences that are over, new
   presences.

A step that has nothing to do asks nothing. An entry is two statements: the visit and the presence.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from uuid_utils.compat import uuid7

from geooffers.shoppers.models import Device
from geooffers.statements.compiled import Given, GivenList, Select, columns_of, model_of
from geooffers.statements.inserts import insert_new
from geooffers.visits import telling
from geooffers.visits.engine.transition_events import BEGINNINGS, Change
from geooffers.visits.engine.transitions import Transition
from geooffers.visits.models import EndReason, Presence, Visit

# By fence, the transitions there in their order, each with its place in the report.
Runs = Mapping[int, Sequence[tuple[int, Transition]]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """The visit of a transition, and whether the visit itself began, went on or ended by it."""

    visit: Visit
    is_news: bool


def write(
    *, device: Device, shopper_id: UUID, runs: Runs, is_gone: Callable[[int], bool], also_locked: Collection[int] = ()
) -> dict[int, Written]:
    """By place, for each transition that has a visit. `also_locked`: fences whose open visits the caller goes on to
    change, so that all are locked in one order."""
    begins = {fence: first for fence in sorted(runs) if (first := _first_beginning(runs[fence])) is not None}
    fences = {fence for fence, run in runs.items() if any(one.change is not Change.CROSSED for _, one in run)}
    new, locked = _hold(
        begins={fence: _new(shopper_id=shopper_id, one=one) for fence, one in begins.items()},
        fences=fences.union(also_locked),
        shopper_id=shopper_id,
    )
    leaves = [locked[fence].pk for fence in sorted(locked) if any(one.change is Change.LEFT for _, one in runs[fence])]
    shared = _shared(leaves, device_id=device.pk)
    written: dict[int, Written] = {}
    changes = _Changes(device=device)
    for fence, run in runs.items():
        story = _Story(new=new.get(fence), visit=locked.get(fence), shared=shared, changes=changes)
        for place, one in run:
            if one.change is Change.CROSSED:
                crossed = _crossed(shopper_id=shopper_id, one=one)
                changes.added.append(crossed)
                telling.began(crossed)
                telling.ended(crossed)
                continue
            told = story.tell(one, shopper_id=shopper_id, is_gone=is_gone)
            if told is not None:
                written[place] = told
    changes.write()
    return written


def leave(visits: Sequence[Visit], *, device_id: UUID, at: Callable[[int], datetime], reason: EndReason) -> list[Visit]:
    """The phone leaves these visits, which are open and locked; those of them that ended by it. `at`: by fence."""
    shared = _shared([visit.pk for visit in visits], device_id=device_id)
    ended = [visit for visit in visits if _left(visit, at=at(visit.fence_id), reason=reason, shared=shared)]
    _end_presences([visit.pk for visit in visits], device_id=device_id)
    _save(visits)
    for visit in ended:
        telling.ended(visit)
    return ended


# --- holding what is to be changed -----------------------------------------------------------------------------


def _hold(
    *, begins: Mapping[int, Visit], fences: Collection[int], shopper_id: UUID
) -> tuple[dict[int, Visit], dict[int, Visit]]:
    """By fence: of `begins` those that are inserted now, and what is open at the other fences, locked."""
    new: dict[int, Visit] = {}
    locked: dict[int, Visit] = {}
    wanted, rest = dict(begins), set(fences)
    while True:
        inserted = insert_new(list(wanted.values()))
        new |= {fence: visit for fence, visit in wanted.items() if visit.pk in inserted}
        rest -= new.keys()
        locked |= {visit.fence_id: visit for visit in _lock_open(shopper_id=shopper_id, fences=sorted(rest))}
        wanted = {fence: visit for fence, visit in wanted.items() if fence not in new and fence not in locked}
        if not wanted:
            return new, locked
        rest = set(wanted)


def _open_visits(count: int) -> QuerySet[Visit, Any]:
    fences = GivenList("fences", Visit.fence.field, count=count)
    visits = Visit.objects.filter(shopper=Given("shopper", Visit.shopper.field), fence__in=fences, ended_at=None)
    return visits.order_by("fence_id").select_for_update().values_list(*columns_of(Visit))


_OPEN_VISITS = Select(_open_visits)


def _lock_open(*, shopper_id: UUID, fences: Sequence[int]) -> list[Visit]:
    if not fences:
        return []
    rows = _OPEN_VISITS.rows(len(fences), shopper=shopper_id, fences=fences)
    return [model_of(Visit, row) for row in rows]


def _shared(visit_ids: Collection[UUID], *, device_id: UUID) -> frozenset[UUID]:
    """Those in which another phone is. The visits are locked, so that stays so."""
    if not visit_ids:
        return frozenset()
    others = Presence.objects.filter(visit__in=visit_ids).exclude(device=device_id)
    return frozenset(others.values_list("visit_id", flat=True))


# --- what happened at one fence --------------------------------------------------------------------------------


@dataclass(kw_only=True, slots=True)
class _Story:
    """`new`: inserted for the first visit that begins here. `visit`: the one that is open at the moment."""

    new: Visit | None
    visit: Visit | None
    shared: frozenset[UUID]
    changes: "_Changes"

    def tell(self, one: Transition, *, shopper_id: UUID, is_gone: Callable[[int], bool]) -> Written | None:
        if one.change in BEGINNINGS:
            return self._begin(one, shopper_id=shopper_id)
        visit = self.visit
        if visit is None:
            return None
        if one.change is Change.LEFT:
            reason = EndReason.STALE if one.stale else EndReason.LEFT
            if is_gone(one.fence):
                reason = EndReason.FENCE_GONE
            ended = _left(visit, at=one.at, reason=reason, shared=self.shared)
            self.changes.leave(visit)
            if ended:
                telling.ended(visit)
                self.visit = None
            return Written(visit=visit, is_news=ended)
        is_news = _went_on(visit, one)
        if is_news:
            self.changes.change(visit)
        return Written(visit=visit, is_news=is_news)

    def _begin(self, one: Transition, *, shopper_id: UUID) -> Written:
        """The open visit is another phone's, or one that an earlier report began. Else it is the new one; after that
        has ended, another."""
        begins = self.visit is None
        if self.visit is None:
            if self.new is not None:
                self.visit, self.new = self.new, None
            else:
                self.visit = _new(shopper_id=shopper_id, one=one)
                self.changes.added.append(self.visit)
            telling.began(self.visit)
        self.changes.enter(self.visit, since=one.at)
        return Written(visit=self.visit, is_news=begins)


def _first_beginning(run: Iterable[tuple[int, Transition]]) -> Transition | None:
    return next((one for _, one in run if one.change in BEGINNINGS), None)


def _new(*, shopper_id: UUID, one: Transition) -> Visit:
    return Visit(
        id=uuid7(),
        shopper_id=shopper_id,
        fence_id=one.fence,
        began_at=one.at,
        appeared_inside=one.change is Change.APPEARED_INSIDE,
        confidence=one.confidence,
    )


def _crossed(*, shopper_id: UUID, one: Transition) -> Visit:
    """Somebody drove through. Over before anybody knew; it brings nothing."""
    return Visit(
        id=uuid7(),
        shopper_id=shopper_id,
        fence_id=one.fence,
        began_at=one.at,
        ended_at=one.at,
        end_reason=EndReason.CROSSED,
        confidence=one.confidence,
    )


def _went_on(visit: Visit, one: Transition) -> bool:
    """Settled or dwelled, once a visit whichever phone is first."""
    column = "settled_at" if one.change is Change.SETTLED else "dwelled_at"
    if getattr(visit, column) is not None:
        return False
    setattr(visit, column, one.at)
    visit.confidence = max(visit.confidence, one.confidence)
    return True


def _left(visit: Visit, *, at: datetime, reason: EndReason, shared: frozenset[UUID]) -> bool:
    """Whether it ended by this."""
    # Phones disagree about the time by seconds, and a silent one goes last in our books only.
    until = max(at, visit.began_at, visit.seen_until or at)
    if visit.pk in shared:
        visit.seen_until = until
        return False
    visit.ended_at, visit.end_reason = until, reason
    return True


# --- rows ------------------------------------------------------------------------------------------------------


@dataclass(kw_only=True, slots=True)
class _Changes:
    """`changed`: rows that are there. `added`: visits that are not. `since`: of presences, by visit."""

    device: Device
    changed: dict[UUID, Visit] = field(default_factory=dict)
    added: list[Visit] = field(default_factory=list)
    over: set[UUID] = field(default_factory=set)
    since: dict[UUID, tuple[Visit, datetime]] = field(default_factory=dict)

    def change(self, visit: Visit) -> None:
        self.changed[visit.pk] = visit

    def enter(self, visit: Visit, *, since: datetime) -> None:
        self.since.setdefault(visit.pk, (visit, since))

    def leave(self, visit: Visit) -> None:
        self.since.pop(visit.pk, None)
        self.over.add(visit.pk)
        self.change(visit)

    def write(self) -> None:
        added = {visit.pk for visit in self.added}
        _save([visit for visit in self.changed.values() if visit.pk not in added])
        Visit.objects.bulk_create(self.added)
        _end_presences(sorted(self.over - added), device_id=self.device.pk)
        # Already there when a state was lost: then it is the same presence.
        insert_new([Presence(visit=visit, device=self.device, since=since) for visit, since in self.since.values()])


_CHANGING = ("settled_at", "dwelled_at", "confidence", "seen_until", "ended_at", "end_reason")


def _save(visits: Sequence[Visit]) -> None:
    if len(visits) == 1:
        visits[0].save(update_fields=_CHANGING)
    elif visits:
        Visit.objects.bulk_update(visits, _CHANGING)


def _end_presences(visit_ids: Collection[UUID], *, device_id: UUID) -> None:
    if visit_ids:
        Presence.objects.filter(visit__in=visit_ids, device=device_id).delete()
