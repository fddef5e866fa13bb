"""A cap is set by several people in one instant: the ledger says what the counter says. The twin shows what happens
without the lock.
"""

from uuid import uuid4

import pytest
from django.db import transaction

from geooffers.ledger import movements, posting, reading, units
from geooffers.ledger.movements import Account
from geooffers.redemptions import books
from merchants.models import Offer, OfferBudget
from merchants.offers import budgets
from tests.cast import NOON, make_coupon, make_offer, make_store
from tests.races.crowd import Meeting, crowd

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]

ASKING = 12


@pytest.fixture
def offer() -> Offer:
    return make_offer(make_store(), cap=5)


def test_caps_that_are_set_at_once_move_by_what_was_there_before(offer: Offer) -> None:
    """While coupons are issued, which want the same row."""

    def one(number: int) -> object:
        if number % 3 == 0:
            return make_coupon(offer)
        return budgets.set_cap(offer=offer, cap=20 + number, now=NOON)

    answers = crowd(ASKING, one)

    assert not [each for each in answers if isinstance(each, Exception)]
    cap = OfferBudget.objects.get().cap
    assert cap in range(20, 20 + ASKING)
    assert reading.balances(owner=offer.pk, unit=units.PLACE)[Account.GRANTED] == -cap
    assert books.check_books() == []


def test_twin_without_the_lock_the_ledger_moves_by_what_is_not_there_any_more(offer: Offer) -> None:
    meeting = Meeting(ASKING)

    def one(number: int) -> None:
        before = OfferBudget.objects.get().cap
        meeting.wait()  # everybody has looked
        with transaction.atomic():
            OfferBudget.objects.update(cap=20 + number)
            posting.post(movements.cap_changed(offer_id=offer.pk, by=20 + number - before, cause=uuid4(), at=NOON))

    crowd(ASKING, one)
    assert "granted places" in {discrepancy.what for discrepancy in books.check_books()}
