"""A phone registers and says where its messages go."""

import ipaddress
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from geooffers.callers import limits
from geooffers.callers.models import RateCount
from geooffers.shoppers.models import Device, Shopper
from geooffers.visits.models import DeviceState
from merchants.live_fences import live_fences
from tests.phone import Phone, make_token, registered_phone

pytestmark = [pytest.mark.django_db, pytest.mark.both]
FID = {"kind": "fid", "address": "cH5jP9gE8aU1oI6tXkEQm4"}


def test_a_phone_registers_with_a_token_it_made() -> None:
    phone = Phone()
    answer = phone.register(language="fi", push=FID)
    assert answer.status_code == 201, answer.content
    device = Device.objects.get()
    assert answer.json() == {
        "device_id": str(device.pk),
        "signed_in": False,
        "language": "fi",
        "push_kind": "fid",
        "created_at": answer.json()["created_at"],
    }
    assert DeviceState.objects.get().device == device
    assert phone.token.encode() not in bytes(device.token_hash)
    assert phone.token not in answer.content.decode()
    assert phone.call("GET", "/consents").status_code == 200


def test_registering_again_with_the_same_token_is_the_same_device() -> None:
    phone = Phone()
    first, second = phone.register(), phone.register()
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert Shopper.objects.count() == Device.objects.count() == 1


def test_another_token_for_a_known_installation_is_refused() -> None:
    phone = registered_phone()
    answer = phone.register(token=make_token())
    assert (answer.status_code, answer.json()["code"]) == (409, "install_known")
    assert phone.call("GET", "/consents").status_code == 200


def test_a_token_of_another_device_is_refused() -> None:
    phone = registered_phone()
    answer = phone.register(install_id=str(uuid4()))
    assert (answer.status_code, answer.json()["code"]) == (409, "token_taken")
    assert Shopper.objects.count() == 1


def test_a_new_push_address_replaces_the_old_one() -> None:
    phone = registered_phone()
    answer = phone.call("PUT", "/devices/me/push", {"kind": "token", "address": "abc:APA91b"})
    assert answer.status_code == 204
    device = Device.objects.get()
    assert (device.push_kind, device.push_address) == ("token", "abc:APA91b")
    assert device.push_renewed_at is not None


def test_an_address_that_another_phone_shows_is_taken_over() -> None:
    old, new = registered_phone(), registered_phone()
    for phone in (old, new):
        assert phone.call("PUT", "/devices/me/push", FID).status_code == 204
    assert Device.objects.get(install_id=old.install_id).push_address == ""
    assert Device.objects.get(install_id=new.install_id).push_address == FID["address"]


def test_registrations_from_one_address_are_limited() -> None:
    assert Phone().register().status_code == 201
    # All others but one came before; that each of them is counted, and exactly, stands in test_limits.
    assert RateCount.objects.update(count=limits.REGISTRATIONS.amount - 1) == 1
    assert Phone().register().status_code == 201
    refused = Phone().register()
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert 1 <= int(refused["Retry-After"]) <= limits.REGISTRATIONS.per_s
    assert refused["RateLimit-Remaining"] == "0"
    assert Phone(address="203.0.113.8").register().status_code == 201


def test_livez_and_readyz_answer_without_a_token() -> None:
    client = Client()
    assert client.get("/livez").status_code == 200
    live_fences.matcher().refresh()
    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json()["checks"] == dict.fromkeys(("database", "migrations", "tombstones", "fences"), True)


def test_a_probe_that_asks_by_address_and_without_tls_is_answered(settings: Any) -> None:
    """As the health check of docker-compose.yml does; the worker there waits until it is green."""
    settings.ALLOWED_HOSTS, settings.SECURE_SSL_REDIRECT = ["offers.example"], True
    live_fences.matcher().refresh()
    probe = Client(SERVER_NAME="127.0.0.1", SERVER_PORT="8000")
    assert [probe.get(path).status_code for path in ("/livez", "/readyz")] == [200, 200]
    assert probe.post("/livez").status_code == 405
    # Everybody else is still asked for the right name, and for TLS.
    assert probe.get("/api/v1/consent-texts").status_code == 400
    assert Client(SERVER_NAME="offers.example").get("/api/v1/consent-texts").status_code == 301


@pytest.mark.parametrize(("peer", "status"), [("10.0.0.2", 200), ("203.0.113.7", 301)])
def test_only_a_proxy_of_ours_may_say_that_a_request_came_by_tls(settings: Any, peer: str, status: int) -> None:
    settings.TRUSTED_PROXIES = [ipaddress.ip_network("10.0.0.0/8")]
    settings.SECURE_PROXY_SSL_HEADER, settings.SECURE_SSL_REDIRECT = ("HTTP_X_FORWARDED_PROTO", "https"), True
    caller = Client(REMOTE_ADDR=peer, headers={"X-Forwarded-Proto": "https"})
    assert caller.get("/api/v1/consent-texts").status_code == status
