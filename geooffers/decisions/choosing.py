"""All moments of one report compete for one coupon: which offer, at which moment, and what became of the others?

Frozen facts in, one choice and the outcome of every candidate out. It knows no database: deciding hands it what it has
read, a simulation what it makes up.

That a report brings one coupon at most is a choice. A shopper who walks into a mall enters sixty fences with one
position, and sixty coupons would be worth no attention. The others are not lost: `GET /offers/here` lists them, and the
shopper may take one by these same rules.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from geooffers.decisions import eligibility, ranking
from geooffers.decisions.eligibility import Reason


class Outcome(StrEnum):
    """What became of a candidate, and of a whole moment (`Choice.outcome_at`).

    refused       the rules do not allow it (`Candidate.reason`)
    chosen        the coupon is of this offer
    passed over   it was allowed, and another was chosen, or nothing more was tried
    withheld      it was allowed, and kept back on purpose; no rule does so today
    """

    CHOSEN = "chosen"
    PASSED_OVER = "passed_over"
    REFUSED = "refused"
    WITHHELD = "withheld"


@dataclass(frozen=True, kw_only=True, slots=True)
class OfferFacts:
    """An offer as it is at one store now. Moments at stores of one time zone may share it."""

    offer_id: UUID
    standing: eligibility.Standing
    starts_at: datetime
    ends_at: datetime
    open_now: bool
    cap: int
    taken: int  # reserved and redeemed
    limit: int  # coupons of it that one shopper may have
    category: str
    discount_kind: str  # percent, amount, free_item
    discount_value: Decimal


@dataclass(frozen=True, kw_only=True)
class MomentFacts:
    """`offers`: those of the store that wait for this moment. `issued`: of which its visit has brought a coupon."""

    trigger: str  # entered, settled, dwelled
    offers: tuple[OfferFacts, ...]
    issued: frozenset[UUID] = frozenset()


@dataclass(frozen=True, kw_only=True)
class PersonFacts:
    """By offer, how many coupons of it the shopper has had, and of which this phone has no place left for them."""

    had: Mapping[UUID, int] = field(default_factory=dict)
    full_on_device: frozenset[UUID] = frozenset()
    profiled: bool = True  # whether what they had before may have a say in the ranking


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """One offer at one moment. `score`: as ranked, 0 to 1, None for one that was refused."""

    offer_id: UUID
    outcome: Outcome
    reason: Reason
    score: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Won:
    """The offer that is to become the coupon, and the place of its moment in what was handed in."""

    place: int
    offer_id: UUID
    propensity: float  # as ranking.Ranked has it


@dataclass(frozen=True, kw_only=True)
class Choice:
    """`candidates[place]` are those of the moment at that place: the eligible ones first, best first."""

    won: Won | None
    candidates: tuple[tuple[Candidate, ...], ...]

    def outcome_at(self, place: int) -> Outcome:
        """Chosen where the coupon came of it; passed over where one could have; else refused."""
        return self.candidates[place][0].outcome if self.candidates[place] else Outcome.REFUSED


FIXED = ranking.FixedRanker()


def choose(
    *,
    moments: Sequence[MomentFacts],
    person: PersonFacts,
    now: datetime,
    ranker: ranking.Ranker = FIXED,
    lost: Mapping[UUID, Reason] | None = None,
    gave_up: bool = False,
) -> Choice:
    """The best eligible offer of all moments. Of equal scores the older offer wins, of one offer the first moment.

    `lost`: offers that were chosen before and whose last place was taken meanwhile, with the reason.
    `gave_up`: nothing more is tried; what is eligible is passed over.
    """
    judged = _Judging(person=person, now=now, lost=lost or {})
    ranked, refused = [], []
    for moment in moments:
        eligible, others = judged.of(moment)
        ranked.append(ranker.rank(eligible, context=ranking.Context(now=now, trigger=moment.trigger)))
        refused.append(others)
    won = None if gave_up else _best(ranked)
    candidates = tuple(
        (*_told(each, place=place, won=won), *others)
        for place, (each, others) in enumerate(zip(ranked, refused, strict=True))
    )
    return Choice(won=won, candidates=candidates)


def _best(ranked: Sequence[Sequence[ranking.Ranked]]) -> Won | None:
    firsts = [(place, each[0]) for place, each in enumerate(ranked) if each]
    if not firsts:
        return None
    place, best = min(firsts, key=lambda one: (-one[1].score, one[1].candidate.offer_id, one[0]))
    return Won(place=place, offer_id=best.candidate.offer_id, propensity=best.propensity)


def _told(ranked: Sequence[ranking.Ranked], *, place: int, won: Won | None) -> list[Candidate]:
    """The eligible ones of one moment. A ranker puts first what it chose, so only the first can have won."""
    if won is None:
        outcome, reason = Outcome.PASSED_OVER, Reason.CONTENDED
    elif won.place == place:
        outcome, reason = Outcome.PASSED_OVER, Reason.RANKED_LOWER
    else:
        outcome, reason = Outcome.PASSED_OVER, Reason.OTHER_MOMENT
    told = [
        Candidate(offer_id=each.candidate.offer_id, outcome=outcome, reason=reason, score=each.score) for each in ranked
    ]
    if won is not None and won.place == place:
        told[0] = Candidate(offer_id=won.offer_id, outcome=Outcome.CHOSEN, reason=Reason.BEST, score=ranked[0].score)
    return told


class _Judging:
    """Facts that moments share are judged once: 60 fences of a chain have 500 offers each, and they are the same."""

    def __init__(self, *, person: PersonFacts, now: datetime, lost: Mapping[UUID, Reason]) -> None:
        self._person, self._now, self._lost = person, now, lost
        # By the identity of the facts, which the moments hold, and whether this visit has brought the offer.
        self._known: dict[tuple[int, bool], ranking.RankingCandidate | Candidate] = {}

    def of(self, moment: MomentFacts) -> tuple[list[ranking.RankingCandidate], list[Candidate]]:
        """Eligible, refused."""
        eligible: list[ranking.RankingCandidate] = []
        refused: list[Candidate] = []
        for offer in moment.offers:
            key = (id(offer), offer.offer_id in moment.issued)
            found = self._known.get(key)
            if found is None:
                found = self._known[key] = self._judge(offer, issued=key[1])
            if isinstance(found, Candidate):
                refused.append(found)
            else:
                eligible.append(found)
        return eligible, refused

    def _judge(self, offer: OfferFacts, *, issued: bool) -> ranking.RankingCandidate | Candidate:
        had = self._person.had.get(offer.offer_id, 0)
        facts = eligibility.Facts(
            standing=offer.standing,
            starts_at=offer.starts_at,
            ends_at=offer.ends_at,
            open_now=offer.open_now,
            cap=offer.cap,
            taken=offer.taken,
            limit=offer.limit,
            had=had,
            issued_this_visit=issued,
            device_is_full=offer.offer_id in self._person.full_on_device,
        )
        reason = eligibility.judge(facts, now=self._now).refused_for or self._lost.get(offer.offer_id)
        if reason is not None:
            return Candidate(offer_id=offer.offer_id, outcome=Outcome.REFUSED, reason=reason)
        return ranking.RankingCandidate(
            offer_id=offer.offer_id,
            category=offer.category,
            discount_kind=offer.discount_kind,
            discount_value=offer.discount_value,
            ends_at=offer.ends_at,
            # Without a profile every offer is as good as new to them; how many they may have is another question.
            times_had=had if self._person.profiled else 0,
        )
