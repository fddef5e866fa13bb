"""Age and place: what a shopper may agree to, as a matrix, and what ends when either of them changes."""

from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from geooffers.api.edge import clock
from geooffers.coupons.models import Coupon, ShopperOfferCount
from geooffers.decisions.models import Decision
from geooffers.shoppers.models import Age, ConsentReceipt, ConsentState, Device, Purpose, Shopper
from geooffers.visits.models import DeviceState, EndReason, Visit
from merchants.live_fences import live_fences
from merchants.models import Geofence
from notifications.messages import owing
from notifications.models import Delivery, DeliveryState, Kind
from tests.acceptance.identity.test_sign_in import device_of, sandbox, signed_in  # noqa: F401  # a fixture
from tests.cast import NOON, make_device, make_fence, make_offer, make_shopper, make_store
from tests.deliveries import claim_pushes
from tests.phone import Phone, registered_phone
from tests.running_sandbox import RunningSandbox
from tests.walker import AT_AINO, DOWN_THE_STREET, Walker, fix

pytestmark = pytest.mark.django_db

EVERYTHING = frozenset(Purpose)
NOTHING: frozenset[Purpose] = frozenset()
# Written out, not derived: the one place that says it in full beside docs/consent.md.
MATRIX: dict[str, dict[Age, frozenset[Purpose]]] = {
    place: {
        Age.UNKNOWN: EVERYTHING,
        Age.UNDER_13: NOTHING,
        Age.FROM_13: NOTHING,
        Age.FROM_16: EVERYTHING,
        Age.ADULT: EVERYTHING,
    }
    for place in ("", "FI", "DE-BY", "US", "US-WA", "US-NY", "US-OR", "US-TX")
} | {
    "US-MD": {
        Age.UNKNOWN: EVERYTHING,
        Age.UNDER_13: NOTHING,
        Age.FROM_13: NOTHING,
        Age.FROM_16: NOTHING,
        Age.ADULT: EVERYTHING,
    },
}


@pytest.fixture
def aino() -> Geofence:
    store = make_store()
    fence = make_fence(store)
    make_offer(store)
    live_fences.matcher().refresh()
    return fence


def registered(age: Age, place: str) -> Phone:
    phone = Phone(address=f"203.0.113.{hash((age, place)) % 250}")
    told = {"age": age.value, **({"jurisdiction": place} if place else {})}
    assert phone.register(**told).status_code == 201
    return phone


@pytest.mark.parametrize(("place", "age"), list(product(MATRIX, Age)))
def test_what_may_be_agreed_to(place: str, age: Age) -> None:
    phone, may = registered(age, place), MATRIX[place][age]
    shown = phone.call("GET", "/consents").json()
    assert shown["circumstances"] == {
        "age": age.value,
        "jurisdiction": place or None,
        "allowed": [purpose.value for purpose in Purpose if purpose in may],
    }
    for item in shown["items"]:
        purpose = Purpose(item["purpose"])
        assert item["allowed"] is (purpose in may)
        answer = phone.give(purpose)
        if purpose in may:
            assert (answer.status_code, answer.json()["in_force"]) == (200, True)
        else:
            assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    assert set(ConsentState.objects.values_list("purpose", flat=True)) == set(may)


@pytest.mark.parametrize(("place", "age"), list(product(MATRIX, Age)))
def test_what_was_agreed_to_is_acted_on_only_where_it_may_be(aino: Geofence, place: str, age: Age) -> None:
    """Written past every door, as a table that was tightened later finds it."""
    walker = Walker()
    Shopper.objects.update(age=age, jurisdiction=place)
    location = Purpose.LOCATION_FOREGROUND in MATRIX[place][age]
    with CaptureQueriesContext(connection) as asked:
        answer = walker.send(fix(NOON, DOWN_THE_STREET), now=NOON)
    assert answer.status_code == (200 if location else 403)
    assert location or (answer.json()["code"], len(asked)) == ("consent_missing", 1)
    owing.owe(
        kind=Kind.COUPON_ISSUED,
        shopper=walker.device.shopper,
        subject=uuid4(),
        expires_at=NOON + timedelta(hours=1),
        now=NOON,
        title="x",
    )
    claimed = claim_pushes(now=NOON, limit=5)
    assert bool(claimed) is (Purpose.MARKETING_PUSH in MATRIX[place][age])


