"""Several phones ask for an offer at once: each visit brings it once, and the budget gives what it has."""

from collections import Counter
from collections.abc import Sequence

import pytest
from django.db import IntegrityError

from geooffers.api.edge import clock
from geooffers.coupons.models import Coupon
from geooffers.decisions import deciding, present
from geooffers.decisions.ranking import Context, FixedRanker, Ranked, RankingCandidate
from geooffers.redemptions import books
from geooffers.usecases.offers.take_offer import AlreadyIssued, Taken, take_offer
from merchants.live_fences import live_fences
from merchants.models import Offer, OfferBudget
from merchants.offers import budgets
from tests.cast import NOON, make_fence, make_offer, make_store
from tests.races.crowd import Meeting, crowd
from tests.walker import AT_AINO, Walker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]

PHONES = 8
PLACES = 3


@pytest.fixture
def offer() -> Offer:
    """It can be had often. The report brought another, so that nobody has this one yet."""
    store = make_store()
    make_fence(store)
    live_fences.matcher().refresh()
    return make_offer(store, per_shopper_limit=100, cap=100)


def inside(count: int, *, of_one_shopper: bool) -> list[Walker]:
    first = Walker()
    others = [Walker(shopper=first.device.shopper) if of_one_shopper else Walker() for _ in range(count - 1)]
    for walker in (first, *others):
        walker.be_at(AT_AINO, NOON)
    Coupon.objects.all().update(visit=None)  # what the reports brought does not count for the visits
    return [first, *others]


def take(walker: Walker, offer: Offer) -> Taken:
    return take_offer(device=walker.device, shopper=walker.device.shopper, offer_id=offer.pk, now=NOON)


def kinds(answers) -> Counter:
    return Counter(type(answer) for answer in answers)


def test_the_phones_of_one_shopper_bring_one_coupon_of_the_visit(offer: Offer) -> None:
    walkers = inside(PHONES, of_one_shopper=True)
    answers = crowd(PHONES, lambda number: take(walkers[number], offer))
    assert kinds(answers) == {Taken: 1, AlreadyIssued: PHONES - 1}
    assert Coupon.objects.exclude(visit=None).count() == 1
    assert books.check_books() == []


def test_as_many_as_there_are_places(offer: Offer) -> None:
    walkers = inside(PHONES, of_one_shopper=False)
    budgets.set_cap(offer=offer, cap=PHONES + PLACES, now=NOON)

    def over_http(number: int) -> tuple[int, str]:
        with clock.set_to(NOON):
            answer = walkers[number].phone.call(
                "POST", f"/offers/{offer.pk}/coupon", headers={"Idempotency-Key": "one"}
            )
        return answer.status_code, answer.json().get("code", "")

    answers = crowd(PHONES, over_http)
    assert Counter(answers) == {(201, ""): PLACES, (409, "cap_reached"): PHONES - PLACES}
    assert OfferBudget.objects.get().reserved == PHONES + PLACES
    assert books.check_books() == []


def test_twin_visits_that_are_read_without_their_lock_run_into_the_constraint(
    offer: Offer, monkeypatch: pytest.MonkeyPatch, requires_postgresql: None
) -> None:
    """Both have seen that the visit has brought nothing before either of them issues."""
    walkers = inside(2, of_one_shopper=True)
    meeting = Meeting(2)

    class Patient(FixedRanker):
        def rank(self, candidates: Sequence[RankingCandidate], *, context: Context) -> list[Ranked]:
            meeting.wait()
            return super().rank(candidates, context=context)

    monkeypatch.setattr(present, "lock", present.moments)
    monkeypatch.setattr(deciding, "RANKER", Patient())
    answers = crowd(2, lambda number: take(walkers[number], offer))
    assert kinds(answers) == {Taken: 1, IntegrityError: 1}
