"""A shopper reads what is kept of them: all of it, by its schema, and nobody else does."""

import json
import struct
from datetime import timedelta
from typing import Any

import jsonschema_rs
import pytest
from django.test import Client

from geooffers.api.edge import clock
from geooffers.coupons import exporting as of_coupons
from geooffers.coupons import keyring
from geooffers.coupons.models import Coupon
from geooffers.decisions import exporting as of_decisions
from geooffers.decisions.choosing import Outcome
from geooffers.decisions.eligibility import Reason
from geooffers.decisions.models import Decision
from geooffers.decisions.reason_words import TO_SHOPPERS
from geooffers.events import exporting as of_events
from geooffers.redemptions import exporting as of_redemptions
from geooffers.shoppers.models import DataRequest, Export
from geooffers.shoppers.privacy import data_export as of_shoppers
from geooffers.usecases.privacy import export_shopper
from geooffers.usecases.till.redeem_coupon import redeem_coupon
from geooffers.visits import exporting as of_visits
from geooffers.visits.models import DeviceState
from geooffers.visits.state import sealed_state
from geooffers.worker.tasks import export as round_
from merchants.live_fences import live_fences
from merchants.models import Offer
from merchants.people import keys
from merchants.people.access import Scanner
from notifications import exporting as of_notifications
from tests import searching
from tests.cast import NOON, make_coupon, make_decision, make_fence, make_offer, make_shopper, make_store
from tests.integration.shoppers.test_erasing_is_complete import leads_to_a_person
from tests.walker import AT_AINO, DOWN_THE_STREET, Walker

pytestmark = [pytest.mark.django_db, pytest.mark.both]

LATER = NOON + timedelta(minutes=10)


@pytest.fixture
def aino() -> Offer:
    store = make_store()
    make_fence(store)
    offer = make_offer(store, cap=10, per_shopper_limit=5)
    make_offer(store, title="Free tea", per_shopper_limit=5)
    live_fences.matcher().refresh()
    return offer


@pytest.fixture
def walker(aino: Offer) -> Walker:
    walker = Walker(shopper=make_shopper(firebase_uid="aino-uid"))
    walker.phone.withdraw("analytics")
    walker.be_at(AT_AINO, NOON)
    return walker


def ask(walker: Walker, path: str = "", *, now=LATER) -> Any:
    with clock.set_to(now):
        return walker.phone.call("GET", f"/me/export{path}")


def schema() -> dict[str, Any]:
    answer = Client().get("/api/v1/me/export/schema")
    assert answer.status_code == 200
    return answer.json()


def test_a_small_account_gets_everything_at_once_and_by_the_published_schema(walker: Walker, aino: Offer) -> None:
    till, _ = keys.make_key(store=aino.merchant.stores.get(), name="till", scopes=list(keys.SCOPES))
    coupon = Coupon.objects.get()
    redeem_coupon(
        text=str(keyring.code_of(coupon)),
        scanned_by=Scanner(api_key=till),
        store_id=None,
        nonce="1",
        now=NOON + timedelta(minutes=1),
    )
    answer = ask(walker)
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == 'attachment; filename="geooffers-2026-06-02.json"'
    document = answer.json()
    jsonschema_rs.validate(schema(), document)
    assert document["shoppers"][0]["firebase_uid"] == "aino-uid"
    assert document["devices"][0]["push_address"] == walker.device.push_address
    assert {one["purpose"]: one["given"] for one in document["consents"]}["analytics"] is False
    assert [one["given"] for one in document["receipts"]] == [False]
    (position,) = document["last_seen"][0]["positions"]
    assert (position["lat"], position["lon"], position["near"]) == (*AT_AINO, ["around Café Aino 1"])
    assert document["visits"][0]["merchant"] == "Café Aino"
    (decision,) = document["decisions"]
    assert [(one["outcome"], one["reason"]) for one in decision["candidates"]] == [
        ("chosen", "best"),
        ("passed_over", "ranked_lower"),
    ]
    assert all(one["meaning"] == TO_SHOPPERS[one["reason"]] for one in decision["candidates"])
    assert {one["offer"] for one in decision["candidates"]} == {"Free cardamom bun", "Free tea"}
    assert (decision["offer"], decision["coupon_id"]) == (coupon.title, str(coupon.pk))
    assert (decision["merchant"], decision["store"], decision["moment"]) == ("Café Aino", "Café Aino 1", "began")
    assert (decision["message"], document["interruptions"]) == (
        "owed",
        [{"last_message_at": "2026-06-02T12:00:00+00:00"}],
    )
    assert document["coupons"][0]["state"] == "redeemed"
    assert document["redemptions"][0]["coupon_id"] == str(coupon.pk)
    assert [(one["amount"], one["target"]) for one in document["ledger"]] == [
        ("1 place", "reserved"),
        ("1 place", "redeemed"),
    ]
    assert {one["kind"] for one in document["messages"]} == {"coupon_issued", "coupon_redeemed"}
    assert [one["kind"] for one in document["events"]] == [
        "consent_changed",
        "visit_began",
        "coupon_issued",
        "coupon_redeemed",
    ]
    code = keyring.code_of(coupon)
    assert code.symbols not in answer.content.decode()
    assert str(code) not in answer.content.decode()


