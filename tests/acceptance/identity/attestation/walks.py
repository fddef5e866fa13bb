"""A walk into Café Aino by a phone of which somebody has said something."""

from datetime import timedelta
from typing import Any

from geooffers.coupons.models import Coupon
from geooffers.visits.models import DeviceState
from merchants.live_fences import live_fences
from notifications.models import Delivery
from tests import states
from tests.cast import NOON, make_fence, make_offer, make_store
from tests.walker import AT_AINO, DOWN_THE_STREET, Walker, fix


def walk_in(*, frozen: bool, **of_device: Any) -> tuple[int, int]:
    """Coupons and pushes that it brings. `of_device`: what stands in the device's row."""
    store = make_store()
    make_fence(store)
    make_offer(store)
    live_fences.matcher().refresh()
    walker = Walker()
    if of_device:
        type(walker.device).objects.filter(pk=walker.device.pk).update(**of_device)
    moment = NOON
    for _ in range(2 if frozen else 1):
        # The same digits once more, from a receiver that says it is moving.
        walker.report(fix(moment, DOWN_THE_STREET, speed_mps=1.5), now=moment)
        moment += timedelta(minutes=1)
    suspicion = states.state_in(DeviceState.objects.get(device=walker.device)).known.suspicion
    assert (suspicion > 0) is frozen
    walker.report(fix(moment, AT_AINO, speed_mps=1.5), now=moment)
    return Coupon.objects.count(), Delivery.objects.count()
