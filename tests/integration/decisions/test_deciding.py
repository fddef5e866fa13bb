"""A visit brings at most one coupon, and every offer of the store leaves its reason."""

from datetime import timedelta

import pytest
from django.db import transaction

from geooffers.coupons.models import Coupon
from geooffers.decisions import deciding
from geooffers.decisions.choosing import Outcome
from geooffers.decisions.models import Decision, MomentKind
from geooffers.redemptions import books
from geooffers.visits.models import Visit
from merchants.models import Offer, OfferBudget, OfferState, Store, Trigger
from tests.cast import NOON, began, make_coupon, make_fence, make_offer, make_shopper, make_store, make_visit

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture
def aino() -> Store:
    return make_store()


def visit_at(store: Store, shopper=None) -> Visit:
    return make_visit(shopper or make_shopper(), make_fence(store))


def decide_all(*moments: deciding.Moment, now=NOON, **others) -> deciding.Decided:
    with transaction.atomic():
        return deciding.decide(shopper=moments[0].visit.shopper, moments=moments, now=now, **others)


def decide(visit: Visit, *, now=NOON, trigger=Trigger.ENTERED, **others) -> Coupon | None:
    return decide_all(began(visit, trigger), now=now, **others).coupon


def told(visit: Visit) -> dict[str, tuple[str, str]]:
    titles = {str(offer.pk): offer.title for offer in Offer.objects.all()}
    return {
        titles[candidate["offer"]]: (candidate["outcome"], candidate["reason"])
        for decision in Decision.objects.filter(visit=visit)
        for candidate in decision.candidates
    }


def test_the_best_offer_becomes_a_coupon_and_the_others_say_why_not(aino: Store) -> None:
    make_offer(aino, title="paused", state=OfferState.PAUSED)
    make_offer(aino, title="ended", state=OfferState.ENDED)
    make_offer(aino, title="draft", state=OfferState.DRAFT)
    make_offer(aino, title="over", ends_at=NOON - timedelta(hours=1))
    make_offer(aino, title="tomorrow", starts_at=NOON + timedelta(hours=20))
    make_offer(aino, title="last minutes", ends_at=NOON + timedelta(minutes=4))
    make_offer(aino, title="used up", cap=0)
    evening = make_offer(aino, title="evening")
    Offer.objects.filter(pk=evening.pk).update(
        schedule=[{"days": [1, 2, 3, 4, 5, 6, 7], "opens": "17:00", "closes": "20:00"}]
    )
    make_offer(aino, title="later", ends_at=NOON + timedelta(days=5))
    make_offer(aino, title="tonight", ends_at=NOON + timedelta(hours=8))
    make_offer(aino, title="after a stay", trigger=Trigger.DWELLED)
    make_offer(aino, title="long over", ends_at=NOON - timedelta(days=10))
    make_offer(make_store(merchant_name="Kirjakauppa"), title="another merchant's")
    visit = visit_at(aino)

    coupon = decide(visit)

    assert coupon is not None
    assert coupon.title == "tonight"
    assert told(visit) == {
        "tonight": ("chosen", "best"),
        "later": ("passed_over", "ranked_lower"),
        "paused": ("refused", "paused"),
        "tomorrow": ("refused", "not_started"),
        "last minutes": ("refused", "ends_too_soon"),
        "used up": ("refused", "cap_reached"),
        "evening": ("refused", "outside_schedule"),
    }
    decision = Decision.objects.get()
    assert (decision.moment, decision.outcome, decision.offer, decision.coupon) == (
        MomentKind.BEGAN,
        Outcome.CHOSEN,
        coupon.offer,
        coupon,
    )
    assert (decision.store, decision.policy, decision.propensity, decision.left_out) == (aino, "fixed-1", 1.0, 0)
    best, second = decision.candidates[:2]
    assert best["offer"] == str(coupon.offer_id)
    assert best["score"] > second["score"]
    assert {candidate["score"] for candidate in decision.candidates[2:]} == {None}
    assert books.check_books() == []


def test_drafts_and_what_is_over_are_no_candidates(aino: Store) -> None:
    """They are candidates of a simulated visit alone (test_simulating_visits.py)."""
    make_offer(aino, title="ended", state=OfferState.ENDED)
    make_offer(aino, title="draft", state=OfferState.DRAFT)
    make_offer(aino, title="over", ends_at=NOON - timedelta(hours=1))
    Offer.objects.filter(pk=make_offer(aino, title="put away").pk).update(archived_at=NOON)
    assert decide(visit_at(aino)) is None
    assert not Decision.objects.exists()


def test_the_coupon_keeps_what_was_promised(aino: Store) -> None:
    offer = make_offer(aino, title="Free cardamom bun")
    coupon = decide(visit_at(aino))
    Offer.objects.filter(pk=offer.pk).update(title="Half a bun", discount_value=1)
    coupon.refresh_from_db()
    assert (coupon.title, coupon.discount_kind, coupon.discount_value) == ("Free cardamom bun", "percent", 20)


def test_a_coupon_lives_its_lifetime_but_never_longer_than_its_offer(aino: Store) -> None:
    make_offer(aino)
    assert decide(visit_at(aino)).expires_at == NOON + timedelta(hours=1)
    Offer.objects.update(ends_at=NOON + timedelta(minutes=20))
    assert decide(visit_at(aino)).expires_at == NOON + timedelta(minutes=20)


def test_a_visit_brings_an_offer_once(aino: Store) -> None:
    make_offer(aino, per_shopper_limit=5)
    visit = visit_at(aino)
    assert decide(visit) is not None
    assert decide(visit) is None
    assert Coupon.objects.count() == 1
    assert [decision.candidates[0]["reason"] for decision in Decision.objects.order_by("pk")] == [
        "best",
        "already_issued_this_visit",
    ]


