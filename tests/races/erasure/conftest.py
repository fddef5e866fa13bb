"""Somebody outside of a café, whose coupon and till are there when a test asks for them."""

import pytest

from geooffers.coupons.models import Coupon
from merchants.live_fences import live_fences
from merchants.models import ApiKey, Geofence
from merchants.people import keys
from tests.cast import NOON, make_fence, make_offer, make_store
from tests.races.erasure.doing import enter
from tests.walker import DOWN_THE_STREET, Walker


@pytest.fixture
def aino(transactional_db: None) -> Geofence:
    store = make_store()
    fence = make_fence(store)
    make_offer(store, per_shopper_limit=100)
    live_fences.matcher().refresh()
    return fence


@pytest.fixture
def walker(aino: Geofence) -> Walker:
    walker = Walker()
    walker.be_at(DOWN_THE_STREET, NOON)
    return walker


@pytest.fixture
def till(aino: Geofence) -> ApiKey:
    return keys.make_key(store=aino.store, name="till", scopes=list(keys.SCOPES))[0]


@pytest.fixture
def coupon(walker: Walker) -> Coupon:
    assert enter(walker) == 200
    return Coupon.objects.get()
