"""A shop with an offer, a coupon of it and a till."""

import pytest

from geooffers.coupons.models import Coupon
from merchants.models import Offer, Store
from tests.acceptance.till.tills import Till
from tests.cast import make_coupon, make_offer, make_store


@pytest.fixture
def aino() -> Store:
    return make_store()


@pytest.fixture
def offer(aino: Store) -> Offer:
    return make_offer(aino)


@pytest.fixture
def coupon(offer: Offer) -> Coupon:
    return make_coupon(offer)


@pytest.fixture
def till(aino: Store) -> Till:
    return Till.of_store(aino)
