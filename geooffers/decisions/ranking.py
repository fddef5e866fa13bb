"""Which of the offers that a shopper may have is the one they get?

There is no right answer to this, only better and worse guesses; one coupon at a time is the promise, so a guess has to
be made. An example: somebody walks into a café that offers "20 % off" (they had it last week), "a free bun" (new to
them, 300 left) and "5 EUR off" (new to them, ends tonight). One could argue for the largest saving, for what the
merchant wants gone, for surprise. `FixedRanker` says the 5 EUR: new beats known, and what ends soon beats what can
wait. It weighs, in this order:

    novelty      0.5     1 / (1 + how often this shopper had the offer)
    urgency      0.3     from 0 (a week or more is left) to 1 (ends now)
    generosity   0.2     percent as it is; an amount as amount / (amount + 10), which puts 10 EUR level with 50 %;
                         something free as one half

The weights are a choice, not a finding. A model learned from redemptions will stand behind the same `Ranker`, judged
on the Decisions that this one left.

Equal scores go to the older offer (the smaller id), never to chance: the same facts give the same answer, today, in a
test, and when somebody asks why.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol
from uuid import UUID

NOVELTY, URGENCY, GENEROSITY = 0.5, 0.3, 0.2
_WEEK = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class RankingCandidate:
    """An eligible offer, as far as the choice may depend on it."""

    offer_id: UUID
    category: str
    discount_kind: str  # percent, amount, free_item
    discount_value: Decimal
    ends_at: datetime
    times_had: int


@dataclass(frozen=True, kw_only=True)
class Context:
    """The moment: nothing about the person, whom `times_had` describes well enough for now."""

    now: datetime
    trigger: str  # entered, dwelled


@dataclass(frozen=True, kw_only=True)
class Ranked:
    candidate: RankingCandidate
    score: float  # 0 to 1
    propensity: float = 1.0  # how likely this policy was to put it first, given the same facts: above 0, to 1


class Ranker(Protocol):
    @property
    def policy(self) -> str:
        """Name and version, at most 40 characters: another way to rank is another version."""
        ...

    def rank(self, candidates: Sequence[RankingCandidate], *, context: Context) -> list[Ranked]:
        """All candidates, best first."""
        ...


class FixedRanker:
    """Ranks by the three weights above. The same facts give the same answer, so every propensity is 1."""

    policy = "fixed-1"

    def rank(self, candidates: Sequence[RankingCandidate], *, context: Context) -> list[Ranked]:
        ranked = [Ranked(candidate=each, score=_score(each, context)) for each in candidates]
        return sorted(ranked, key=lambda each: (-each.score, each.candidate.offer_id))


def _score(candidate: RankingCandidate, context: Context) -> float:
    novelty = 1 / (1 + candidate.times_had)
    left = min(max(candidate.ends_at - context.now, timedelta(0)), _WEEK)
    urgency = 1 - left / _WEEK
    # Rounded so that two machines cannot disagree in the last bit about which of two scores is the larger.
    return round(NOVELTY * novelty + URGENCY * urgency + GENEROSITY * _generosity(candidate), 6)


def _generosity(candidate: RankingCandidate) -> float:
    value = float(candidate.discount_value)
    if candidate.discount_kind == "percent":
        return min(value / 100, 1.0)
    if candidate.discount_kind == "amount":
        return value / (value + 10)
    return 0.5