def told(walker: Walker, path: str, body: dict[str, Any], *, now: datetime = NOON) -> dict[str, Any]:
    with clock.set_to(now):
        answer = walker.phone.call("PUT", path, body)
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_who_turns_out_to_be_fifteen_is_located_and_pushed_no_more(aino: Geofence) -> None:
    shopper = make_shopper()
    walker, other = Walker(shopper=shopper), Walker(shopper=shopper)
    for each in (walker, other):
        each.be_at(AT_AINO, NOON)
        each.be_at(AT_AINO, NOON + timedelta(minutes=1))
    assert Visit.objects.get().is_open
    assert Delivery.objects.filter(state=DeliveryState.READY).count() == 2
    later = NOON + timedelta(minutes=2)
    assert told(walker, "/consents/age-signal", {"age": "13_15"}, now=later)["allowed"] == []
    assert Visit.objects.get().end_reason == EndReason.WITHDRAWN
    assert {bytes(state.packed) for state in DeviceState.objects.all()} == {b""}
    assert set(Delivery.objects.values_list("state", "reason")) == {(DeliveryState.CANCELLED, "not_allowed")}
    assert not ConsentState.objects.filter(given=True).exists()
    assert set(ConsentReceipt.objects.values_list("source", "given")) == {("law", False)}
    assert ConsentReceipt.objects.filter(device=other.device).count() == 2
    for each in (walker, other):
        assert each.send(fix(later), now=later).json()["code"] == "consent_missing"
    assert Coupon.objects.get().is_usable(later), "what was promised is kept"


def test_at_sixteen_nothing_comes_back_by_itself(aino: Geofence) -> None:
    walker = Walker()
    told(walker, "/consents/age-signal", {"age": "13_15"})
    assert len(told(walker, "/consents/age-signal", {"age": "16_17"})["allowed"]) == 4
    assert walker.send(fix(NOON), now=NOON).status_code == 403
    assert walker.phone.give("location_foreground").status_code == 200
    assert walker.send(fix(NOON), now=NOON).status_code == 200


def test_moving_to_a_stricter_place_ends_what_it_does_not_allow(aino: Geofence) -> None:
    walker = Walker()
    told(walker, "/consents/age-signal", {"age": "16_17"})
    assert walker.send(fix(NOON), now=NOON).status_code == 200
    assert told(walker, "/consents/jurisdiction", {"jurisdiction": "us-md"}) == {
        "age": "16_17",
        "jurisdiction": "US-MD",
        "allowed": [],
    }
    assert walker.send(fix(NOON), now=NOON).status_code == 403
    assert told(walker, "/consents/jurisdiction", {"jurisdiction": None})["jurisdiction"] is None


@pytest.mark.parametrize("code", ["US-ZZ", "Finland", "fi-", "60.17"])
def test_a_place_that_is_none_is_refused(code: str) -> None:
    phone = registered_phone()
    answer = phone.call("PUT", "/consents/jurisdiction", {"jurisdiction": code})
    assert (answer.status_code, answer.json()["field"]) == (422, "jurisdiction")
    again = Phone().register(jurisdiction="US-ZZ")
    assert (again.status_code, again.json()["code"], Device.objects.count()) == (422, "unknown_jurisdiction", 1)


def test_an_age_that_is_no_category_is_refused() -> None:
    answer = registered_phone().call("PUT", "/consents/age-signal", {"age": "17"})
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_value")


