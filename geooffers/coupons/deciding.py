"""Which offer does this visit bring, and why not the others? Judge, rank, issue the best, write down every reason.

One report may begin several visits, and each is a moment of its own; they are decided together so that locks are
taken in one order (see `issuing.issue_all`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from geooffers.coupons import device_limits, eligibility, issuing, ranking
from geooffers.coupons.eligibility import Reason
from geooffers.coupons.models import Coupon, Decision, Outcome, ShopperOfferCount
from geooffers.shoppers.consents import allowed
from geooffers.shoppers.models import Shopper
from geooffers.visits.models import Visit
from merchants.models import Offer, Trigger
from merchants.offers import offers

RANKER: ranking.Ranker = ranking.FixedRanker()


@dataclass(frozen=True, kw_only=True)
class Moment:
    """A visit that began, settled or dwelled: each may bring one coupon. `triggers`: what it is the moment for."""

    visit: Visit
    store_id: UUID
    triggers: tuple[Trigger, ...]


@dataclass(kw_only=True)
class _Judged:
    """What came of one moment."""

    moment: Moment
    offers: Mapping[UUID, Offer]
    refused: dict[UUID, Reason] = field(default_factory=dict)
    # Eligible, best first; what is lost at the last moment moves to `refused`.
    ranked: list[ranking.Ranked] = field(default_factory=list)


def decide(
    *, shopper: Shopper, visit: Visit, store_id: UUID, triggers: tuple[Trigger, ...], now: datetime
) -> Coupon | None:
    """The coupon of one moment; see `decide_all`."""
    moment = Moment(visit=visit, store_id=store_id, triggers=triggers)
    return decide_all(shopper=shopper, moments=[moment], now=now)[0]


def decide_all(
    *, shopper: Shopper, moments: Sequence[Moment], now: datetime, marks: device_limits.Marks | None = None
) -> list[Coupon | None]:
    """For each moment its coupon, or None. Runs in the caller's transaction, which holds the lock of each visit.
    `marks`: of the phone that reports, whose people share.

    1. Every offer that the store has up is judged on facts read without a lock.
    2. The eligible ones are ranked.
    3. The best of each moment are issued together. When the last place was taken since step 1, nothing is issued,
       the lost offer is refused with that reason, and the next best is tried; each round loses one, so it ends.
    4. One Decision for every offer judged.
    """
    judged = [_judge(shopper=shopper, moment=moment, marks=marks, now=now) for moment in moments]
    coupons = _issue_best(shopper=shopper, judged=judged, marks=marks, now=now)
    Decision.objects.bulk_create(decision for each in judged for decision in _decisions(each, shopper=shopper, now=now))
    return [coupons.get(place) for place in range(len(moments))]


def _judge(*, shopper: Shopper, moment: Moment, marks: device_limits.Marks | None, now: datetime) -> _Judged:
    shown = offers.offers_up_at(store_id=moment.store_id, triggers=moment.triggers, now=now)
    judged = _Judged(moment=moment, offers={each.offer.pk: each.offer for each in shown})
    if not shown:
        return judged
    had = dict(
        ShopperOfferCount.objects.filter(shopper=shopper, offer__in=judged.offers).values_list("offer_id", "issued")
    )
    full = device_limits.full_offers(marks=marks, offer_ids=judged.offers) if marks is not None else frozenset()
    profiled = allowed.may_be_profiled(shopper=shopper)
    issued_here = set(Coupon.objects.filter(visit=moment.visit).values_list("offer_id", flat=True))
    eligible = []
    for each in shown:
        offer, budget = each.offer, each.offer.budget
        facts = eligibility.Facts(
            standing=eligibility.Standing(offer.state),
            starts_at=offer.starts_at,
            ends_at=offer.ends_at,
            open_now=each.open_now,
            cap=budget.cap,
            taken=budget.reserved + budget.redeemed,
            limit=offer.per_shopper_limit,
            had=had.get(offer.pk, 0),
            issued_this_visit=offer.pk in issued_here,
            device_is_full=offer.pk in full,
        )
        reason = eligibility.judge(facts, now=now).refused_for
        if reason is not None:
            judged.refused[offer.pk] = reason
            continue
        eligible.append(
            ranking.Candidate(
                offer_id=offer.pk,
                category=offer.category,
                discount_kind=offer.discount_kind,
                discount_value=offer.discount_value,
                ends_at=offer.ends_at,
                # Without a profile every offer is as good as new to them; how many they may have is another question.
                times_had=facts.had if profiled else 0,
            )
        )
    judged.ranked = RANKER.rank(eligible, context=ranking.Context(now=now, trigger=moment.triggers[0]))
    return judged


def _issue_best(
    *, shopper: Shopper, judged: list[_Judged], marks: device_limits.Marks | None, now: datetime
) -> dict[int, Coupon]:
    """By place in `judged`: a report that tells a whole stay brings a visit twice, as begun and as dwelled."""
    while True:
        wanted = {
            place: issuing.Wanted(visit=each.moment.visit, offer=each.offers[each.ranked[0].candidate.offer_id])
            for place, each in enumerate(judged)
            if each.ranked
        }
        if not wanted:
            return {}
        try:
            coupons = issuing.issue_all(shopper=shopper, wanted=list(wanted.values()), marks=marks, now=now)
        except issuing.CannotIssue as lost:
            loser = next(judged[place] for place, each in wanted.items() if each is lost.wanted)
            loser.refused[lost.wanted.offer.pk] = lost.reason
            del loser.ranked[0]
            continue
        return dict(zip(wanted, coupons, strict=True))


def _decisions(judged: _Judged, *, shopper: Shopper, now: datetime) -> list[Decision]:
    told: list[tuple[UUID, Outcome, Reason, float | None]] = [
        (offer_id, Outcome.REFUSED, reason, None) for offer_id, reason in judged.refused.items()
    ]
    for place, each in enumerate(judged.ranked):
        first = place == 0
        outcome = Outcome.CHOSEN if first else Outcome.PASSED_OVER
        reason = Reason.BEST if first else Reason.RANKED_LOWER
        told.append((each.candidate.offer_id, outcome, reason, each.score))
    return [
        Decision(
            shopper=shopper,
            visit=judged.moment.visit,
            offer_id=offer_id,
            outcome=outcome,
            reason=reason,
            score=score,
            at=now,
        )
        for offer_id, outcome, reason, score in told
    ]
