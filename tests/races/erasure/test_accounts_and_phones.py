"""Erasures that meet sign-ins and the phone's own calls: afterwards nothing names who is gone."""

import pytest
from django.db import transaction

from geooffers.shoppers.identity import devices, tokens
from geooffers.shoppers.models import Age, Device, Purpose, Shopper
from geooffers.shoppers.privacy import tombstones
from geooffers.usecases.identity import renew_push_address, revoke_device, sign_out, signal_age
from geooffers.usecases.privacy import give_consent, pause_consents, withdraw_consent
from merchants.models import Geofence
from tests.cast import make_device, make_shopper
from tests.races.erasure.doing import LATER, enter_account
from tests.races.leaving import Farewell
from tests.races.together import Another, together
from tests.walker import Walker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("requires_postgresql")]

# -- sign-ins


def test_a_phone_that_waits_to_sign_in_to_the_account_begins_a_new_one(aino: Geofence) -> None:
    phone, other = make_device(make_shopper(firebase_uid="aino")), make_device()
    farewell = Farewell(device=phone)
    with transaction.atomic():
        farewell.say()
        signing_in = Another(lambda: enter_account(other, "aino"))
        signing_in.wait_until_waiting()
    assert signing_in.result().shopper_id != farewell.shopper_id
    assert Shopper.objects.get(firebase_uid="aino").devices.get() == other
    farewell.assert_nobody_is_named()


def test_a_sign_in_that_does_not_lock_the_account_gives_the_erased_a_phone(aino: Geofence) -> None:
    """The twin: found by its uid before, it is an empty row afterwards."""
    phone, other = make_device(make_shopper(firebase_uid="aino")), make_device()
    farewell = Farewell(device=phone)
    found = Shopper.objects.get(firebase_uid="aino")
    farewell.say()
    Device.objects.filter(pk=other.pk).update(shopper=found)
    with pytest.raises(AssertionError, match="after the erasure"):
        farewell.assert_nobody_is_named()


def test_a_phone_that_is_erased_does_not_sign_in(aino: Geofence) -> None:
    phone = make_device()
    farewell = Farewell(device=phone)
    with transaction.atomic():
        farewell.say()
        signing_in = Another(lambda: enter_account(phone, "aino"))
        signing_in.wait_until_waiting()
    with pytest.raises(tombstones.Erased):
        signing_in.result()
    farewell.assert_nobody_is_named()


def test_an_erasure_that_waits_for_a_sign_in_erases_the_account_with_all_its_phones(aino: Geofence) -> None:
    phone, other = make_device(make_shopper(firebase_uid="aino")), make_device()
    farewell = Farewell(device=phone)
    with transaction.atomic():
        enter_account(other, "aino")
        erasure = Another(farewell.say)
        erasure.wait_until_waiting()
    erasure.result()
    assert not Device.objects.exists()
    farewell.assert_nobody_is_named()
    assert not Shopper.objects.exists(), "the anonymous shopper became the account, and went with it"


def test_an_erasure_by_a_phone_that_signed_in_meanwhile_is_refused(aino: Geofence) -> None:
    phone = make_device()
    with transaction.atomic():
        enter_account(phone, "aino")
        erasure = Another(lambda: Farewell(device=phone).say())
        erasure.wait_until_waiting()
    with pytest.raises(tokens.TokenReplaced):
        erasure.result()
    assert Shopper.objects.get(firebase_uid="aino").erasure is None


def test_an_erasure_by_a_phone_that_was_revoked_meanwhile_is_refused(aino: Geofence) -> None:
    """It was lost, and whoever found it wants everything gone."""
    lost, mine = make_device(make_shopper(firebase_uid="aino")), make_device()
    enter_account(mine, "aino")
    with transaction.atomic():
        revoke_device.revoke_device(asker=lost, device_id=lost.pk, now=LATER)
        erasure = Another(lambda: Farewell(device=lost).say())
        erasure.wait_until_waiting()
    with pytest.raises(devices.ChangedHands):
        erasure.result()
    assert Shopper.objects.get(firebase_uid="aino").erasure is None


# -- the phone's own calls


@pytest.mark.parametrize("number", range(6))
def test_what_the_phone_asks_meanwhile_is_refused(walker: Walker, number: int) -> None:
    phone, farewell = walker.device, Farewell(device=walker.device)
    call = [
        lambda: give_consent.give_consent(device=phone, purpose=Purpose.ANALYTICS, language="en", version=1, now=LATER),
        lambda: withdraw_consent.withdraw_consent(device=phone, purpose=Purpose.ANALYTICS, now=LATER),
        lambda: renew_push_address.renew_push_address(device=phone, kind="fid", address="fid-new", now=LATER),
        lambda: pause_consents.pause_consents(device=phone, pause=pause_consents.PauseTaken.HOUR, now=LATER),
        lambda: signal_age.signal_age(device=phone, age=Age.ADULT, now=LATER),
        lambda: sign_out.sign_out(
            device_id=phone.pk,
            shown_hash=bytes(phone.token_hash),
            new_hash=b"n" * 32,
            language="en",
            now=LATER,
        ),
    ][number]
    with transaction.atomic():
        farewell.say()
        asking = Another(call)
        asking.wait_until_waiting()
    with pytest.raises(tombstones.Erased):
        asking.result()
    farewell.assert_nobody_is_named()


def test_two_phones_of_one_shopper_that_leave_at_once_get_one_answer(aino: Geofence) -> None:
    walkers = [Walker()]
    walkers.append(Walker(shopper=walkers[0].device.shopper))
    answers = together(*[lambda walker=walker: walker.phone.call("DELETE", "/me") for walker in walkers])
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json() == answers[1].json()