def test_it_leaves_an_audit_row_that_names_nobody(walker: Walker) -> None:
    document = ask(walker).json()
    request = DataRequest.objects.get()
    assert str(request.pk) == document["request_id"]
    assert (request.kind, request.asked_at, request.done_at) == ("access", LATER, LATER)
    assert request.rows == {name: len(rows) for name, rows in document.items() if isinstance(rows, list) and rows}
    ours = searching.tables_with(walker.device.pk, walker.device.shopper_id)
    assert "shoppers.DataRequest" not in ours


def test_nothing_of_anybody_else_is_in_it(walker: Walker, aino: Offer) -> None:
    other = Walker(shopper=make_shopper(firebase_uid="bea-uid"))
    other.be_at(AT_AINO, NOON)
    text = ask(walker).content.decode()
    theirs = Coupon.objects.get(shopper=other.device.shopper)
    for mark in (other.device.pk, other.device.install_id, other.device.shopper_id, theirs.pk, "bea-uid"):
        assert str(mark) not in text


def test_the_anonymous_shopper_that_one_was_is_part_of_it(walker: Walker, aino: Offer) -> None:
    before = make_shopper()
    coupon = make_coupon(aino, shopper=before)
    before.merged_into, before.ended_at = walker.device.shopper, NOON
    before.save()
    document = ask(walker).json()
    assert len(document["shoppers"]) == 2
    assert str(coupon.pk) in {one["id"] for one in document["coupons"]}


def test_asking_again_and_again_is_limited(walker: Walker) -> None:
    statuses = [ask(walker).status_code for _ in range(31)]
    assert statuses == [200] * 30 + [429]


# -- large accounts


@pytest.fixture
def long_known(walker: Walker, aino: Offer) -> Walker:
    Decision.objects.bulk_create(
        make_decision(
            aino,
            shopper=walker.device.shopper,
            outcome=Outcome.REFUSED,
            reason=Reason.PAUSED,
            now=NOON - timedelta(minutes=number),
            save=False,
        )
        for number in range(export_shopper.MOST_AT_ONCE)
    )
    return walker


def test_a_large_account_is_made_by_the_worker_and_fetched_once(long_known: Walker) -> None:
    ordered = ask(long_known)
    assert ordered.status_code == 202
    assert ordered.json()["ready_by"] == "2026-06-02T13:10:00Z"
    link = ordered.json()["link"].removeprefix("/api/v1/me/export")
    early = ask(long_known, link)
    assert (early.status_code, early.json()["code"], early.headers["Retry-After"]) == (409, "export_not_ready", "60")
    assert round_.run(now=LATER, limit=100) == 1
    document = ask(long_known, link)
    assert document.status_code == 200
    jsonschema_rs.validate(schema(), document.json())
    assert len(document.json()["decisions"]) == export_shopper.MOST_AT_ONCE + 1
    assert document.json()["request_id"] == ordered.json()["request_id"] == str(DataRequest.objects.get().pk)
    assert DataRequest.objects.get().rows["decisions"] == export_shopper.MOST_AT_ONCE + 1
    assert not Export.objects.exists()
    again = ask(long_known, link)
    assert (again.status_code, again.json()["code"]) == (404, "not_found")


