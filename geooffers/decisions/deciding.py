"""What a report begins brings one coupon at most, and every moment leaves what was decided at it.

All moments of a report are chosen from together (`choosing.choose`). The work is bounded: facts in a constant number of
queries, one coupon, and when its last place is lost on the way, the next best at most TRIES times in all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from geooffers.coupons import device_limits, issuing
from geooffers.coupons.models import Coupon
from geooffers.decisions import choosing, facts, interrupting, ranking
from geooffers.decisions.choosing import Candidate, Choice, Outcome
from geooffers.decisions.eligibility import Reason
from geooffers.decisions.facts import FactsOfMoments, Moment
from geooffers.decisions.models import Decision, MessageOutcome
from geooffers.shoppers.models import Shopper
from merchants.models import Offer

__all__ = ["Decided", "Moment", "decide", "kept"]

RANKER: ranking.Ranker = choosing.FIXED
# The best, and when its last place is lost, the next best. A place is lost when another report
# takes it within milliseconds; in a rush in which that happens twice a third try may be lost as well, and the shopper
# can ask for what is left.
TRIES = 2
# A row keeps so many candidates, some hundred bytes each: 50 kB before the database packs them. Of a merchant with
# more offers than that, those that could have been had are kept and the refused ones counted.
MOST_CANDIDATES = 500
# All rows of a report together keep so many, but each at least FEWEST_CANDIDATES: a merchant with 500 offers who draws
# 60 fences over one another would else write 3 MB with every visit.
MOST_OF_A_REPORT = 2_000
FEWEST_CANDIDATES = 20

_REASONS: Mapping[type[issuing.CannotIssue], Reason] = {
    issuing.ShopperLimitReached: Reason.SHOPPER_LIMIT,
    issuing.DeviceLimitReached: Reason.DEVICE_LIMIT,
    issuing.CapReached: Reason.CAP_REACHED,
}


@dataclass(frozen=True, kw_only=True)
class Decided:
    """`coupon`, the moment that brought it and what becomes of the message about it; all three or none.

    `refused`: without a coupon, the first reason of each offer that was a candidate.
    """

    coupon: Coupon | None = None
    moment: Moment | None = None
    message: MessageOutcome | None = None
    refused: Mapping[UUID, Reason]


def decide(
    *,
    shopper: Shopper,
    moments: Sequence[Moment],
    now: datetime,
    marks: device_limits.Marks | None = None,
    interruption: interrupting.Locked | None = None,
    only: UUID | None = None,
) -> Decided:
    """At most one coupon of all moments. Runs in the caller's transaction, which holds the lock of each visit, and that
    of `interruption` where a message may be owed. `marks`: of the phone that reports, whose people share.

    1. Facts are read without a lock.
    2. One offer at one moment is chosen, and issued. When its last place was taken since step 1, nothing is issued, the
       offer counts as refused with that reason, and the choice is made again without it.
    3. May the shopper be disturbed? If so, the interruption is used; the caller owes the message.
    4. One Decision for each moment that had candidates. Where the shopper asked for one offer (`only`), the moment that
       brought it alone is worth a row: the others are no occasions of their own.
    """
    known = facts.read(shopper=shopper, moments=moments, marks=marks, now=now, only=only)
    choice, coupon = _issue_best(shopper=shopper, moments=moments, known=known, marks=marks, now=now)
    moment = moments[choice.won.place] if choice.won is not None and coupon is not None else None
    message = None
    if moment is not None:
        message = _message(moment=moment, known=known, interruption=interruption, now=now)
        if message is MessageOutcome.OWED and interruption is not None:
            interrupting.use(interruption=interruption, now=now)
    decisions = _decisions(
        shopper=shopper,
        moments=moments,
        choice=choice,
        offers=known.offers,
        coupon=coupon,
        message=message,
        now=now,
    )
    Decision.objects.bulk_create(one for one in decisions if only is None or one.outcome == Outcome.CHOSEN)
    refused = {} if coupon is not None else _reasons(choice)
    return Decided(coupon=coupon, moment=moment, message=message, refused=refused)


def _issue_best(
    *,
    shopper: Shopper,
    moments: Sequence[Moment],
    known: FactsOfMoments,
    marks: device_limits.Marks | None,
    now: datetime,
) -> tuple[Choice, Coupon | None]:
    lost: dict[UUID, Reason] = {}
    for attempt in range(TRIES + 1):
        choice = choosing.choose(
            moments=known.moments,
            person=known.person,
            now=now,
            ranker=RANKER,
            lost=lost,
            gave_up=attempt == TRIES,
        )
        if choice.won is None:
            break
        offer, visit = known.offers[choice.won.offer_id], moments[choice.won.place].visit
        try:
            return choice, issuing.issue_coupon(shopper=shopper, visit=visit, offer=offer, marks=marks, now=now)
        except issuing.CannotIssue as refusal:
            lost[offer.pk] = _REASONS[type(refusal)]
    return choice, None


def _message(
    *, moment: Moment, known: FactsOfMoments, interruption: interrupting.Locked | None, now: datetime
) -> MessageOutcome:
    if moment.silent is not None:
        return moment.silent
    if moment.store_id in known.no_push_from:
        return MessageOutcome.BARRED
    if interruption is None or not interruption.is_free(now=now):
        return MessageOutcome.TOO_SOON
    return MessageOutcome.OWED


def _decisions(
    *,
    shopper: Shopper,
    moments: Sequence[Moment],
    choice: Choice,
    offers: Mapping[UUID, Offer],
    coupon: Coupon | None,
    message: MessageOutcome | None,
    now: datetime,
) -> list[Decision]:
    room = kept(moments=sum(1 for each in choice.candidates if each))
    found = []
    for place, (moment, candidates) in enumerate(zip(moments, choice.candidates, strict=True)):
        if not candidates:
            continue
        won = choice.won if choice.won is not None and choice.won.place == place else None
        found.append(
            Decision(
                shopper=shopper,
                visit=moment.visit,
                store_id=moment.store_id,
                moment=moment.kind,
                outcome=choice.outcome_at(place),
                offer=offers[won.offer_id] if won is not None else None,
                coupon=coupon if won is not None else None,
                message=message or "" if won is not None else "",
                policy=RANKER.policy,
                propensity=won.propensity if won is not None else 1.0,
                candidates=[_as_json(candidate) for candidate in candidates[:room]],
                left_out=max(0, len(candidates) - room),
                at=now,
            )
        )
    return found


def kept(*, moments: int) -> int:
    """How many candidates each of so many decisions of one report keeps."""
    return min(MOST_CANDIDATES, max(FEWEST_CANDIDATES, MOST_OF_A_REPORT // max(moments, 1)))


def _as_json(candidate: Candidate) -> dict[str, Any]:
    return {
        "offer": str(candidate.offer_id),
        "outcome": candidate.outcome.value,
        "reason": candidate.reason.value,
        "score": candidate.score,
    }


def _reasons(choice: Choice) -> dict[UUID, Reason]:
    found: dict[UUID, Reason] = {}
    for candidates in choice.candidates:
        for candidate in candidates:
            found.setdefault(candidate.offer_id, candidate.reason)
    return found
