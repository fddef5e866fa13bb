"""Which of the eligible offers is the best: the example of the docstring, and what holds for any set."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from geooffers.decisions.ranking import Context, FixedRanker, RankingCandidate
from tests.cast import NOON

CONTEXT = Context(now=NOON, trigger="entered")


def candidate(number: int, **facts) -> RankingCandidate:
    return RankingCandidate(
        **{
            "offer_id": UUID(int=number),
            "category": "café",
            "discount_kind": "percent",
            "discount_value": Decimal(20),
            "ends_at": NOON + timedelta(days=30),
            "times_had": 0,
        }
        | facts
    )


def order(*candidates: RankingCandidate) -> list[int]:
    return [each.candidate.offer_id.int for each in FixedRanker().rank(candidates, context=CONTEXT)]


def test_new_beats_known_and_what_ends_tonight_beats_what_can_wait() -> None:
    known = candidate(1, times_had=1)
    bun = candidate(2, discount_kind="free_item", discount_value=Decimal(0))
    tonight = candidate(3, discount_kind="amount", discount_value=Decimal(5), ends_at=NOON + timedelta(hours=8))
    assert order(known, bun, tonight) == [3, 2, 1]


def test_of_two_alike_the_more_generous_wins() -> None:
    assert order(candidate(1, discount_value=Decimal(10)), candidate(2, discount_value=Decimal(50))) == [2, 1]
    small = candidate(1, discount_kind="amount", discount_value=Decimal(1))
    large = candidate(2, discount_kind="amount", discount_value=Decimal(9))
    assert order(small, large) == [2, 1]


def test_ten_euros_are_level_with_half_price() -> None:
    ten = candidate(1, discount_kind="amount", discount_value=Decimal(10))
    half = candidate(2, discount_value=Decimal(50))
    scores = {each.score for each in FixedRanker().rank([ten, half], context=CONTEXT)}
    assert len(scores) == 1


def test_equal_scores_go_to_the_older_offer() -> None:
    assert order(candidate(9), candidate(4), candidate(7)) == [4, 7, 9]


def test_no_candidates_no_ranking() -> None:
    assert FixedRanker().rank([], context=CONTEXT) == []


candidates = st.lists(
    st.builds(
        candidate,
        st.integers(0, 2**64),
        discount_kind=st.sampled_from(["percent", "amount", "free_item"]),
        discount_value=st.decimals(0, 100, places=2),
        ends_at=st.datetimes(NOON.replace(tzinfo=None)).map(lambda moment: moment.replace(tzinfo=NOON.tzinfo)),
        times_had=st.integers(0, 50),
    ),
    unique_by=lambda each: each.offer_id,
    max_size=12,
)


@given(candidates, st.randoms(use_true_random=False))
def test_the_answer_does_not_depend_on_the_order_of_the_question(found: list[RankingCandidate], random) -> None:
    shuffled = random.sample(found, len(found))
    ranked = FixedRanker().rank(found, context=CONTEXT)
    assert FixedRanker().rank(shuffled, context=CONTEXT) == ranked
    assert sorted(each.candidate.offer_id for each in ranked) == sorted(each.offer_id for each in found)
    assert all(0 <= each.score <= 1 for each in ranked)
    assert [each.score for each in ranked] == sorted((each.score for each in ranked), reverse=True)