def test_the_link_is_not_in_the_database_and_opens_nothing_for_another_shopper(long_known: Walker) -> None:
    link = ask(long_known).json()["link"].removeprefix("/api/v1/me/export")
    assert searching.tables_with(link.removeprefix("/")) == set()
    round_.run(now=LATER, limit=100)
    assert ask(Walker(), link).status_code == 404
    second_phone = Walker(shopper=long_known.device.shopper)
    assert ask(second_phone, link).status_code == 200


def test_a_copy_whose_key_is_gone_is_made_anew(long_known: Walker) -> None:
    first = ask(long_known).json()["link"].removeprefix("/api/v1/me/export")
    round_.run(now=LATER, limit=100)
    Export.objects.update(body=b"gone:" + bytes(Export.objects.get().body))
    assert ask(long_known, first).status_code == 404
    second = ask(long_known).json()["link"].removeprefix("/api/v1/me/export")
    assert round_.run(now=LATER, limit=100) == 1
    assert ask(long_known, second).status_code == 200


def test_asking_again_ends_the_link_before(long_known: Walker) -> None:
    first, second = (ask(long_known).json()["link"].removeprefix("/api/v1/me/export") for _ in range(2))
    assert round_.run(now=LATER, limit=100) == 1
    assert ask(long_known, first).status_code == 404
    assert ask(long_known, second).status_code == 200


def test_a_copy_that_nobody_fetched_is_not_there_after_a_day(long_known: Walker) -> None:
    link = ask(long_known).json()["link"].removeprefix("/api/v1/me/export")
    round_.run(now=LATER, limit=100)
    assert ask(long_known, link, now=LATER + timedelta(days=1)).status_code == 404


def test_an_erasure_takes_the_copy_along(long_known: Walker) -> None:
    ask(long_known)
    export = Export.objects.get()
    with clock.set_to(LATER):
        assert long_known.phone.call("DELETE", "/me").status_code == 202
    assert not Export.objects.exists()
    assert not export_shopper.make(export=export, now=LATER), "and what the worker has made meanwhile is of nobody"
    assert not Export.objects.exists()


# -- nothing is left out


def test_every_model_that_leads_to_a_person_is_exported() -> None:
    apps = (of_shoppers, of_visits, of_coupons, of_decisions, of_redemptions, of_notifications, of_events)
    exported = {model for app in apps for model in app.MODELS}
    # What is being made cannot be in itself.
    missing = {model._meta.label for model in (leads_to_a_person() | of_events.MODELS) - exported - {Export}}
    assert missing == set(), "name them in the exporting.py of their app, and hand them over there"


def test_every_reason_has_words() -> None:
    assert set(TO_SHOPPERS) == set(Reason)


def test_the_example_of_the_schema_fits_it() -> None:
    published = schema()
    (example,) = published["examples"]
    jsonschema_rs.validate(published, example)
    with pytest.raises(jsonschema_rs.ValidationError):
        jsonschema_rs.validate(published, json.loads(json.dumps(example)) | {"positions": []})


def test_a_copy_of_a_stay_that_goes_on_says_where(walker: Walker) -> None:
    document = ask(walker).json()
    (stay,) = document["last_seen"][0]["stays"]
    assert (stay["area"], stay["is_visit"]) == ("around Café Aino 1", True)
    assert document["visits"][0]["phones_inside"][0]["device_id"] == str(walker.device.pk)
    for second in (0, 30, 60):
        walker.be_at(DOWN_THE_STREET, LATER + timedelta(seconds=second))
    assert ask(walker, now=LATER + timedelta(minutes=2)).json()["last_seen"][0]["stays"] == []


def test_every_position_that_the_bytes_of_a_phone_hold_is_told(walker: Walker) -> None:
    """Those that are kept, the one before them, and one that is set aside."""
    lat, lon = DOWN_THE_STREET
    told = [(lat + number * 0.0001, lon) for number in range(20)]
    for number, place in enumerate(told):
        walker.be_at(place, LATER + timedelta(minutes=number))
    told.append((lat + 1, lon))
    walker.be_at(told[-1], LATER + timedelta(minutes=20))
    state = DeviceState.objects.get()
    packed = sealed_state.open_(bytes(state.packed), device_id=state.pk)
    held = {place[0] for place in (AT_AINO, *told) if struct.pack("<d", place[0]) in packed}
    assert len(held) > 12
    document = ask(walker, now=LATER + timedelta(minutes=21)).json()
    jsonschema_rs.validate(schema(), document)
    assert {position["lat"] for position in document["last_seen"][0]["positions"]} == held
