"""A made-up shopper walks into a merchant's fence: what would come of it, worked out and never written.

A simulation is pure: it walks the same steps through the same rules as a report (`matching`,
`visits.engine.transitions`, the judging and ranking of offers), for a shopper who has no history and has agreed to
everything. It reads the merchant's offers and takes no lock, opens no transaction and writes no row, so it disturbs
nobody and works on a read-only connection. What the shopper is given on the way (a coupon, a push) counts for the rest
of the walk.

What a merchant must not learn by it:

* Of other merchants nothing: only the fences given are matched.
* Where nobody is tracked: the walk comes from a side where it meets no exclusion zone. Which side is tried first
  depends on the fence alone, so that nobody can tell a detour from a whim; where every side meets one, none is walked.
* How many coupons are open while they are few: `budgets.taken_as_shown`.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.conf import settings

from geooffers.coupons import deciding, eligibility, ranking
from geooffers.coupons.eligibility import Reason
from geooffers.coupons.models import Outcome
from geooffers.matching.areas import Area
from geooffers.shoppers.consents import allowed
from geooffers.shoppers.models import Shopper
from geooffers.usecases.location import match_fixes, report_positions
from geooffers.visits import simulated_walks
from geooffers.visits.engine import transitions
from geooffers.visits.engine.observations import Fix, Touch, to_milliseconds, to_ms
from geooffers.visits.engine.stays import Stay
from geooffers.visits.engine.transition_events import BEGINNINGS, Change
from geooffers.visits.engine.transitions import State, Transition
from geooffers.visits.simulated_walks import Manner, Step
from geooffers.visits.state import packing
from merchants.fences.areas import stored_area
from merchants.live_fences import live_fences
from merchants.live_fences.attributes import FenceFacts
from merchants.models import Geofence, Offer
from merchants.offers import budgets, geofenced_push_law, offers

SIDES = 8
# The same phone's: its answer is there a moment after the fix.
ON_THE_WIRE = timedelta(seconds=1)


class NoWayIn(Exception):
    """Nobody is tracked in a part of this fence's surroundings, so no walk can be shown here."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """An offer that was judged at a moment. `score` is None for one that was refused."""

    offer: Offer
    outcome: Outcome
    reason: Reason
    score: float | None


@dataclass(frozen=True, kw_only=True)
class Push:
    title: str
    body: str
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class SimulatedCoupon:
    """What would be promised, and the push that would be owed: None where nobody may be disturbed for it."""

    offer: Offer
    expires_at: datetime
    push: Push | None


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One fix, and all that would come of it. `stays` are the phone's after it, by fence."""

    step: Step
    at: datetime
    now: datetime
    result: transitions.Step
    touches: tuple[Touch, ...]
    stays: dict[int, Stay]
    candidates: tuple[Candidate, ...]
    coupons: tuple[SimulatedCoupon, ...]

    @property
    def transitions(self) -> tuple[Transition, ...]:
        return self.result.transitions


@dataclass(frozen=True, kw_only=True)
class SimulatedVisit:
    fence: Geofence
    manner: Manner
    # Those of the merchant that the walk touches, the one walked into first.
    fences: tuple[Geofence, ...]
    facts: dict[int, FenceFacts]
    seen: tuple[Seen, ...]


def simulate_visit(*, fence: Geofence, own: Sequence[Geofence], manner: Manner, starts_at: datetime) -> SimulatedVisit:
    """`own`: the live fences of the same merchant that whoever asks may see; others are not there."""
    steps = _a_way_in(stored_area(fence), fence=fence, manner=manner)
    fences = [fence, *(one for one in own if one.pk != fence.pk)]
    live = live_fences.few(fences)
    walker = _Walker(live=live)
    seen = tuple(walker.report(step, at=to_milliseconds(starts_at + timedelta(seconds=step.after_s))) for step in steps)
    touched = {touch.fence for one in seen for touch in one.touches} | {fence.pk}
    return SimulatedVisit(
        fence=fence,
        manner=manner,
        fences=tuple(one for one in fences if one.pk in touched),
        facts={one.pk: facts for one in fences if (facts := live.fence(one.pk)) is not None},
        seen=seen,
    )


def _a_way_in(area: Area, *, fence: Geofence, manner: Manner) -> tuple[Step, ...]:
    index = live_fences.matcher().current().index
    first = fence.public_id.int % 360
    for side in range(SIDES):
        bearing = (first + side * 360 / SIDES) % 360
        steps = simulated_walks.walk(area=area, manner=manner, bearing_deg=bearing, dwell_s=fence.dwell_s)
        met = (index.match_one(lat=step.lat, lon=step.lon, accuracy_m=0) for step in steps)
        if not any(match.fence < 0 and match.inside for matches in met for match in matches):
            return steps
    raise NoWayIn


@dataclass(kw_only=True)
class _Visit:
    """Open. `brought`: the offers of which it brought a coupon."""

    brought: set[UUID] = field(default_factory=set)


