"""All moments of a report, one choice: facts in, outcomes out, no database."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from geooffers.decisions.choosing import Candidate, Choice, MomentFacts, OfferFacts, Outcome, PersonFacts, Won, choose
from geooffers.decisions.eligibility import Reason, Standing
from geooffers.decisions.ranking import Context, FixedRanker, Ranked
from geooffers.decisions.ranking import RankingCandidate as ToRank

NOON = datetime(2026, 6, 2, 12, tzinfo=UTC)
BUN, SOUP, BOOK = (UUID(int=number) for number in (1, 2, 3))


def offer(offer_id: UUID, **changes: Any) -> OfferFacts:
    return OfferFacts(
        **{
            "offer_id": offer_id,
            "standing": Standing.LIVE,
            "starts_at": NOON - timedelta(days=1),
            "ends_at": NOON + timedelta(days=30),
            "open_now": True,
            "cap": 10,
            "taken": 0,
            "limit": 1,
            "category": "café",
            "discount_kind": "percent",
            "discount_value": Decimal(20),
            **changes,
        }
    )


def at(*offers: OfferFacts, issued: frozenset[UUID] = frozenset()) -> MomentFacts:
    return MomentFacts(trigger="entered", offers=offers, issued=issued)


def chosen(*moments: MomentFacts, person: PersonFacts | None = None, **how: Any) -> Choice:
    return choose(moments=moments, person=person or PersonFacts(), now=NOON, **how)


def told(choice: Choice) -> list[list[tuple[UUID, str, str]]]:
    return [[(one.offer_id, one.outcome, one.reason) for one in each] for each in choice.candidates]


SOON = {"ends_at": NOON + timedelta(hours=8)}


def test_the_best_of_all_moments_wins_and_every_candidate_says_why_not() -> None:
    choice = chosen(at(offer(BUN), offer(SOUP)), at(offer(BOOK, **SOON), offer(BUN, cap=0)))
    assert choice.won == Won(place=1, offer_id=BOOK, propensity=1.0)
    assert told(choice) == [
        [(BUN, "passed_over", "other_moment"), (SOUP, "passed_over", "other_moment")],
        [(BOOK, "chosen", "best"), (BUN, "refused", "cap_reached")],
    ]
    assert [choice.outcome_at(place) for place in (0, 1)] == [Outcome.PASSED_OVER, Outcome.CHOSEN]


def test_of_equal_offers_the_older_wins_and_of_one_offer_the_first_moment() -> None:
    assert chosen(at(offer(SOUP)), at(offer(BUN))).won == Won(place=1, offer_id=BUN, propensity=1.0)
    assert chosen(at(offer(BUN)), at(offer(BUN))).won == Won(place=0, offer_id=BUN, propensity=1.0)


def test_the_next_best_of_the_moment_that_won_was_ranked_lower() -> None:
    assert told(chosen(at(offer(SOUP, **SOON), offer(BUN)))) == [
        [(SOUP, "chosen", "best"), (BUN, "passed_over", "ranked_lower")]
    ]


def test_what_was_lost_counts_as_refused_and_the_choice_is_made_without_it() -> None:
    moments = at(offer(BUN, **SOON), offer(SOUP)), at(offer(BUN, **SOON))
    choice = chosen(*moments, lost={BUN: Reason.CAP_REACHED})
    assert told(choice) == [
        [(SOUP, "chosen", "best"), (BUN, "refused", "cap_reached")],
        [(BUN, "refused", "cap_reached")],
    ]
    gave_up = chosen(*moments, lost={BUN: Reason.CAP_REACHED}, gave_up=True)
    assert gave_up.won is None
    assert told(gave_up)[0] == [(SOUP, "passed_over", "contended"), (BUN, "refused", "cap_reached")]


def test_a_visit_brings_an_offer_once_and_another_visit_may_still_bring_it() -> None:
    choice = chosen(at(offer(BUN), issued=frozenset({BUN})), at(offer(BUN)))
    assert choice.won == Won(place=1, offer_id=BUN, propensity=1.0)
    assert told(choice)[0] == [(BUN, "refused", "already_issued_this_visit")]


@pytest.mark.parametrize(
    ("person", "reason"),
    [
        (PersonFacts(had={BUN: 1}), "shopper_limit"),
        (PersonFacts(full_on_device=frozenset({BUN})), "device_limit"),
    ],
)
def test_what_the_person_has_had_counts(person: PersonFacts, reason: str) -> None:
    choice = chosen(at(offer(BUN)), person=person)
    assert (choice.won, told(choice)) == (None, [[(BUN, "refused", reason)]])
    assert choice.outcome_at(0) is Outcome.REFUSED


def test_without_a_profile_what_they_had_has_no_say() -> None:
    had = {BUN: 3}
    moment = at(offer(BUN, limit=9), offer(SOUP, limit=9))
    assert chosen(moment, person=PersonFacts(had=had)).won.offer_id == SOUP
    assert chosen(moment, person=PersonFacts(had=had, profiled=False)).won.offer_id == BUN


def test_an_offer_that_is_closed_at_one_store_may_be_open_at_another() -> None:
    """They lie in two time zones."""
    choice = chosen(at(offer(BUN, open_now=False)), at(offer(BUN)))
    assert told(choice) == [[(BUN, "refused", "outside_schedule")], [(BUN, "chosen", "best")]]


def test_nothing_to_choose_from() -> None:
    assert chosen() == Choice(won=None, candidates=())
    assert chosen(at()).outcome_at(0) is Outcome.REFUSED


class ByChance(FixedRanker):
    """A policy that explores says how likely it was to do so."""

    policy = "by-chance-1"

    def rank(self, candidates: list[ToRank], *, context: Context) -> list[Ranked]:
        return [Ranked(candidate=each, score=0.5, propensity=0.25) for each in reversed(candidates)]


def test_the_propensity_is_that_of_the_policy() -> None:
    choice = chosen(at(offer(BUN), offer(SOUP)), ranker=ByChance())
    assert choice.won == Won(place=0, offer_id=SOUP, propensity=0.25)
    assert choice.candidates[0][0] == Candidate(offer_id=SOUP, outcome=Outcome.CHOSEN, reason=Reason.BEST, score=0.5)
