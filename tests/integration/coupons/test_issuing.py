"""What stands in the way of a new coupon's row: another's code, or the visit's own coupon of the offer."""

from typing import Any

import pytest
from django.db import IntegrityError
from uuid_utils.compat import uuid7

from geooffers.coupons import issuing, keyring
from geooffers.coupons.models import Coupon, ShopperOfferCount
from geooffers.redemptions import books
from merchants.models import Offer, OfferBudget
from tests.cast import make_coupon, make_fence, make_offer, make_shopper, make_store, make_visit

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture
def offer() -> Offer:
    return make_offer(make_store(), per_shopper_limit=10)


@pytest.mark.parametrize("under", ["the newest key", "an older key"])
def test_an_id_whose_code_another_coupon_has_is_drawn_anew(
    offer: Offer, under: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken, free = uuid7(), uuid7()
    ring = keyring.ring()
    code = ring.code_for(coupon_id=taken, key_id=ring.newest_id)
    other = make_coupon(offer)
    Coupon.objects.filter(pk=other.pk).update(code_lookup=code.digest)
    if under == "an older key":
        settings.DATA_KEYS = f"k2:{'22' * 32},{settings.DATA_KEYS}"
    drawn = [taken, free]
    monkeypatch.setattr(issuing, "uuid7", lambda: drawn.pop(0))
    coupon = make_coupon(offer)
    assert (coupon.pk, drawn) == (free, [])
    assert Coupon.objects.get(pk=free).code_lookup == keyring.code_of(coupon).digest
    assert books.check_books() == []


def test_a_visit_that_has_the_offer_runs_into_the_constraint_and_nothing_is_written(offer: Offer) -> None:
    shopper = make_shopper()
    visit = make_visit(shopper, make_fence(offer.merchant.stores.get()))
    make_coupon(offer, shopper=shopper, visit=visit)
    with pytest.raises(IntegrityError):
        make_coupon(offer, shopper=shopper, visit=visit)
    assert (Coupon.objects.count(), ShopperOfferCount.objects.get().issued, OfferBudget.objects.get().reserved) == (
        1,
        1,
        1,
    )
    assert books.check_books() == []