def test_a_shopper_gets_as_many_as_their_limit_over_all_visits(aino: Store) -> None:
    make_offer(aino, per_shopper_limit=2)
    shopper = make_shopper()
    issued = [decide(visit_at(aino_store, shopper)) for aino_store in [aino, make_store(), make_store(), make_store()]]
    assert [coupon is not None for coupon in issued] == [True, True, False, False]
    refused = [decision.candidates for decision in Decision.objects.filter(outcome="refused")]
    assert [candidate["reason"] for candidates in refused for candidate in candidates] == ["shopper_limit"] * 2
    assert decide(visit_at(aino)) is not None  # somebody else


def test_no_offer_no_coupon_no_decision(aino: Store) -> None:
    assert decide(visit_at(aino)) is None
    assert not Decision.objects.exists()


def test_a_stay_brings_what_is_promised_for_staying(aino: Store) -> None:
    make_offer(aino, title="for entering")
    make_offer(aino, title="for staying", trigger=Trigger.DWELLED)
    assert decide(visit_at(aino), trigger=Trigger.DWELLED).title == "for staying"


def test_all_visits_of_one_report_compete_for_one_coupon(aino: Store) -> None:
    """Two fences in one shopping centre, entered in the same second, both with the same offer and one other."""
    make_offer(aino, title="everywhere", ends_at=NOON + timedelta(hours=8))
    make_offer(aino, title="also")
    used_up = make_offer(aino, title="used up", cap=0)
    shopper = make_shopper()
    first, second = visit_at(aino, shopper), visit_at(make_store(), shopper)

    decided = decide_all(began(first), began(second))

    assert decided.coupon is not None
    assert (decided.coupon.title, decided.coupon.visit) == ("everywhere", first)
    assert decided.moment is not None
    assert decided.moment.visit == first
    assert told(first) == {
        "everywhere": ("chosen", "best"),
        "also": ("passed_over", "ranked_lower"),
        "used up": ("refused", "cap_reached"),
    }
    assert told(second) == {
        "everywhere": ("passed_over", "other_moment"),
        "also": ("passed_over", "other_moment"),
        "used up": ("refused", "cap_reached"),
    }
    other = Decision.objects.get(visit=second)
    assert (other.outcome, other.offer, other.coupon, other.message) == (Outcome.PASSED_OVER, None, None, "")
    assert OfferBudget.objects.get(offer=used_up).reserved == 0
    assert books.check_books() == []


def test_the_best_offer_wins_at_whichever_moment_it_is(aino: Store) -> None:
    other = make_store(merchant_name="Kirjakauppa")
    make_offer(aino, title="some day")
    make_offer(other, title="tonight", ends_at=NOON + timedelta(hours=8))
    shopper = make_shopper()
    first, second = visit_at(aino, shopper), visit_at(other, shopper)
    decided = decide_all(began(first), began(second))
    assert decided.coupon is not None
    assert (decided.coupon.title, decided.coupon.visit) == ("tonight", second)
    assert told(first) == {"some day": ("passed_over", "other_moment")}


def test_a_visit_told_whole_in_one_report_brings_one_coupon(aino: Store) -> None:
    make_offer(aino, title="on entering")
    make_offer(aino, title="after a stay", trigger=Trigger.DWELLED)
    visit = visit_at(aino)
    decided = decide_all(began(visit, Trigger.ENTERED), began(visit, Trigger.DWELLED))
    assert decided.coupon is not None
    assert decided.coupon.title == "on entering"
    assert list(Decision.objects.order_by("pk").values_list("moment", "outcome")) == [
        ("began", "chosen"),
        ("dwelled", "passed_over"),
    ]


def test_offers_for_entering_and_for_walking_in_wait_for_one_moment(aino: Store) -> None:
    """Who enters a fence for walkers has walked in: one moment, one decision."""
    make_offer(aino, title="on entering")
    make_offer(aino, title="on walking in", trigger=Trigger.SETTLED, ends_at=NOON + timedelta(hours=1))
    visit = visit_at(aino)
    decided = decide_all(began(visit, Trigger.ENTERED, Trigger.SETTLED))
    assert decided.coupon is not None
    assert decided.coupon.title == "on walking in"
    assert told(visit)["on entering"] == ("passed_over", "ranked_lower")
    assert Decision.objects.count() == 1


def test_what_lost_its_last_place_is_refused_and_no_moment_is_chosen_without_a_coupon(aino: Store) -> None:
    visit = visit_at(aino)
    make_offer(aino, cap=0)
    assert decide(visit) is None
    decision = Decision.objects.get()
    assert (decision.outcome, decision.offer, decision.coupon, decision.message) == (Outcome.REFUSED, None, None, "")


def test_an_offer_of_some_stores_is_no_candidate_at_the_others(aino: Store) -> None:
    offer, second = make_offer(aino), make_store()
    Offer.objects.filter(pk=offer.pk).update(all_stores=False)
    offer.stores.set([second])
    shopper = make_shopper()
    here, there = visit_at(aino, shopper), visit_at(second, shopper)
    decided = decide_all(began(here), began(there))
    assert decided.coupon is not None
    assert decided.coupon.visit == there
    assert told(here) == {}


def test_a_code_is_never_given_twice(aino: Store) -> None:
    offer = make_offer(aino)
    lookups = {bytes(make_coupon(offer).code_lookup) for _ in range(20)}
    assert len(lookups) == 20
