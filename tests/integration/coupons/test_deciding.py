"""A visit brings at most one coupon, and every offer of the store leaves its reason."""

from datetime import timedelta

import pytest
from django.db import transaction

from geooffers.coupons import deciding, ledger
from geooffers.coupons.models import Coupon, Decision
from geooffers.visits.models import Visit
from merchants.models import Offer, OfferBudget, OfferState, Store, Trigger
from tests.cast import NOON, make_coupon, make_fence, make_offer, make_shopper, make_store, make_visit

pytestmark = pytest.mark.django_db


@pytest.fixture
def aino() -> Store:
    return make_store()


def visit_at(store: Store, shopper=None) -> Visit:
    return make_visit(shopper or make_shopper(), make_fence(store))


def decide(visit: Visit, *, now=NOON, trigger=Trigger.ENTERED) -> Coupon | None:
    with transaction.atomic():
        return deciding.decide(
            shopper=visit.shopper, visit=visit, store_id=visit.fence.store_id, triggers=(trigger,), now=now
        )


def told(visit: Visit) -> dict[str, tuple[str, str]]:
    return {d.offer.title: (d.outcome, d.reason) for d in Decision.objects.filter(visit=visit).select_related("offer")}


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
        "ended": ("refused", "ended"),
        "draft": ("refused", "not_published"),
        "over": ("refused", "ended"),
        "tomorrow": ("refused", "not_started"),
        "last minutes": ("refused", "ends_too_soon"),
        "used up": ("refused", "cap_reached"),
        "evening": ("refused", "outside_schedule"),
    }
    scores = dict(Decision.objects.exclude(score=None).values_list("offer__title", "score"))
    assert scores["tonight"] > scores["later"]
    assert ledger.check_books() == []


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
    assert list(Decision.objects.order_by("pk").values_list("reason", flat=True)) == [
        "best",
        "already_issued_this_visit",
    ]


def test_a_shopper_gets_as_many_as_their_limit_over_all_visits(aino: Store) -> None:
    make_offer(aino, per_shopper_limit=2)
    shopper = make_shopper()
    issued = [decide(visit_at(aino_store, shopper)) for aino_store in [aino, make_store(), make_store(), make_store()]]
    assert [coupon is not None for coupon in issued] == [True, True, False, False]
    assert set(Decision.objects.filter(outcome="refused").values_list("reason", flat=True)) == {"shopper_limit"}
    assert decide(visit_at(aino)) is not None  # somebody else


def test_no_offer_no_coupon_no_decision(aino: Store) -> None:
    assert decide(visit_at(aino)) is None
    assert not Decision.objects.exists()


def test_a_stay_brings_what_is_promised_for_staying(aino: Store) -> None:
    make_offer(aino, title="for entering")
    make_offer(aino, title="for staying", trigger=Trigger.DWELLED)
    assert decide(visit_at(aino), trigger=Trigger.DWELLED).title == "for staying"


def test_two_visits_of_one_report_share_a_limit_of_one(aino: Store) -> None:
    """Two fences in one shopping centre, entered in the same second, both with the same offer and one other."""
    make_offer(aino, title="everywhere", ends_at=NOON + timedelta(hours=8))
    make_offer(aino, title="also")
    shopper = make_shopper()
    first, second = visit_at(aino, shopper), visit_at(make_store(), shopper)
    moments = [
        deciding.Moment(visit=visit, store_id=visit.fence.store_id, triggers=(Trigger.ENTERED,))
        for visit in (first, second)
    ]

    with transaction.atomic():
        coupons = deciding.decide_all(shopper=shopper, moments=moments, now=NOON)

    assert [coupon.title for coupon in coupons] == ["everywhere", "also"]
    assert [coupon.visit for coupon in coupons] == [first, second]
    assert told(first) == {"everywhere": ("chosen", "best"), "also": ("passed_over", "ranked_lower")}
    assert told(second) == {"everywhere": ("refused", "shopper_limit"), "also": ("chosen", "best")}
    assert ledger.check_books() == []


def test_when_the_last_place_goes_to_another_visit_of_the_report_the_next_offer_is_tried(aino: Store) -> None:
    make_offer(aino, title="one left", cap=1, per_shopper_limit=5, ends_at=NOON + timedelta(hours=8))
    make_offer(aino, title="plenty", per_shopper_limit=5)
    shopper = make_shopper()
    visits = [visit_at(store, shopper) for store in (aino, make_store(), make_store())]
    moments = [
        deciding.Moment(visit=visit, store_id=visit.fence.store_id, triggers=(Trigger.ENTERED,)) for visit in visits
    ]

    with transaction.atomic():
        coupons = deciding.decide_all(shopper=shopper, moments=moments, now=NOON)

    assert sorted(coupon.title for coupon in coupons) == ["one left", "plenty", "plenty"]
    assert sorted(told(visit)["one left"] for visit in visits) == [
        ("chosen", "best"),
        ("refused", "cap_reached"),
        ("refused", "cap_reached"),
    ]
    assert OfferBudget.objects.get(offer__title="one left").reserved == 1
    assert OfferBudget.objects.get(offer__title="plenty").reserved == 2
    assert ledger.check_books() == []


def test_deciding_costs_the_same_few_queries_however_many_offers(aino: Store, django_assert_max_num_queries) -> None:
    for number in range(30):
        make_offer(aino, title=f"offer {number}")
    visit = visit_at(aino)
    with django_assert_max_num_queries(17):
        assert decide(visit) is not None


def test_a_code_is_never_given_twice(aino: Store) -> None:
    offer = make_offer(aino)
    lookups = {bytes(make_coupon(offer).code_lookup) for _ in range(20)}
    assert len(lookups) == 20


def test_a_visit_told_whole_in_one_report_may_bring_both_its_moments(aino: Store) -> None:
    make_offer(aino, title="on entering")
    make_offer(aino, title="after a stay", trigger=Trigger.DWELLED)
    visit = visit_at(aino)
    moments = [
        deciding.Moment(visit=visit, store_id=aino.pk, triggers=(trigger,))
        for trigger in (Trigger.ENTERED, Trigger.DWELLED)
    ]
    with transaction.atomic():
        coupons = deciding.decide_all(shopper=visit.shopper, moments=moments, now=NOON)
    assert [coupon and coupon.title for coupon in coupons] == ["on entering", "after a stay"]


def test_the_moment_that_loses_its_last_place_leaves_the_other_its_own(aino: Store) -> None:
    shopper = make_shopper()
    make_offer(aino, title="on entering")
    make_offer(aino, title="after a stay", trigger=Trigger.DWELLED, per_shopper_limit=1)
    first, second = visit_at(aino, shopper), visit_at(aino, shopper)
    moments = [
        deciding.Moment(visit=first, store_id=aino.pk, triggers=(Trigger.ENTERED,)),
        deciding.Moment(visit=first, store_id=aino.pk, triggers=(Trigger.DWELLED,)),
        deciding.Moment(visit=second, store_id=aino.pk, triggers=(Trigger.DWELLED,)),
    ]
    with transaction.atomic():
        coupons = deciding.decide_all(shopper=shopper, moments=moments, now=NOON)
    titles = [coupon and coupon.title for coupon in coupons]
    assert titles[0] == "on entering"
    assert sorted(title or "" for title in titles[1:]) == ["", "after a stay"]
