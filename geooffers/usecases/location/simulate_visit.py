"""A made-up shopper walks into a merchant's fence: what would come of it, worked out and never written.

A simulation is pure: it walks the same steps through the same rules as a report (`matching`,
`visits.engine.transitions`, `decisions.choosing`), for a shopper who has no history and has agreed to everything. It
reads the merchant's offers, drafts and what has ended among them. It takes no lock, opens no transaction and writes no
row, so it disturbs nobody and works on a read-only connection. What the shopper is given on the way (a coupon, a push)
counts for the rest of the walk.

What a merchant must not learn by it:

* Of other merchants nothing: only the fences given are matched.
* Where nobody is tracked: the walk comes from a side where it meets no exclusion zone. Which side is tried first
  depends on the fence alone, so that nobody can tell a detour from a whim; where every side meets one, none is walked.
* How many coupons are open while they are few: `budgets.taken_as_shown`.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.conf import settings

from geooffers.decisions import choosing, deciding, facts, interrupting
from geooffers.decisions.choosing import MomentFacts, OfferFacts, Outcome, PersonFacts
from geooffers.decisions.eligibility import Reason
from geooffers.decisions.models import MessageOutcome
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
from geooffers.visits.simulated_walks import Manner, WalkStep
from geooffers.visits.state import packing
from merchants.fences.areas import stored_area
from merchants.live_fences import live_fences
from merchants.live_fences.attributes import FenceFacts
from merchants.models import Geofence, Offer, Trigger
from merchants.offers import budgets, offers
from merchants.offers.offers import AtStore, UpOffer

SIDES = 8
# The same phone's: its answer is there a moment after the fix.
ON_THE_WIRE = timedelta(seconds=1)


class NoWayIn(Exception):
    """Nobody is tracked in a part of this fence's surroundings, so no walk can be shown here."""


@dataclass(frozen=True, kw_only=True)
class SimulatedCandidate:
    """An offer that was judged at a moment. `score` is None for one that was refused."""

    offer: Offer
    outcome: Outcome
    reason: Reason
    score: float | None


@dataclass(frozen=True, kw_only=True)
class SimulatedPush:
    title: str
    body: str
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class SimulatedCoupon:
    """What would be promised, and what would become of the push about it, which is there when it is owed."""

    offer: Offer
    expires_at: datetime
    message: MessageOutcome
    push: SimulatedPush | None


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One fix, and all that would come of it. `stays` are the phone's after it, by fence."""

    step: WalkStep
    at: datetime
    now: datetime
    result: transitions.Step
    touches: tuple[Touch, ...]
    stays: dict[int, Stay]
    # Of every moment in turn: the eligible ones first, best first.
    candidates: tuple[SimulatedCandidate, ...]
    coupon: SimulatedCoupon | None

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
    """`own`: the live fences of the same merchant that the user may see; no others are in the simulation."""
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


def _a_way_in(area: Area, *, fence: Geofence, manner: Manner) -> tuple[WalkStep, ...]:
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
    """What a visit's change may bring, as `report_positions` has it."""

    visit: _Visit
    store_id: UUID
    triggers: tuple[Trigger, ...]
    pushable: bool


