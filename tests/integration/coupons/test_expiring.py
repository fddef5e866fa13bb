"""What expires unused goes back: the place to the offer, the count to the shopper, and the ledger says so."""

from datetime import timedelta

import pytest

from geooffers.coupons import issuing
from geooffers.coupons.models import Coupon, ShopperOfferCount
from geooffers.ledger.models import LedgerEntry
from geooffers.redemptions import books
from merchants.models import Offer, OfferBudget
from tests.cast import NOON, make_coupon, make_offer, make_shopper, make_store, moved

pytestmark = [pytest.mark.django_db, pytest.mark.both]

AN_HOUR_LATER = NOON + timedelta(hours=1)


@pytest.fixture
def offer() -> Offer:
    return make_offer(make_store(), cap=10, per_shopper_limit=5)


def test_an_unused_coupon_gives_back_its_place_and_its_count(offer: Offer) -> None:
    shopper = make_shopper()
    first = make_coupon(offer, shopper=shopper)
    second = make_coupon(offer, shopper=shopper, now=NOON + timedelta(minutes=1))

    assert issuing.expire_due(now=AN_HOUR_LATER) == 1

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == ("expired", "open")
    assert OfferBudget.objects.get().reserved == 1
    assert ShopperOfferCount.objects.get().issued == 1
    assert moved(first) == ["free -> reserved", "reserved -> free"]
    assert LedgerEntry.objects.get(subject=first.pk, target="free").at == AN_HOUR_LATER
    assert books.check_books() == []


def test_a_coupon_is_not_expired_a_moment_early(offer: Offer) -> None:
    make_coupon(offer)
    assert issuing.expire_due(now=AN_HOUR_LATER - timedelta(microseconds=1)) == 0


def test_expiring_again_changes_nothing(offer: Offer) -> None:
    coupon = make_coupon(offer)
    assert issuing.expire_due(now=AN_HOUR_LATER) == 1
    assert issuing.expire_due(now=AN_HOUR_LATER) == 0
    assert OfferBudget.objects.get().reserved == 0
    assert len(moved(coupon)) == 2


def test_expiring_goes_in_batches_the_oldest_first(offer: Offer) -> None:
    for minute in range(5):
        make_coupon(offer, now=NOON + timedelta(minutes=minute))
    later = NOON + timedelta(hours=2)
    assert [issuing.expire_due(now=later, limit=2) for _ in range(4)] == [2, 2, 1, 0]
    assert OfferBudget.objects.get().reserved == 0
    assert books.check_books() == []


def test_a_coupon_without_its_shopper_gives_back_its_place(offer: Offer) -> None:
    make_coupon(offer)
    Coupon.objects.update(shopper=None)
    assert issuing.expire_due(now=AN_HOUR_LATER) == 1
    assert OfferBudget.objects.get().reserved == 0


def test_nothing_due_takes_no_lock(offer: Offer, django_assert_max_num_queries) -> None:
    with django_assert_max_num_queries(3):  # the savepoint of the test, and one look
        assert issuing.expire_due(now=NOON) == 0


def test_pseudonyms_tie_a_shopper_together_at_one_merchant_only() -> None:
    aino, books = make_store(), make_store(merchant_name="Kirjakauppa")
    shopper, other = make_shopper(), make_shopper()
    here = [make_offer(aino), make_offer(aino)]
    coupons = [make_coupon(offer, shopper=shopper) for offer in [*here, make_offer(books)]]
    coupons.append(make_coupon(here[0], shopper=other))
    first, again, elsewhere, somebody = (bytes(LedgerEntry.objects.get(subject=each.pk).pseudonym) for each in coupons)
    assert first == again
    assert len({first, elsewhere, somebody}) == 3
