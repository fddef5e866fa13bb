"""The query kept compiled says what the ORM says, for each key, and its models are those of the database."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from geooffers.api import device_rows
from geooffers.api.identity import auth
from geooffers.shoppers.models import ConsentText, Device, Purpose, Shopper
from geooffers.usecases.privacy.withdraw_consent import withdraw_consent
from geooffers.visits.models import DeviceState
from geooffers.visits.state import sealed_state
from tests.cast import NOON, make_device, make_shopper

pytestmark = pytest.mark.django_db


def make_odd_device() -> Device:
    """As many of its columns as can be are filled, and each differs from its neighbours."""
    device = make_device(shopper=make_shopper(firebase_uid="uid-1"))
    Device.objects.filter(pk=device.pk).update(
        push_kind="fid",
        push_address="somewhere",
        push_renewed_at=NOON + timedelta(microseconds=7),
        previous_token_hash=b"before" * 5,
        previous_until=NOON,
        hand_overs=3,
    )
    Shopper.objects.filter(pk=device.shopper_id).update(
        language="sv", paused_from=NOON, paused_until=NOON + timedelta(hours=1)
    )
    DeviceState.objects.filter(pk=device.pk).update(
        version=41, packed=sealed_state.seal(b"\x00packed", device_id=device.pk), last_fix_at=NOON
    )
    return Device.objects.get(pk=device.pk)


@pytest.mark.parametrize("by", ["token_hash", "previous_token_hash"])
def test_the_kept_query_says_what_the_orm_says(by: Any) -> None:
    for device in (make_odd_device(), make_device()):
        value = getattr(device, by)
        if value is None:
            continue
        for _ in range(2):  # compiled, and kept
            found = device_rows.find(by=by, value=value)
            assert found is not None
            written = list(device_rows.written(by=by, value=value))
            assert len(found.found) == len(written)
            for place, name in enumerate(device_rows.NAMES[:-3]):
                assert found.value(name) == written[0][place], name
            assert device_rows.given(found) == {purpose for *_, purpose, _, _ in written if purpose}


def test_nobody_is_found_by_a_key_that_nobody_has() -> None:
    make_device()
    assert device_rows.find(by="token_hash", value=b"\x01" * 32) is None
    # What the query was compiled with is no key of anybody's.
    assert device_rows.find(by="token_hash", value=bytes(32)) is None


def test_the_models_are_those_of_the_database_and_cost_no_further_query() -> None:
    make_odd_device()
    Device.objects.update(previous_until=None)  # a token that was renewed a moment ago costs a write once
    stored = Device.objects.get()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        caller = auth.find_device(bytes(stored.token_hash))
        device, shopper = caller.device, caller.shopper
        assert device.shopper is shopper
    assert len(queries) == 1
    for kept, model in ((stored, device), (stored.shopper, shopper)):
        for field in type(kept)._meta.concrete_fields:
            assert _plain(getattr(model, field.attname)) == _plain(getattr(kept, field.attname)), field
        assert not model._state.adding
        assert model._state.db == kept._state.db
    assert caller.pause == stored.shopper.pause
    assert (caller.version, caller.packed) == (41, b"\x00packed")


def _plain(value: object) -> object:
    return bytes(value) if isinstance(value, memoryview) else value


def test_another_phones_location_consents_do_not_count() -> None:
    shopper = make_shopper()
    here, there = make_device(shopper=shopper), make_device(shopper=shopper)
    withdraw_consent(device=here, purpose=Purpose.LOCATION_BACKGROUND, now=NOON)
    assert Purpose.LOCATION_BACKGROUND not in auth.find_device(bytes(here.token_hash)).given
    assert Purpose.LOCATION_BACKGROUND in auth.find_device(bytes(there.token_hash)).given
    assert Purpose.MARKETING_PUSH in auth.find_device(bytes(here.token_hash)).given


def test_what_was_agreed_to_before_its_words_changed_does_not_count() -> None:
    device = make_device()
    ConsentText.objects.filter(purpose=Purpose.ANALYTICS).update(outdated_at=NOON)
    assert auth.find_device(bytes(device.token_hash)).given == frozenset(Purpose) - {Purpose.ANALYTICS}
