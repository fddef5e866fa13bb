"""Where the law says so, who gives health care sends nobody a message because of where they are; the coupon stays."""

from datetime import timedelta

import pytest

from geooffers.coupons.models import Coupon
from geooffers.usecases.passes import make_pass
from geooffers.worker import send
from merchants.live_fences import live_fences
from merchants.models import Merchant, Store, Trade
from notifications.models import Delivery, DeliveryState
from tests.cast import NOON, make_fence, make_offer, make_store
from tests.deliveries import claim_pushes
from tests.walker import AT_AINO, DOWN_THE_STREET, Walker

pytestmark = pytest.mark.django_db
QUIET = [("US-WA", Trade.HEALTH), ("US-NV", Trade.HEALTH), ("", Trade.HEALTH)]
LOUD = [("US-NY", Trade.HEALTH), ("FI", Trade.HEALTH), ("US-WA", Trade.OTHER), ("", Trade.OTHER)]


def walk_in(jurisdiction: str, trade: Trade) -> Coupon:
    store = make_store()
    Store.objects.filter(pk=store.pk).update(jurisdiction=jurisdiction)
    Merchant.objects.filter(pk=store.merchant_id).update(trade=trade)
    make_fence(store)
    make_offer(store)
    live_fences.matcher().refresh()
    walker = Walker()
    walker.be_at(DOWN_THE_STREET, NOON)
    for step in (1, 2, 3):
        walker.be_at(AT_AINO, NOON + timedelta(minutes=step))
    return Coupon.objects.get()


@pytest.mark.parametrize(("jurisdiction", "trade"), QUIET)
def test_the_coupon_is_there_and_no_message(jurisdiction: str, trade: Trade) -> None:
    coupon = walk_in(jurisdiction, trade)
    assert not Delivery.objects.exists()
    content = make_pass.content_of(coupon=coupon, now=NOON)
    assert [store.name for store in content.stores] == ["Café Aino 1"]
    assert content.nearby == (), "nor does a wallet show it when its phone is near"


@pytest.mark.parametrize(("jurisdiction", "trade"), LOUD)
def test_elsewhere_and_for_others_there_is_a_message(jurisdiction: str, trade: Trade) -> None:
    coupon = walk_in(jurisdiction, trade)
    assert Delivery.objects.get().message.subject == coupon.pk
    assert len(make_pass.content_of(coupon=coupon, now=NOON).nearby) == 1


def test_a_message_that_waits_is_not_sent_once_the_store_stands_under_such_a_law() -> None:
    walk_in("FI", Trade.HEALTH)
    now = NOON + timedelta(minutes=4)
    Store.objects.update(jurisdiction="US-WA")
    assert claim_pushes(now=now, guards=send.guards(now=now)) == []
    assert Delivery.objects.get().state == DeliveryState.CANCELLED
