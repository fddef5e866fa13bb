"""Who may report by an adapter: the device by its token or its reporting key, each in its place, and nobody else."""

import base64
from datetime import UTC, datetime
from typing import Any

import pytest

from geooffers.callers import reporting_keys
from geooffers.shoppers.models import Device
from tests.acceptance.identity.accounts import TokenChange
from tests.acceptance.location.gps_clients.apps import App, counts
from tests.acceptance.location.gps_clients.test_receiving import every_adapter, say
from tests.cast import NOON
from tests.phone import Phone, make_token

pytestmark = pytest.mark.django_db


def codes(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@every_adapter
def test_token_and_key_as_bearer_and_as_password(address: str) -> None:
    app = App(address)
    for secret in (app.key, app.token):
        app.key = secret
        assert say(app, headers=app.bearer()).status_code == 200
        assert say(app, headers=app.basic()).status_code == 200
        assert say(app, headers=app.basic(user="")).status_code == 200


@pytest.mark.parametrize("address", ["/owntracks", "/osmand", "/traccar"])  # one of each list of credentials
def test_who_is_not_known_is_told_so(address: str) -> None:
    app = App(address)
    expected = {
        "": "token_missing",
        "Bearer": "token_missing",
        "Digest x": "token_missing",
        "Basic YWlubzo=": "token_missing",  # a user without a password
        "Basic not base64": "token_unknown",
        "Basic //79": "token_unknown",
        "Bearer grk_short": "token_unknown",
        "Bearer " + "A" * 43: "token_unknown",
    }
    for header, code in expected.items():
        assert codes(say(app, headers={"Authorization": header} if header else {})) == (401, code), header


def test_the_key_opens_nothing_but_the_adapters() -> None:
    app = App("/owntracks")
    phone = Phone(token=app.key)
    for method, path in (("GET", "/coupons"), ("POST", "/positions"), ("GET", "/consents"), ("GET", "/ingest/key")):
        assert codes(phone.call(method, path, {})) == (401, "token_unknown")


def test_nothing_from_a_dump_is_a_key() -> None:
    """Neither the hash that is kept nor what follows from it opens the adapters: the way leads from the token."""
    app = App("/owntracks")
    kept = bytes(Device.objects.get(pk=app.device.pk).token_hash)
    shown = [reporting_keys.PREFIX + base64.urlsafe_b64encode(kept).decode().rstrip("=")]
    shown += [base64.urlsafe_b64encode(kept).decode().rstrip("="), reporting_keys.make_key(token=kept.hex())]
    for app.key in shown:
        assert codes(say(app)) == (401, "token_unknown")


def test_a_key_is_asked_for_with_the_newest_token_for_another_s_would_open_nothing() -> None:
    app = App("/owntracks")
    renewal = TokenChange(Phone(token=app.token), "/devices/me/token")
    assert renewal.send().status_code == 204
    assert codes(say(app)) == (401, "token_unknown"), "the key ends at once with its token"
    before, after = Phone(token=app.token), Phone(token=renewal.new_token)
    assert before.call("GET", "/consents").status_code == 200, "the token before is good for ten minutes"
    assert codes(before.call("GET", "/ingest/key")) == (401, "token_replaced")
    app.key = after.call("GET", "/ingest/key").json()["reporting_key"]
    assert say(app).status_code == 200


def test_the_key_stays_the_same_and_ends_with_the_token() -> None:
    app = App("/owntracks")
    assert Phone(token=app.token).call("GET", "/ingest/key").json() == {"reporting_key": app.key}
    other_token = Device.objects.get(pk=App("/owntracks").device.pk)
    other_token.delete()
    Device.objects.filter(pk=app.device.pk).update(token_hash=other_token.token_hash)
    assert codes(say(app)) == (401, "token_unknown")


def test_a_retired_device_is_told_so_by_its_key_and_a_stranger_is_not() -> None:
    app = App("/owntracks")
    Device.objects.filter(pk=app.device.pk).update(retired_at=datetime.now(UTC))
    assert codes(say(app)) == (401, "device_retired")
    app.key = app.key[:-4] + ("AAAA" if not app.key.endswith("AAAA") else "BBBB")
    assert codes(say(app)) == (401, "token_unknown")


@every_adapter
def test_a_token_in_the_address_is_refused_whatever_else_is_shown(address: str) -> None:
    app = App(address)
    answer = app.call("GET" if address == "/osmand" else "POST", query={"token": make_token()}, at=NOON)
    assert codes(answer) == (400, "token_in_url")


def test_an_identifier_of_the_app_s_own_does_not_matter_beside_a_header() -> None:
    app = App("/osmand")
    assert counts(say(app, query={"id": "48241", "lat": 60.1, "lon": 24.9})) == {"accepted": 1}
