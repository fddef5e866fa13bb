"""An erasure, the forgetting of old visits and a till meet at the same coupons. All take them in order of their ids."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import OperationalError, transaction

from geooffers.coupons.models import Coupon
from geooffers.redemptions import books
from geooffers.shoppers.models import Device
from geooffers.visits.models import EndReason, Visit
from geooffers.worker.tasks import forget
from merchants.models import Geofence
from tests.cast import NOON, make_coupon, make_device, make_visit
from tests.races.leaving import Farewell
from tests.races.together import Another

LONG_AFTER = NOON + settings.KEEP_VISITS + timedelta(days=1)


@pytest.fixture
def device(aino: Geofence) -> Device:
    """Of somebody with three old visits and their coupons: the first coupon is of the last visit, and lies last."""
    device = make_device()
    visits = []
    for hour in range(3):
        visits.append(make_visit(device.shopper, aino, began_at=NOON + timedelta(hours=hour)))
        Visit.objects.update(ended_at=NOON + timedelta(hours=4), end_reason=EndReason.LEFT)
    offer = aino.store.merchant.offers.get()
    coupons = [make_coupon(offer, shopper=device.shopper, visit=visit) for visit in reversed(visits)]
    for coupon in reversed(coupons):
        Coupon.objects.filter(pk=coupon.pk).update(seen_at=NOON)
    return device


def meet(device: Device, forgetting: Callable[[], object]) -> tuple[Another, Another, Farewell]:
    """The till has the coupon in the middle; then the two come, and each gets as far as it can."""
    farewell = Farewell(device=device)
    middle = Coupon.objects.order_by("pk")[1]
    with transaction.atomic():
        Coupon.objects.select_for_update(no_key=True).get(pk=middle.pk)
        round_ = Another(forgetting)
        round_.wait_until_waiting()
        erasure = Another(farewell.say)
        erasure.wait_until_waiting()
    return round_, erasure, farewell


def both(*works: Another) -> list[object]:
    return [work.result() for work in works]


def test_an_erasure_and_the_forgetting_of_visits_wait_for_one_another(device: Device) -> None:
    round_, erasure, farewell = meet(device, lambda: forget.run(now=LONG_AFTER, limit=10))
    assert round_.result() >= 3
    erasure.result()
    assert set(Coupon.objects.values_list("shopper", "visit")) == {(None, None)}
    assert books.check_books() == []
    farewell.assert_nobody_is_named()


def test_twin_in_the_order_in_which_they_lie_one_of_the_two_is_ended(device: Device) -> None:
    def forget_in_any_order() -> None:
        with transaction.atomic():
            ids = list(Visit.objects.select_for_update().values_list("pk", flat=True))
            Coupon.objects.filter(visit__in=ids).update(visit=None)

    round_, erasure, _ = meet(device, forget_in_any_order)
    with pytest.raises(OperationalError, match="deadlock detected"):
        both(round_, erasure)
