"""Two phones of one shopper, and one of them is lost: whoever found it takes nothing with it."""

import threading
from datetime import timedelta

import pytest
from django.db import transaction

from geooffers.shoppers.identity import devices
from geooffers.shoppers.models import Device
from geooffers.usecases.identity import revoke_device
from tests.cast import NOON, make_device, make_shopper
from tests.races.together import Another, together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("requires_postgresql")]

LATER = NOON + timedelta(minutes=1)


@pytest.fixture
def phones() -> tuple[Device, Device]:
    aino = make_shopper(firebase_uid="aino")
    return make_device(aino), make_device(aino)


def revoke(asker: Device, device: Device) -> None:
    revoke_device.revoke_device(asker=asker, device_id=device.pk, now=LATER)


def stand(*phones: Device) -> list[bool]:
    return [Device.objects.get(pk=phone.pk).retired_at is None for phone in phones]


@pytest.mark.parametrize("turned", [False, True])
def test_a_phone_that_is_being_revoked_revokes_no_other(phones: tuple[Device, Device], turned: bool) -> None:
    mine, lost = reversed(phones) if turned else phones
    with transaction.atomic():
        revoke(mine, lost)
        finder = Another(lambda: revoke(lost, mine))
        finder.wait_until_waiting()
    with pytest.raises(devices.ChangedHands):
        finder.result()
    assert stand(mine, lost) == [True, False]


def test_of_two_that_revoke_each_other_at_once_one_stays(phones: tuple[Device, Device]) -> None:
    one, other = phones

    def tried(asker: Device, device: Device) -> bool:
        try:
            revoke(asker, device)
        except devices.ChangedHands:
            return False
        return True

    assert sorted(together(lambda: tried(one, other), lambda: tried(other, one))) == [False, True]
    assert sorted(stand(one, other)) == [False, True]


def test_twin_believed_before_the_lock_each_revokes_the_other_and_none_stays(phones: tuple[Device, Device]) -> None:
    both_are_believed = threading.Barrier(2)

    def believed(asker: Device, device: Device) -> None:
        assert stand(asker) == [True]
        both_are_believed.wait(20)
        with transaction.atomic():
            locked = Device.objects.select_for_update(no_key=True).get(pk=device.pk)
            locked.retired_at = LATER
            locked.save(update_fields=["retired_at"])

    one, other = phones
    together(lambda: believed(one, other), lambda: believed(other, one))
    assert stand(one, other) == [False, False]


def test_a_phone_that_revokes_itself_many_times_at_once_is_answered_alike(phones: tuple[Device, Device]) -> None:
    phone, _ = phones
    together(*[lambda: revoke(phone, phone)] * 4)
    assert stand(*phones) == [False, True]
    assert Device.objects.get(pk=phone.pk).hand_overs == 1
