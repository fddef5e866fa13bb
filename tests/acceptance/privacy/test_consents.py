"""Giving, listing and taking back consent, over HTTP."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from geooffers.shoppers.models import ConsentReceipt, ConsentState, Device
from geooffers.visits.models import DeviceState, EndReason, Presence, Visit
from notifications.messages import owing
from notifications.models import Delivery, Kind
from tests import cast
from tests.phone import Phone, registered_phone

pytestmark = [pytest.mark.django_db, pytest.mark.both]
PURPOSES = ["location_foreground", "location_background", "marketing_push", "analytics"]


def given(phone: Phone) -> dict[str, bool]:
    answer = phone.call("GET", "/consents")
    assert answer.status_code == 200
    return {item["purpose"]: item["given"] for item in answer.json()["items"]}


def test_the_words_of_every_purpose_are_there_in_three_languages() -> None:
    items = Client().get("/api/v1/consent-texts").json()["items"]
    assert {(item["purpose"], item["language"]) for item in items} == {
        (purpose, language) for purpose in PURPOSES for language in ("en", "fi", "de")
    }
    german = Client().get("/api/v1/consent-texts?language=de").json()["items"]
    assert {item["language"] for item in german} == {"de"}


def test_nothing_is_consented_to_after_registration() -> None:
    assert given(registered_phone()) == dict.fromkeys(PURPOSES, False)


def test_a_given_consent_is_listed_with_its_text_and_leaves_a_receipt() -> None:
    phone = registered_phone()
    answer = phone.give("marketing_push")
    assert answer.status_code == 200, answer.content
    assert answer.json()["given"] is True
    assert (answer.json()["language"], answer.json()["version"]) == ("en", 1)
    assert given(phone) == dict.fromkeys(PURPOSES, False) | {"marketing_push": True}
    receipt = ConsentReceipt.objects.get()
    assert (receipt.purpose, receipt.given, receipt.source, receipt.text.language) == (
        "marketing_push",
        True,
        "app",
        "en",
    )


def test_every_receipt_says_how_in_which_language_and_by_which_app() -> None:
    phone = Phone()
    assert phone.register(app_version="2.1.0", language="fi").status_code == 201
    phone.give("analytics")
    phone.call("POST", "/consents/withdraw", {"purpose": "analytics"}, headers={"Accept-Language": "de-AT, en;q=0.5"})
    told = ConsentReceipt.objects.order_by("at").values_list("given", "source", "locale", "app_version")
    assert list(told) == [(True, "app", "fi", "2.1.0"), (False, "app", "de-at", "2.1.0")]
    assert ConsentReceipt.objects.filter(at__lte=timezone.now()).count() == 2


def test_giving_the_same_again_is_no_second_receipt() -> None:
    phone = registered_phone("analytics")
    assert phone.give("analytics").status_code == 200
    assert ConsentReceipt.objects.count() == 1


def test_a_consent_to_unknown_words_is_refused() -> None:
    phone = registered_phone()
    for change in ({"version": 99}, {"language": "sv"}):
        body = {"purpose": "analytics", "language": "en", "version": 1, **change}
        answer = phone.call("POST", "/consents", body, headers={"Idempotency-Key": uuid4().hex})
        assert (answer.status_code, answer.json()["code"]) == (422, "unknown_consent_text")
    assert not ConsentState.objects.exists()


def test_location_belongs_to_the_phone_and_marketing_to_the_shopper() -> None:
    phone = registered_phone("location_foreground", "marketing_push")
    device = Device.objects.get()
    assert {state.purpose: state.device for state in ConsentState.objects.all()} == {
        "location_foreground": device,
        "marketing_push": None,
    }
    assert given(phone)["location_background"] is False


def test_a_late_retry_of_giving_does_not_undo_a_withdrawal() -> None:
    phone = registered_phone()
    first = phone.give("marketing_push", key="the-one-key")
    assert phone.withdraw("marketing_push").status_code == 200
    replay = phone.give("marketing_push", key="the-one-key")
    assert replay["Idempotent-Replayed"] == "true"
    assert replay.json() == first.json()
    assert given(phone)["marketing_push"] is False


def test_withdrawing_twice_or_what_was_never_given_is_harmless() -> None:
    phone = registered_phone("analytics")
    for purpose in ("analytics", "analytics", "marketing_push"):
        answer = phone.withdraw(purpose)
        assert (answer.status_code, answer.json()["given"]) == (200, False)
    assert ConsentReceipt.objects.count() == 2


def open_visit(phone: Phone) -> Visit:
    device = Device.objects.get(install_id=phone.install_id)
    fence = cast.make_fence(cast.make_store())
    now = timezone.now()
    visit = Visit.objects.create(shopper=device.shopper, fence=fence, began_at=now)
    Presence.objects.create(visit=visit, device=device, since=now)
    DeviceState.objects.filter(device=device).update(packed=b"whereabouts", last_fix_at=now, version=7)
    return visit


def test_withdrawing_the_last_location_purpose_ends_presence_and_forgets_where_the_phone_was() -> None:
    phone = registered_phone("location_foreground", "location_background")
    visit = open_visit(phone)
    phone.withdraw("location_background")
    visit.refresh_from_db()
    assert visit.is_open
    assert bytes(DeviceState.objects.get().packed) == b"whereabouts"
    phone.withdraw("location_foreground")
    visit.refresh_from_db()
    assert visit.end_reason == EndReason.WITHDRAWN
    assert not Presence.objects.exists()
    state = DeviceState.objects.get()
    assert (bytes(state.packed), state.last_fix_at, state.version) == (b"", None, 8)


def test_withdrawing_marketing_cancels_what_waits_and_leaves_service_messages() -> None:
    phone = registered_phone("marketing_push")
    phone.call("PUT", "/devices/me/push", {"kind": "fid", "address": "fid-1"})
    now = timezone.now()
    for kind in (Kind.COUPON_ISSUED, Kind.COUPON_REDEEMED):
        owing.owe(
            kind=kind,
            shopper=Device.objects.get().shopper,
            subject=uuid4(),
            expires_at=now + timedelta(hours=1),
            now=now,
        )
    phone.withdraw("marketing_push")
    assert set(Delivery.objects.values_list("message__kind", "state", "reason")) == {
        ("coupon_issued", "cancelled", "consent_withdrawn"),
        ("coupon_redeemed", "ready", ""),
    }