@pytest.mark.parametrize(
    ("before", "after", "age"),
    [
        ("13_15", "unknown", "13_15"),
        ("16_17", "unknown", "16_17"),
        ("18_plus", "unknown", "unknown"),
        ("unknown", "18_plus", "18_plus"),
        ("13_15", "18_plus", "18_plus"),
    ],
)
def test_a_store_that_falls_silent_makes_no_minor_older(before: str, after: str, age: str) -> None:
    walker = Walker(consents=[])
    told(walker, "/consents/age-signal", {"age": before})
    assert told(walker, "/consents/age-signal", {"age": after})["age"] == age


def test_of_two_phones_the_younger_signal_counts() -> None:
    shopper = make_shopper()
    tablet, phone = Walker(shopper=shopper, consents=[]), Walker(shopper=shopper, consents=[])
    told(tablet, "/consents/age-signal", {"age": "under_13"})
    assert told(phone, "/consents/age-signal", {"age": "18_plus"})["age"] == "under_13"
    assert told(tablet, "/consents/age-signal", {"age": "16_17"})["age"] == "16_17"


def test_signing_in_takes_along_the_younger_age_and_ends_what_it_does_not_allow(
    sandbox: RunningSandbox,  # noqa: F811
    settings: Any,
) -> None:
    settings.SANDBOX_URL = sandbox.url
    at_home, new = registered_phone("location_foreground", "marketing_push"), Phone(address="203.0.113.9")
    account = signed_in(sandbox, at_home)
    assert new.register(age="13_15", jurisdiction="FI").status_code == 201
    assert signed_in(sandbox, new) == account
    account.refresh_from_db()
    assert (account.age, account.jurisdiction) == (Age.FROM_13, "FI")
    assert not ConsentState.objects.filter(given=True).exists()
    signed_in(sandbox, new, "another")
    assert device_of(new).age_signal == Age.UNKNOWN


@pytest.fixture
def tightened(settings: Any, tmp_path: Path) -> None:
    """As if the service had been started anew with the operator's own table."""
    own = tmp_path / "law.toml"
    own.write_text("[everywhere]\nunknown_age_is_located = false\n[FI]\nlocation_from_age = 18\n")
    settings.JURISDICTIONS_FILE = own


@pytest.mark.parametrize(
    ("age", "place", "located"),
    [("unknown", "", False), ("18_plus", "", True), ("16_17", "FI", False), ("16_17", "SE", True)],
)
def test_a_table_that_was_tightened_holds_for_who_agreed_before(
    aino: Geofence, tightened: None, age: str, place: str, located: bool
) -> None:
    walker = Walker()
    Shopper.objects.update(age=age, jurisdiction=place)
    assert walker.send(fix(NOON), now=NOON).status_code == (200 if located else 403)
    items = walker.phone.call("GET", "/consents").json()["items"]
    assert (items[0]["given"], items[0]["in_force"]) == (True, located)


@pytest.mark.parametrize(
    ("age", "first"), [(Age.UNKNOWN, "older"), (Age.ADULT, "new to them"), (Age.FROM_16, "new to them")]
)
def test_without_a_profile_what_was_had_before_has_no_say(age: Age, first: str) -> None:
    """Both offers are the same but for this: they have had the older one. Among equals the older comes first."""
    store = make_store()
    make_fence(store)
    had = make_offer(store, title="older", per_shopper_limit=5)
    make_offer(store, title="new to them", per_shopper_limit=5)
    live_fences.matcher().refresh()
    walker = Walker()
    Shopper.objects.update(age=age)
    ShopperOfferCount.objects.create(shopper=walker.device.shopper, offer=had, issued=1)
    for minute in range(4):
        walker.be_at(AT_AINO, NOON + timedelta(minutes=minute))
    assert Coupon.objects.get().offer.title == first
    (decision,) = Decision.objects.all()
    assert len(decision.candidates) == 2


def test_an_account_that_was_made_before_is_of_unknown_age() -> None:
    assert make_device().shopper.age == Age.UNKNOWN
