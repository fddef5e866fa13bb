"""Somebody who has something to lose."""

import pytest

from geooffers.coupons.models import Coupon, CouponState
from merchants.live_fences import live_fences
from merchants.models import Offer
from notifications.models import Delivery
from tests.cast import NOON, make_fence, make_offer, make_store
from tests.walker import AT_AINO, Walker


@pytest.fixture
def aino() -> Offer:
    store = make_store()
    make_fence(store)
    offer = make_offer(store, cap=10, per_shopper_limit=5)
    live_fences.matcher().refresh()
    return offer


@pytest.fixture
def walker(aino: Offer) -> Walker:
    """In Café Aino, with a coupon and a push that waits."""
    walker = Walker()
    walker.be_at(AT_AINO, NOON)
    assert Coupon.objects.get().state == CouponState.OPEN
    assert Delivery.objects.count() == 1
    return walker
