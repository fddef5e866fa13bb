"""A sign-out that meets a report: one of the two is wholly before the other."""

from datetime import timedelta
from hashlib import sha256

import pytest
from django.db import transaction

from geooffers.coupons.models import Coupon
from geooffers.shoppers.models import ConsentState, Device, Shopper
from geooffers.usecases.identity import sign_out
from geooffers.visits.models import DeviceState, EndReason, Presence, Visit
from merchants.live_fences import live_fences
from notifications.models import Delivery
from tests.cast import NOON, make_fence, make_offer, make_store
from tests.races.together import Another, together
from tests.walker import AT_AINO, DOWN_THE_STREET, Walker, fix

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("requires_postgresql")]

LATER = NOON + timedelta(minutes=1)


@pytest.fixture
def walker(transactional_db: None) -> Walker:
    store = make_store()
    make_fence(store)
    make_offer(store, per_shopper_limit=1000)
    live_fences.matcher().refresh()
    walker = Walker()
    Shopper.objects.filter(pk=walker.device.shopper_id).update(firebase_uid="aino")
    walker.be_at(DOWN_THE_STREET, NOON)
    return walker


def leave(walker: Walker) -> Device:
    shown = bytes(Device.objects.get(pk=walker.device.pk).token_hash)
    new = sha256(f"next-{walker.device.pk}".encode()).digest()
    return sign_out.sign_out(device_id=walker.device.pk, shown_hash=shown, new_hash=new, language="en", now=LATER)


def report(walker: Walker) -> int:
    return walker.send(fix(LATER, AT_AINO), now=LATER).status_code


def nothing_of_them_is_left_on_the_phone(walker: Walker) -> None:
    assert bytes(DeviceState.objects.get().packed) == b""
    assert not Presence.objects.exists()
    assert not Visit.objects.filter(ended_at=None).exists()
    assert not ConsentState.objects.filter(device=walker.device).exists()
    assert not Delivery.objects.filter(state="ready").exists()
    now_with = Device.objects.get().shopper_id
    for rows in (Visit, Coupon):
        assert not rows.objects.filter(shopper=now_with).exists()


def test_a_report_that_waited_for_the_sign_out_records_nothing(walker: Walker) -> None:
    with transaction.atomic():
        leave(walker)
        reporting = Another(lambda: report(walker))
        reporting.wait_until_waiting()
    assert reporting.result() == 403
    assert not Visit.objects.exists()
    nothing_of_them_is_left_on_the_phone(walker)


def test_a_sign_out_waits_for_the_report_under_way_and_ends_its_visit(walker: Walker) -> None:
    aino = walker.device.shopper_id
    with transaction.atomic():
        DeviceState.objects.select_for_update().get(device=walker.device)
        reporting = Another(lambda: report(walker))
        reporting.wait_until_waiting()
        leaving = Another(lambda: leave(walker))
        leaving.wait_until_waiting()
    assert reporting.result() == 200
    leaving.result()
    visit = Visit.objects.get()
    assert (visit.shopper_id, visit.end_reason) == (aino, EndReason.SIGNED_OUT)
    assert Coupon.objects.get().shopper_id == aino
    nothing_of_them_is_left_on_the_phone(walker)


def test_the_same_sign_out_sent_many_times_at_once_is_one(walker: Walker) -> None:
    shown = bytes(walker.device.token_hash)
    new = sha256(b"next").digest()

    def call() -> Device:
        return sign_out.sign_out(device_id=walker.device.pk, shown_hash=shown, new_hash=new, language="en", now=LATER)

    assert len({device.shopper_id for device in together(*[call] * 6)}) == 1
    assert Device.objects.get().hand_overs == 1
    assert Shopper.objects.count() == 2
