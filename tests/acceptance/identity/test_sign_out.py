"""A phone signs out, and is handed on: nothing of its holder is there for the next one."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from geooffers.callers.models import StoredReply
from geooffers.shoppers.models import ConsentReceipt, ConsentState, Shopper
from geooffers.visits.models import DeviceState, EndReason, Presence, Visit
from notifications.messages import owing
from notifications.models import Delivery, Kind
from notifications.sandbox.keys import load_keys
from tests import cast
from tests.acceptance.identity.accounts import SignIn, TokenChange, device_of, signed_in
from tests.phone import Phone, make_token, registered_phone
from tests.running_sandbox import RunningSandbox

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    running = RunningSandbox(load_keys(folder=Path(tmp_path_factory.mktemp("keys"))))
    yield running
    running.close()


@pytest.fixture(autouse=True)
def _at_the_sandbox(settings: Any, sandbox: RunningSandbox) -> None:
    settings.SANDBOX_URL = sandbox.url


def sign_out(phone: Phone) -> Shopper:
    answer = TokenChange(phone, "/sign-out").send()
    assert answer.status_code == 200, answer.content
    return Shopper.objects.get(pk=answer.json()["shopper_id"])


def link_messages(phone: Phone) -> None:
    assert phone.call("PUT", "/devices/me/push", {"kind": "fid", "address": uuid4().hex}).status_code == 204


def owe(shopper: Shopper, kind: Kind = Kind.COUPON_REDEEMED) -> list[Delivery]:
    now, subject = timezone.now(), uuid4()
    owing.owe(kind=kind, shopper=shopper, subject=subject, expires_at=now + timedelta(hours=1), now=now)
    return list(Delivery.objects.filter(message__subject=subject))


def be_inside(phone: Phone) -> Visit:
    device, fence = device_of(phone), cast.make_fence(cast.make_store())
    visit = Visit.objects.create(shopper=device.shopper, fence=fence, began_at=timezone.now())
    Presence.objects.create(visit=visit, device=device, since=visit.began_at)
    DeviceState.objects.filter(device=device).update(packed=b"whereabouts", last_fix_at=visit.began_at)
    return visit


def test_signing_out_ends_what_the_phone_was_allowed_and_knew_and_moves_nothing(sandbox: RunningSandbox) -> None:
    phone = registered_phone("location_foreground", "location_background", "marketing_push")
    aino = signed_in(sandbox, phone)
    coupon = cast.make_coupon(cast.make_offer(cast.make_store()), shopper=aino, now=timezone.now())
    visit = be_inside(phone)
    link_messages(phone)
    pushes = owe(aino, Kind.COUPON_ISSUED) + owe(aino)
    nobody = sign_out(phone)
    for row in (coupon, visit, *pushes):
        row.refresh_from_db()
    assert coupon.shopper == aino
    assert (visit.shopper, visit.end_reason) == (aino, EndReason.SIGNED_OUT)
    assert {(push.shopper, push.state, push.reason) for push in pushes} == {(aino, "cancelled", "device_changed_hands")}
    state = DeviceState.objects.get()
    assert (bytes(state.packed), state.last_fix_at) == (b"", None)
    assert not Presence.objects.exists()
    assert set(ConsentState.objects.values_list("shopper", "purpose", "given")) == {(aino.pk, "marketing_push", True)}
    ended = ConsentReceipt.objects.filter(source="sign_out").values_list("shopper", "purpose", "given")
    assert set(ended) == {(aino.pk, "location_foreground", False), (aino.pk, "location_background", False)}
    device = device_of(phone)
    assert (device.shopper, device.push_address, nobody.is_anonymous) == (nobody, "", True)


def test_the_next_holder_finds_nothing_and_nothing_arrives_for_the_one_before(sandbox: RunningSandbox) -> None:
    phone, at_home = registered_phone("location_foreground", "analytics"), registered_phone()
    aino = signed_in(sandbox, phone)
    assert signed_in(sandbox, at_home) == aino
    link_messages(at_home)
    coupon = cast.make_coupon(cast.make_offer(cast.make_store()), shopper=aino, now=timezone.now())
    sign_out(phone)
    link_messages(phone)
    for uid in (None, "bruno"):
        if uid is not None:
            signed_in(sandbox, phone, uid)
        assert phone.call("GET", "/coupons").json()["coupons"] == []
        assert phone.call("GET", f"/coupons/{coupon.pk}").status_code == 404
        assert {item["given"] for item in phone.call("GET", "/consents").json()["items"]} == {False}
    assert [push.device for push in owe(aino)] == [device_of(at_home)]
    assert at_home.call("GET", f"/coupons/{coupon.pk}").status_code == 200


def test_who_comes_back_gives_location_consent_anew(sandbox: RunningSandbox) -> None:
    phone = registered_phone("location_foreground", "analytics")
    aino = signed_in(sandbox, phone)
    sign_out(phone)
    assert signed_in(sandbox, phone) == aino
    given = {item["purpose"]: item["given"] for item in phone.call("GET", "/consents").json()["items"]}
    assert (given["location_foreground"], given["analytics"]) == (False, True)


def test_repeating_a_sign_out_whose_answer_was_lost_answers_the_same(sandbox: RunningSandbox) -> None:
    phone = registered_phone("location_foreground")
    signed_in(sandbox, phone)
    call = TokenChange(phone, "/sign-out", language="fi")
    first, shoppers = call.send(), Shopper.objects.count()
    second = call.send()
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == second.json()
    assert Shopper.objects.count() == shoppers
    assert device_of(phone).shopper.language == "fi"
    call.body["new_token"] = make_token()
    refused = call.send()
    assert (refused.status_code, refused.json()["code"]) == (401, "token_replaced")


def test_the_old_token_opens_nothing_after_a_sign_out(sandbox: RunningSandbox) -> None:
    phone = registered_phone()
    signed_in(sandbox, phone)
    old_token = phone.token
    sign_out(phone)
    phone.token = old_token
    refused = phone.call("GET", "/coupons")
    assert (refused.status_code, refused.json()["code"]) == (401, "token_unknown")


def test_an_anonymous_phone_keeps_what_it_holds(sandbox: RunningSandbox) -> None:
    phone = registered_phone("location_foreground")
    refused = TokenChange(phone, "/sign-out").send()
    assert (refused.status_code, refused.json()["code"]) == (409, "not_signed_in")
    assert phone.call("GET", "/consents").json()["items"][0]["given"] is True


@pytest.mark.parametrize("how", ["sign-out", "another account"])
def test_a_kept_reply_is_not_given_to_the_next_holder(sandbox: RunningSandbox, how: str) -> None:
    phone = registered_phone()
    signed_in(sandbox, phone)
    assert phone.give("analytics", key="one").status_code == 200
    assert phone.give("analytics", key="one")["Idempotent-Replayed"] == "true"
    sign_out(phone) if how == "sign-out" else SignIn(sandbox, phone, "bruno").send()
    assert not StoredReply.objects.exists(), "it went with the one it was given to"
    answer = phone.give("analytics", key="one")
    assert answer.status_code == 200
    assert "Idempotent-Replayed" not in answer
    assert ConsentReceipt.objects.filter(shopper=device_of(phone).shopper, purpose="analytics").count() == 1
