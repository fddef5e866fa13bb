"""What was under way when the holder left counts for nobody who has the phone next."""

from collections.abc import Callable
from hashlib import sha256
from uuid import uuid4

import pytest

from geooffers.shoppers.identity import devices
from geooffers.shoppers.models import Age, ConsentState, Device, Purpose, PushKind
from geooffers.shoppers.privacy import export_files
from geooffers.usecases.identity import (
    declare_jurisdiction,
    renew_push_address,
    renew_token,
    revoke_device,
    sign_in,
    sign_out,
    signal_age,
)
from geooffers.usecases.privacy import give_consent, pause_consents, resume_consents, withdraw_consent
from tests.cast import NOON, consent_text, make_device, make_shopper

pytestmark = [pytest.mark.django_db, pytest.mark.both]

UNDER_WAY: dict[str, Callable[[Device], object]] = {
    "a consent": lambda device: give_consent.give_consent(
        device=device, purpose=Purpose.ANALYTICS, language="en", version=1, now=NOON
    ),
    "a withdrawal": lambda device: withdraw_consent.withdraw_consent(
        device=device, purpose=Purpose.MARKETING_PUSH, now=NOON
    ),
    "a pause": lambda device: pause_consents.pause_consents(
        device=device, pause=pause_consents.PauseTaken.DAY, now=NOON
    ),
    "its end": lambda device: resume_consents.resume_consents(device=device, now=NOON),
    "an age": lambda device: signal_age.signal_age(device=device, age=Age.FROM_16, now=NOON),
    "a place": lambda device: declare_jurisdiction.declare_jurisdiction(device=device, code="FI", now=NOON),
    "a push address": lambda device: renew_push_address.renew_push_address(
        device=device, kind=PushKind.FID, address="the one before", now=NOON
    ),
    "a copy of a large account": lambda device: export_files.order(device=device, now=NOON),
}


def new_hash() -> bytes:
    return sha256(uuid4().bytes).digest()


def leave(device: Device, how: str) -> None:
    """Or stay, with a new token."""
    called_with = {"device_id": device.pk, "shown_hash": bytes(device.token_hash), "new_hash": new_hash(), "now": NOON}
    if how == "a new token":
        renew_token.renew_token(**called_with)
    elif how == "sign-out":
        sign_out.sign_out(**called_with, language="en")
    else:
        sign_in.sign_in(**called_with, firebase_uid="bruno")


@pytest.mark.parametrize("how", ["sign-out", "another account"])
@pytest.mark.parametrize("call", UNDER_WAY)
def test_a_call_of_the_one_before_is_refused_once_they_left(call: str, how: str) -> None:
    make_device(make_shopper(firebase_uid="bruno"))  # who has said yes to everything, and is not paused
    device = make_device(make_shopper(firebase_uid="aino"))
    consent_text(Purpose.ANALYTICS)
    read_before = Device.objects.select_related("shopper").get(pk=device.pk)
    leave(device, how)
    with pytest.raises(devices.ChangedHands):
        UNDER_WAY[call](read_before)
    after = Device.objects.select_related("shopper").get(pk=device.pk)
    assert (after.push_address, after.shopper.paused_until) == ("", None)
    assert (after.shopper.age, after.shopper.jurisdiction) == (Age.UNKNOWN, "")
    assert not ConsentState.objects.filter(device=device).exists()
    assert set(ConsentState.objects.filter(shopper=after.shopper).values_list("given", flat=True)) <= {True}


@pytest.mark.parametrize("call", UNDER_WAY)
def test_a_call_of_an_anonymous_phone_that_signed_in_meanwhile_counts_for_the_account(call: str) -> None:
    device = make_device()
    consent_text(Purpose.ANALYTICS)
    read_before = Device.objects.select_related("shopper").get(pk=device.pk)
    leave(device, "to an account of its own")
    UNDER_WAY[call](read_before)


@pytest.mark.parametrize("call", ["a new token", "sign-out", "another account"])
def test_a_phone_that_was_revoked_meanwhile_changes_neither_token_nor_holder(call: str) -> None:
    device = make_device(make_shopper(firebase_uid="aino"))
    before = device.shopper_id, bytes(device.token_hash)
    revoke_device.revoke_device(asker=device, device_id=device.pk, now=NOON)
    with pytest.raises(devices.ChangedHands):
        leave(device, call)
    after = Device.objects.get(pk=device.pk)
    assert (after.shopper_id, bytes(after.token_hash)) == before
