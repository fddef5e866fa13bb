"""A shopper sees their phones and revokes one: it opens nothing any more, and nothing of theirs is lost."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from geooffers.callers.models import StoredReply
from geooffers.shoppers.models import ConsentReceipt, ConsentState
from geooffers.visits.models import DeviceState, EndReason, Presence, Visit
from notifications.sandbox.keys import load_keys
from tests import cast
from tests.acceptance.identity.accounts import TokenChange, device_of, signed_in
from tests.phone import Phone, make_token, registered_phone
from tests.running_sandbox import RunningSandbox

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    running = RunningSandbox(load_keys(folder=Path(tmp_path_factory.mktemp("keys"))))
    yield running
    running.close()


@pytest.fixture(autouse=True)
def _at_the_sandbox(settings: Any, sandbox: RunningSandbox) -> None:
    settings.SANDBOX_URL = sandbox.url


def ids(phone: Phone) -> list[tuple[str, bool]]:
    answer = phone.call("GET", "/me/devices")
    assert answer.status_code == 200, answer.content
    return [(item["device_id"], item["is_this_one"]) for item in answer.json()["items"]]


def revoke(phone: Phone, device_id: object) -> int:
    return phone.call("DELETE", f"/me/devices/{device_id}").status_code


def test_all_phones_of_the_account_are_listed_and_nobody_elses(sandbox: RunningSandbox) -> None:
    old, new, strangers, anonymous = (registered_phone() for _ in range(4))
    for phone, uid in ((old, "aino"), (new, "aino"), (strangers, "bruno")):
        signed_in(sandbox, phone, uid)
    new.call("PUT", "/devices/me/push", {"kind": "fid", "address": "here"})
    assert ids(old) == [(str(device_of(new).pk), False), (str(device_of(old).pk), True)]
    assert ids(anonymous) == [(str(device_of(anonymous).pk), True)]
    shown = old.call("GET", "/me/devices").json()["items"][0]
    assert (shown["gets_messages"], shown["platform"]) == (True, "android")
    assert "here" not in str(shown)


def test_a_revoked_phone_opens_nothing_and_nothing_arrives_there(sandbox: RunningSandbox) -> None:
    lost, kept = registered_phone("location_foreground", "analytics"), registered_phone("location_foreground")
    StoredReply.objects.all().delete()
    aino = signed_in(sandbox, lost)
    signed_in(sandbox, kept)
    device = device_of(lost)
    lost.call("PUT", "/devices/me/push", {"kind": "fid", "address": "lost"})
    visit = Visit.objects.create(shopper=aino, fence=cast.make_fence(cast.make_store()), began_at=timezone.now())
    Presence.objects.create(visit=visit, device=device, since=visit.began_at)
    DeviceState.objects.filter(device=device).update(packed=b"whereabouts", last_fix_at=visit.began_at)
    coupon = cast.make_coupon(cast.make_offer(cast.make_store()), shopper=aino, now=timezone.now())
    for phone, which in ((lost, "of the lost one"), (kept, "of the kept one")):
        assert phone.give("marketing_push", key=which.replace(" ", "-")).status_code == 200
    key = lost.call("GET", "/ingest/key").json()["reporting_key"]
    assert StoredReply.objects.filter(key="of-the-lost-one").exists()
    assert revoke(kept, device.pk) == 204
    assert list(StoredReply.objects.values_list("key", flat=True)) == ["of-the-kept-one"]
    for method, path, token in (
        ("GET", "/coupons", lost.token),
        ("POST", "/positions", lost.token),
        ("POST", "/sign-out", lost.token),
        ("POST", "/devices/me/token", lost.token),
        ("POST", "/ingest/overland", key),
    ):
        lost.token = token
        refused = lost.call(method, path, {"new_token": make_token()})
        assert (refused.status_code, refused.json()["code"]) == (401, "device_retired"), path
    visit.refresh_from_db()
    device.refresh_from_db()
    assert (visit.shopper, visit.end_reason) == (aino, EndReason.REVOKED)
    assert (device.push_address, bytes(DeviceState.objects.get(device=device).packed)) == ("", b"")
    assert not ConsentState.objects.filter(device=device).exists()
    ended = ConsentReceipt.objects.get(source="revoked")
    assert (ended.device, ended.purpose, ended.given) == (device, "location_foreground", False)
    assert kept.call("GET", f"/coupons/{coupon.pk}").status_code == 200
    assert ids(kept) == [(str(device_of(kept).pk), True)]
    given = {item["purpose"]: item["given"] for item in kept.call("GET", "/consents").json()["items"]}
    assert (given["location_foreground"], given["analytics"]) == (True, True)


def test_the_token_before_a_renewal_is_revoked_too(sandbox: RunningSandbox) -> None:
    phone = registered_phone()
    old_token = phone.token
    renewal = TokenChange(phone, "/devices/me/token")
    assert renewal.send().status_code == 204
    assert phone.token == old_token
    assert revoke(phone, device_of(phone).pk) == 204
    assert phone.call("GET", "/consents").json()["code"] == "device_retired"


def test_revoking_again_and_revoking_oneself_are_fine(sandbox: RunningSandbox) -> None:
    lost, kept = registered_phone(), registered_phone()
    signed_in(sandbox, lost)
    signed_in(sandbox, kept)
    assert [revoke(kept, device_of(lost).pk) for _ in range(2)] == [204, 204]
    assert revoke(kept, device_of(kept).pk) == 204
    assert kept.call("GET", "/coupons").json()["code"] == "device_retired"


def test_nobody_revokes_a_strangers_phone(sandbox: RunningSandbox) -> None:
    phone, stranger = registered_phone(), registered_phone()
    signed_in(sandbox, phone)
    assert [revoke(stranger, device_id) for device_id in (device_of(phone).pk, uuid4())] == [404, 404]
    assert phone.call("GET", "/coupons").status_code == 200


def test_a_revoked_phone_registers_as_a_new_one_alone(sandbox: RunningSandbox) -> None:
    phone = registered_phone()
    assert revoke(phone, device_of(phone).pk) == 204
    again = phone.register()
    assert (again.status_code, again.json()["code"]) == (409, "install_revoked")
    phone.install_id, phone.token = str(uuid4()), make_token()
    assert phone.register().status_code == 201
