"""The query says what the ORM says, for each key, and its models are those of the database."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from geooffers.callers import device_lookup, device_query
from geooffers.shoppers.models import ConsentText, Device, Purpose, Shopper
from geooffers.usecases.privacy.withdraw_consent import withdraw_consent
from geooffers.visits.models import DeviceState
from geooffers.visits.state import sealed_state
from tests.cast import NOON, make_device, make_shopper

pytestmark = [pytest.mark.django_db, pytest.mark.both]


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


def values_of(device: Device) -> dict[str, Any]:
    """As the ORM reads them, one model after the other."""
    models = {"device": device, "shopper": device.shopper, "state": DeviceState.objects.get(pk=device.pk)}
    return {
        f"{alias}.{field.column}": getattr(model, field.attname)
        for alias, model in models.items()
        for field in model._meta.concrete_fields
    }


@pytest.mark.parametrize("by", ["token_hash", "previous_token_hash"])
def test_the_query_says_what_the_orm_says(by: Any) -> None:
    make_device()
    device = make_odd_device()
    found = device_query.find(by=by, value=getattr(device, by))
    assert found is not None
    expected = values_of(Device.objects.get(pk=device.pk))
    assert {name: _plain(found.value(name)) for name in expected} == {
        name: _plain(value) for name, value in expected.items()
    }
    assert expected.keys() == device_query.FIELDS.keys()
    assert found.given() == frozenset(Purpose)


def test_nobody_is_found_by_a_key_that_nobody_has() -> None:
    make_device()
    assert device_query.find(by="token_hash", value=b"\x01" * 32) is None


def test_the_models_are_those_of_the_database_and_cost_no_further_query() -> None:
    make_odd_device()
    Device.objects.update(previous_until=None)  # a token that was renewed a moment ago costs a write once
    stored = Device.objects.get()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        caller = device_lookup.find(token_hash=bytes(stored.token_hash), now=NOON)
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
    assert Purpose.LOCATION_BACKGROUND not in device_lookup.find(token_hash=bytes(here.token_hash), now=NOON).given
    assert Purpose.LOCATION_BACKGROUND in device_lookup.find(token_hash=bytes(there.token_hash), now=NOON).given
    assert Purpose.MARKETING_PUSH in device_lookup.find(token_hash=bytes(here.token_hash), now=NOON).given


def test_what_was_agreed_to_before_its_words_changed_does_not_count() -> None:
    device = make_device()
    ConsentText.objects.filter(purpose=Purpose.ANALYTICS).update(outdated_at=NOON)
    assert device_lookup.find(token_hash=bytes(device.token_hash), now=NOON).given == frozenset(Purpose) - {
        Purpose.ANALYTICS
    }
