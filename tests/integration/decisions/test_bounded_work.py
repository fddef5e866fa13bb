"""A report is bounded work: one coupon, one message, so many statements, however many fences and offers there are.

Without a bound any merchant stops the service: 40 fences around one shop with 20 offers limited to one kept a worker
busy for 67 seconds and 90,946 statements.
"""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest

from geooffers.coupons.models import Coupon
from geooffers.decisions import deciding
from geooffers.decisions.models import Decision
from geooffers.decisions.ranking import Context, FixedRanker, Ranked, RankingCandidate
from geooffers.shoppers.models import Purpose
from merchants.live_fences import live_fences
from merchants.models import Offer, OfferBudget, OfferState
from merchants.offers import budgets
from notifications.models import Delivery
from tests.cast import NOON, make_fence, make_offer, make_store
from tests.statements import Statements, counted
from tests.walker import AT_AINO, Walker

pytestmark = [pytest.mark.django_db, pytest.mark.both]

# Of the whole report over HTTP, the look-up of its token included.
OF_A_REPORT = 40
# Of these: consents, interruption, state, deciding, issuing, and owing the message.
OF_ALL_BUT_VISITS = 18
# What a try that is lost costs beyond that.
OF_A_LOST_TRY = 10


def a_mall() -> None:
    """60 overlapping fences of 20 merchants, three each, and an offer of each merchant."""
    for number in range(20):
        store = make_store(merchant_name=f"Shop {number}")
        for _ in range(3):
            make_fence(store)
        make_offer(store, title=f"offer of shop {number}")


def a_shop_with_many_fences() -> None:
    """40 fences around one shop, and 20 offers of which somebody may have one each."""
    store = make_store()
    for _ in range(40):
        make_fence(store)
    for number in range(20):
        make_offer(store, title=f"offer {number}", per_shopper_limit=1)


def walk_in() -> Statements:
    live_fences.matcher().refresh()
    walker = Walker(consents=list(Purpose))
    with counted() as statements:
        answer = walker.be_at(AT_AINO, NOON)
    assert len(answer["coupons"]) == 1
    return statements


def but_visits(statements: Statements) -> int:
    return len(statements) - len(statements.about("visits_visit", "visits_presence"))


@pytest.mark.parametrize("place", [a_mall, a_shop_with_many_fences])
def test_a_report_brings_one_coupon_and_one_message_within_so_many_statements(place) -> None:
    place()
    statements = walk_in()
    assert (Coupon.objects.count(), Delivery.objects.count()) == (1, 1)
    assert sum(OfferBudget.objects.values_list("reserved", flat=True)) == 1
    assert len(statements) <= OF_A_REPORT, statements
    assert but_visits(statements) <= OF_ALL_BUT_VISITS, statements


@pytest.mark.parametrize(("place", "decisions", "offers"), [(a_mall, 60, 20), (a_shop_with_many_fences, 40, 20)])
def test_every_other_offer_is_told_with_its_reason(place, decisions: int, offers: int) -> None:
    place()
    walk_in()
    told = list(Decision.objects.all())
    assert len(told) == decisions
    judged = [candidate for decision in told for candidate in decision.candidates]
    assert len({candidate["offer"] for candidate in judged}) == offers
    assert {candidate["reason"] for candidate in judged} <= {"best", "ranked_lower", "other_moment"}
    assert Counter(candidate["outcome"] for candidate in judged) == {"chosen": 1, "passed_over": len(judged) - 1}
    assert Counter(decision.message for decision in told) == {"owed": 1, "": decisions - 1}


class ARush(FixedRanker):
    """While it ranks, the last place of the best offer goes to somebody else."""

    def __init__(self) -> None:
        self.taken: set[UUID] = set()

    def rank(self, candidates: Sequence[RankingCandidate], *, context: Context) -> list[Ranked]:
        ranked = super().rank(candidates, context=context)
        if ranked and ranked[0].candidate.offer_id not in self.taken:
            self.taken.add(ranked[0].candidate.offer_id)
            assert budgets.reserve(offer_id=ranked[0].candidate.offer_id)
        return ranked


def test_lost_places_are_paid_for_as_often_as_there_are_tries(monkeypatch) -> None:
    a_shop_with_many_fences()
    OfferBudget.objects.update(cap=1)
    rush = ARush()
    monkeypatch.setattr(deciding, "RANKER", rush)
    live_fences.matcher().refresh()
    walker = Walker(consents=list(Purpose))
    with counted() as statements:
        answer = walker.be_at(AT_AINO, NOON)
    assert (answer["coupons"], Coupon.objects.count(), Delivery.objects.count()) == ([], 0, 0)
    ours = but_visits(statements) - len(rush.taken)
    assert ours <= OF_ALL_BUT_VISITS + (deciding.TRIES - 1) * OF_A_LOST_TRY, statements
    judged = [candidate for decision in Decision.objects.all() for candidate in decision.candidates]
    reasons = Counter((candidate["outcome"], candidate["reason"]) for candidate in judged)
    assert reasons == {
        ("refused", "cap_reached"): 40 * deciding.TRIES,
        ("passed_over", "contended"): 40 * (20 - deciding.TRIES),
    }


def test_when_the_last_place_is_lost_the_next_best_is_issued(monkeypatch) -> None:
    """The rush is about one offer; there are enough of the other."""
    store = make_store()
    make_fence(store)
    make_offer(store, title="one left", cap=1, ends_at=NOON + timedelta(hours=8))
    make_offer(store, title="plenty", cap=2)
    monkeypatch.setattr(deciding, "RANKER", ARush())
    walk_in()
    assert Coupon.objects.get().title == "plenty"
    (decision,) = Decision.objects.all()
    assert [(one["outcome"], one["reason"]) for one in decision.candidates] == [
        ("chosen", "best"),
        ("refused", "cap_reached"),
    ]


def test_of_five_hundred_offers_one_row_is_kept_and_it_has_a_bound() -> None:
    store = make_store()
    fences = [make_fence(store) for _ in range(3)]
    merchant = store.merchant
    first = make_offer(store)
    Offer.objects.bulk_create(
        [
            Offer(merchant=merchant, title=f"offer {number}", text="", category="", discount_kind="free_item",
                  starts_at=first.starts_at, ends_at=first.ends_at, state=OfferState.LIVE)
            for number in range(599)
        ]
    )  # fmt: skip
    rows = Offer.objects.exclude(pk=first.pk)
    OfferBudget.objects.bulk_create([OfferBudget(offer=offer, cap=number % 2) for number, offer in enumerate(rows)])
    statements = walk_in()
    assert but_visits(statements) <= OF_ALL_BUT_VISITS, statements
    decisions = list(Decision.objects.all())
    assert len(decisions) == len(fences)
    for decision in decisions:
        assert (len(decision.candidates), decision.left_out) == (500, 100)
        assert len(json.dumps(decision.candidates)) < 64_000
        # Those that could have been had come first, so what is not kept was refused.
        assert [one["outcome"] for one in decision.candidates].count("refused") == 200


@pytest.mark.parametrize(("moments", "kept"), [(1, 500), (4, 500), (5, 400), (60, 33), (1_000, 20)])
def test_a_report_of_many_moments_keeps_fewer_candidates_of_each(moments: int, kept: int) -> None:
    assert deciding.kept(moments=moments) == kept
