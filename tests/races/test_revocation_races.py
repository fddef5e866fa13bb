"""Two phones of one shopper, and one of them is lost: whoever found it takes nothing with it."""

from datetime import timedelta

import pytest
from django.db import transaction

from geooffers.shoppers import devices
from geooffers.shoppers.models import Device
from geooffers.usecases import revoke_device
from tests.cast import NOON, make_device, make_shopper
from tests.races.together import Another, together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("requires_postgresql")]

LATER = NOON + timedelta(minutes=1)


@pytest.fixture
def phones() -> tuple[Device, Device]:
    aino = make_shopper(firebase_uid="aino")
    return make_device(aino), make_device(aino)


def stand(*phones: Device) -> list[bool]:
    return [Device.objects.get(pk=phone.pk).retired_at is None for phone in phones]


@pytest.mark.parametrize("turned", [False, True])
def test_a_phone_that_is_being_revoked_revokes_no_other(phones: tuple[Device, Device], turned: bool) -> None:
    mine, lost = reversed(phones) if turned else phones
    with transaction.atomic():
        revoke_device.revoke_device(asker=mine, device_id=lost.pk, now=LATER)
        finder = Another(lambda: revoke_device.revoke_device(asker=lost, device_id=mine.pk, now=LATER))
        finder.wait_until_waiting()
    with pytest.raises(devices.ChangedHands):
        finder.result()
    assert stand(mine, lost) == [True, False]


def test_of_two_that_revoke_each_other_at_once_one_stays(phones: tuple[Device, Device]) -> None:
    one, other = phones

    def revoke(asker: Device, device: Device) -> bool:
        try:
            revoke_device.revoke_device(asker=asker, device_id=device.pk, now=LATER)
        except devices.ChangedHands:
            return False
        return True

    assert sorted(together(lambda: revoke(one, other), lambda: revoke(other, one))) == [False, True]
    assert sorted(stand(one, other)) == [False, True]