class _Walker:
    """The shopper with their one phone: what the service would know of them after each report."""

    def __init__(self, *, live: live_fences.Fences) -> None:
        self._live = live
        self._state = State()
        self._visits: dict[int, _Visit] = {}
        # Of each offer so many coupons, and when a push was last owed.
        self._had: Counter[UUID] = Counter()
        self._pushed_at: datetime | None = None
        self._profiled = allowed.may_be_profiled(shopper=Shopper())

    def report(self, step: WalkStep, *, at: datetime) -> Seen:
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
        moments = list(self._moments(walk.transitions))
        candidates, coupon = self._decide(moments, now=now) if moments else ((), None)
        return Seen(
            step=step,
            at=at,
            now=now,
            result=walk.steps[0],
            touches=sighting.touches,
            stays=dict(walk.known.stays) if walk.known.at_ms == to_ms(at) else {},
            candidates=candidates,
            coupon=coupon,
        )

    def _moments(self, found: Sequence[Transition]) -> Iterator[_Moment]:
        """With one phone and no late fix every change of a stay is one of its visit, and news."""
        for one in found:
            if one.change in BEGINNINGS:
                self._visits[one.fence] = _Visit()
            elif one.change is Change.LEFT:
                self._visits.pop(one.fence, None)
        for one in found:
            visit, known = self._visits.get(one.fence), self._live.fence(one.fence)
            if visit is not None and known is not None and one.change in report_positions.MOMENTS:
                yield _Moment(
                    visit=visit,
                    store_id=known.store_id,
                    triggers=report_positions.triggers_of(one.change, is_drive_by=known.is_drive_by),
                    pushable=one.pushable,
                )

    def _decide(
        self, moments: Sequence[_Moment], *, now: datetime
    ) -> tuple[tuple[SimulatedCandidate, ...], SimulatedCoupon | None]:
        """All moments of the report compete, as `deciding.decide` has it; nobody else takes a place meanwhile."""
        up = offers.offers_up_at(
            store_ids={moment.store_id for moment in moments},
            triggers={trigger for moment in moments for trigger in moment.triggers},
            now=now,
            preview=True,
        )
        by_id = {each.offer.pk: each.offer for at_store in up.values() for each in at_store.offers}
        choice = choosing.choose(
            moments=[self._facts(moment, up.get(moment.store_id)) for moment in moments],
            person=PersonFacts(had=self._had, profiled=self._profiled),
            now=now,
            ranker=deciding.RANKER,
        )
        candidates = tuple(
            SimulatedCandidate(offer=by_id[one.offer_id], outcome=one.outcome, reason=one.reason, score=one.score)
            for of_moment in choice.candidates
            for one in of_moment
        )
        if choice.won is None:
            return candidates, None
        won = moments[choice.won.place]
        may_push = up[won.store_id].may_push
        return candidates, self._given(by_id[choice.won.offer_id], won, may_push=may_push, now=now)

    def _facts(self, moment: _Moment, here: AtStore | None) -> MomentFacts:
        return MomentFacts(
            trigger=moment.triggers[0],
            offers=tuple(
                self._offer_facts(each)
                for each in (here.offers if here is not None else ())
                if each.offer.trigger in moment.triggers
            ),
            issued=frozenset(moment.visit.brought),
        )

    def _offer_facts(self, each: UpOffer) -> OfferFacts:
        known = facts.offer_facts(offer=each.offer, open_now=each.open_now)
        return replace(known, taken=budgets.taken_as_shown(offer=each.offer) + self._had[each.offer.pk])

    def _given(self, offer: Offer, moment: _Moment, *, may_push: bool, now: datetime) -> SimulatedCoupon:
        self._had[offer.pk] += 1
        moment.visit.brought.add(offer.pk)
        expires_at = offer.coupon_expires_at(issued_at=now)
        message = self._message(moment, may_push=may_push, now=now)
        push = None
        if message is MessageOutcome.OWED:
            self._pushed_at = now
            push_until = min(expires_at, now + report_positions.PUSH_WITHIN)
            push = SimulatedPush(title=offer.title, body=offer.text, expires_at=push_until)
        return SimulatedCoupon(offer=offer, expires_at=expires_at, message=message, push=push)

    def _message(self, moment: _Moment, *, may_push: bool, now: datetime) -> MessageOutcome:
        """The made-up shopper allows pushes, and their app vouches for itself."""
        if not moment.pushable:
            return MessageOutcome.TOO_LATE
        if not may_push:
            return MessageOutcome.BARRED
        return (
            MessageOutcome.OWED if interrupting.is_free(last_at=self._pushed_at, now=now) else MessageOutcome.TOO_SOON
        )