@dataclass(frozen=True, kw_only=True)
class _Moment:
    visit: _Visit
    facts: FenceFacts
    transition: Transition


class _Walker:
    """The shopper with their one phone: what the service would know of them after each report."""

    def __init__(self, *, live: live_fences.Fences) -> None:
        self._live = live
        self._state = State()
        self._visits: dict[int, _Visit] = {}
        self._had: Counter[UUID] = Counter()
        self._profiled = allowed.may_be_profiled(shopper=Shopper())

    def report(self, step: Step, *, at: datetime) -> Seen:
        """Of one fix, as `report_positions` takes it."""
        now = at + ON_THE_WIRE
        fix = Fix(
            uuid=uuid4(),
            recorded_at=at,
            lat=step.lat,
            lon=step.lon,
            accuracy_m=step.accuracy_m,
            background=True,
            speed_mps=step.speed_mps,
        )
        sighting = match_fixes.look(fix=fix, live=self._live, now=now)
        walk = transitions.walk(
            state=self._state,
            sightings=[sighting],
            now=now,
            stale_after=settings.STALE_AFTER,
            crosses=match_fixes.crosses(live=self._live),
        )
        if transitions.is_worth_a_write(walk):
            # As the next report would read it.
            self._state = packing.unpack(packing.pack(transitions.with_write_counted(walk.state, now=now)))
        candidates: list[Candidate] = []
        coupons = []
        for moment in self._moments(walk.transitions):
            judged = self._choose(moment, now=now)
            candidates += judged
            coupons += [self._given(one.offer, moment, now=now) for one in judged if one.outcome is Outcome.CHOSEN]
        return Seen(
            step=step,
            at=at,
            now=now,
            result=walk.steps[0],
            touches=sighting.touches,
            stays=dict(walk.known.stays) if walk.known.at_ms == to_ms(at) else {},
            candidates=tuple(candidates),
            coupons=tuple(coupons),
        )

    def _moments(self, found: Sequence[Transition]) -> Iterator[_Moment]:
        """With one phone and no late fix every change of a stay is one of its visit, and news."""
        for one in found:
            if one.change in BEGINNINGS:
                self._visits[one.fence] = _Visit()
            elif one.change is Change.LEFT:
                self._visits.pop(one.fence, None)
        for one in found:
            visit, facts = self._visits.get(one.fence), self._live.fence(one.fence)
            if visit is not None and facts is not None:
                yield _Moment(visit=visit, facts=facts, transition=one)

    def _choose(self, moment: _Moment, *, now: datetime) -> list[Candidate]:
        """Judge and rank what the store has up: the candidates of one moment, best first, then those refused."""
        triggers = report_positions.triggers_of(moment.transition.change, is_drive_by=moment.facts.is_drive_by)
        if not triggers:
            return []
        up = offers.offers_up_at(store_id=moment.facts.store_id, triggers=triggers, now=now)
        by_id = {each.offer.pk: each.offer for each in up}
        eligible, refused = [], []
        for each in up:
            offer, had = each.offer, self._had[each.offer.pk]
            facts = eligibility.Facts(
                standing=eligibility.Standing(offer.state),
                starts_at=offer.starts_at,
                ends_at=offer.ends_at,
                open_now=each.open_now,
                cap=offer.budget.cap,
                taken=budgets.taken_as_shown(offer=offer) + had,
                limit=offer.per_shopper_limit,
                had=had,
                issued_this_visit=offer.pk in moment.visit.brought,
            )
            reason = eligibility.judge(facts, now=now).refused_for
            if reason is not None:
                refused.append(Candidate(offer=offer, outcome=Outcome.REFUSED, reason=reason, score=None))
                continue
            eligible.append(
                ranking.Candidate(
                    offer_id=offer.pk,
                    category=offer.category,
                    discount_kind=offer.discount_kind,
                    discount_value=offer.discount_value,
                    ends_at=offer.ends_at,
                    times_had=had if self._profiled else 0,
                )
            )
        ranked = deciding.RANKER.rank(eligible, context=ranking.Context(now=now, trigger=triggers[0]))
        told = [
            Candidate(
                offer=by_id[each.candidate.offer_id],
                outcome=Outcome.PASSED_OVER if place else Outcome.CHOSEN,
                reason=Reason.RANKED_LOWER if place else Reason.BEST,
                score=each.score,
            )
            for place, each in enumerate(ranked)
        ]
        return told + refused

    def _given(self, offer: Offer, moment: _Moment, *, now: datetime) -> SimulatedCoupon:
        self._had[offer.pk] += 1
        moment.visit.brought.add(offer.pk)
        expires_at = offer.coupon_expires_at(issued_at=now)
        push = None
        if moment.transition.pushable and geofenced_push_law.is_allowed(store_id=moment.facts.store_id):
            push_until = min(expires_at, now + report_positions.PUSH_WITHIN)
            push = Push(title=offer.title, body=offer.text, expires_at=push_until)
        return SimulatedCoupon(offer=offer, expires_at=expires_at, push=push)
