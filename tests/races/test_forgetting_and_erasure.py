"""The forgetting, an erasure and a till meet at the coupons of one shopper, and each of them is done."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.db import transaction

from geooffers.coupons.models import Coupon
from geooffers.shoppers.models import Shopper
from geooffers.usecases.privacy import erase_shopper
from geooffers.visits.models import EndReason, Visit
from geooffers.worker.tasks import forget
from tests.cast import NOON, make_coupon, make_device, make_fence, make_offer, make_store, make_visit
from tests.races.together import Another

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("requires_postgresql")]


def test_forgetting_takes_coupons_in_the_order_in_which_an_erasure_takes_them() -> None:
    """A till holds the first of two coupons, an erasure waits for it, the forgetting comes by. Taken as they lie in the
    table, the second one would be the forgetting's first: the erasure would wait for that, and it for the erasure.
    """
    store = make_store()
    offer, device = make_offer(store, per_shopper_limit=2), make_device()
    long_ago = NOON - 2 * settings.KEEP_VISITS
    visits = [make_visit(device.shopper, make_fence(store), began_at=long_ago) for _ in range(2)]
    Visit.objects.update(ended_at=long_ago + timedelta(hours=1), end_reason=EndReason.LEFT)
    # The first coupon belongs to the second visit, and lies behind the other in the table.
    first = make_coupon(offer, shopper=device.shopper, visit=visits[1])
    second = make_coupon(offer, shopper=device.shopper, visit=visits[0])
    Coupon.objects.filter(pk=first.pk).update(seen_at=NOON)
    assert first.pk < second.pk

    with transaction.atomic():
        Coupon.objects.select_for_update(no_key=True).get(pk=first.pk)
        erasure = Another(
            lambda: erase_shopper.erase_shopper(device_id=device.pk, shown_hash=bytes(device.token_hash), now=NOON)
        )
        erasure.wait_until_waiting()
        forgetting = Another(lambda: forget.run(now=NOON, limit=10))
        forgetting.wait_until_waiting()
    erasure.result()
    assert forgetting.result() == 2

    assert list(Visit.objects.values_list("shopper", flat=True)) == [None, None]
    assert list(Coupon.objects.values_list("shopper", "visit")) == [(None, None)] * 2
    assert Shopper.objects.get().erasure is not None
