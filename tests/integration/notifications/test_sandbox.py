"""The sandbox: it refuses what Google refuses, and its declaration of the message is Google's."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime

import jwt
import pytest
import requests
from cryptography import x509
from django.core.management import CommandError, call_command
from google.auth.transport import requests as google_requests

from notifications.sandbox import schema
from notifications.sandbox.credentials import sandbox_credentials
from notifications.sandbox.keys import PROJECT, load_keys, mint_id_token
from tests.conftest import ROOT

NOW = datetime(2026, 6, 2, 12, 0, tzinfo=UTC)


def as_declared(spec: schema.Spec) -> object:
    """Our declaration in the words of the discovery document."""
    match spec:
        case schema.OneOf(values):
            return ("string", *sorted(values))
        case schema.ListOf(item):
            return [as_declared(item)]
        case schema.Plain():
            return spec.value
        case _:
            return {name: as_declared(inner) for name, inner in spec.items()}


def as_published(document: dict, member: dict) -> object:
    if "$ref" in member:
        properties = document["schemas"][member["$ref"]].get("properties", {})
        return {name: as_published(document, inner) for name, inner in properties.items()}
    if "enum" in member:
        return ("string", *sorted(member["enum"]))
    if member["type"] == "array":
        return [as_published(document, member["items"])]
    if member["type"] == "object":
        return "map of strings" if member["additionalProperties"]["type"] == "string" else "any object"
    formats = {"google-duration": "duration", "google-datetime": "timestamp", "int32": "int32", "float": "number"}
    return formats.get(member.get("format", ""), member["type"])


def test_the_declared_members_are_those_that_google_publishes(shared_data):
    document = json.loads((shared_data / "wallet_push" / "fcm.v1.json").read_text())
    published = as_published(document, {"$ref": "SendMessageRequest"})
    assert as_declared(schema.REQUEST) == published


GOOD = {"message": {"fid": "a", "notification": {"title": "x"}, "android": {"ttl": "3.5s", "priority": "high"}}}


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ({"fid": "a", "colour": "red"}, ""),
        ({"fid": "a", "data": {"n": 1}}, "data"),
        ({"fid": "a", "android": {"ttl": "tomorrow"}}, "ttl"),
        ({"fid": "a", "android": {"priority": "urgent"}}, "priority"),
        ({"fid": "a", "android": {"notification": {"notification_count": True}}}, "notification_count"),
        ({"fid": "a", "android": {"collapseKey": "a", "collapse_key": "b"}}, "android"),
        ({"fid": 7}, "fid"),
    ],
)
def test_a_member_that_google_does_not_know_is_a_violation(message, field):
    assert list(schema.violations(spec=schema.REQUEST, value=GOOD)) == []
    (violation,) = schema.violations(spec=schema.REQUEST, value={"message": message})
    assert violation.field.endswith(field)


def ask(url: str, body: object, *, token: str = "") -> tuple[int, dict]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = requests.post(url, data=data, headers={"Authorization": f"Bearer {token}"}, timeout=10)
    return answer.status_code, answer.json()


@pytest.fixture
def access_token(sandbox):
    """By the real grant, so that raw requests can follow."""
    credential = sandbox_credentials(keys=sandbox.keys, address=sandbox.url)
    with requests.Session() as session:
        credential.refresh(google_requests.Request(session))
    return credential.token


@pytest.mark.parametrize(
    ("message", "status", "field"),
    [
        ({"fid": "a", "token": "b"}, 400, "message"),
        ({"notification": {"title": "x"}}, 400, "message"),
        ({"topic": "a b"}, 400, "message.topic"),
        ({"fid": "a", "data": {"google.x": "y"}}, 400, "message.data[google.x]"),
        ({"fid": "a", "android": {"ttl": "2419201s"}}, 400, "message.android.ttl"),
        ({"fid": "a", "android": {}, "android_v2": {}}, 400, "message.android_v2"),
        ({"fid": "a", "apns": {"headers": {"x-y": "z"}}}, 400, "message.apns.headers[x-y]"),
        (
            {"fid": "a", "apns": {"headers": {"apns-priority": "10"}, "payload": {"aps": {"content-available": 1}}}},
            400,
            "message.apns.headers[apns-priority]",
        ),
        ({"fid": "a", "data": {"k": "v" * 4096}}, 400, "message"),
    ],
)
def test_what_google_refuses_is_refused_and_not_kept(sandbox, access_token, message, status, field):
    url = f"{sandbox.url}/v1/projects/{PROJECT}/messages:send"
    code, answer = ask(url, {"message": message}, token=access_token)
    assert code == status
    violation = answer["error"]["details"][-1]["fieldViolations"][0]
    assert violation["field"] == field
    assert ask(url, {"message": {"fid": "a"}}, token=access_token)[0] == 200
    assert len(sandbox.messages()) == 1


def test_only_the_project_and_the_key_of_the_sandbox_may_send(sandbox, access_token):
    good = {"message": {"fid": "a"}}
    send = "/v1/projects/{}/messages:send"
    assert ask(sandbox.url + send.format(PROJECT), good, token="forged")[0] == 401
    assert ask(sandbox.url + send.format("other"), good, token=access_token)[0] == 403
    assert ask(sandbox.url + send.format(PROJECT), b"{nonsense", token=access_token)[0] == 400
    assert ask(sandbox.url + send.format(PROJECT), {"validate_only": True, **good}, token=access_token)[0] == 200
    assert sandbox.messages() == []


def test_a_grant_needs_an_assertion_signed_by_our_key(sandbox, tmp_path):
    stranger = load_keys(folder=tmp_path / "stranger")

    def grant(keys) -> int:
        now = int(datetime.now(UTC).timestamp())
        claims = {"iss": keys.client_email, "aud": f"{sandbox.url}/token", "iat": now, "exp": now + 60}
        assertion = jwt.encode(claims, keys.service_account, algorithm="RS256")
        form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}
        return requests.post(f"{sandbox.url}/token", data=form, timeout=10).status_code

    assert grant(sandbox.keys) == 200
    assert grant(stranger) == 400


@pytest.mark.parametrize("order", [b"[]", b"{", {"faults": [{"kind": "fire"}]}, {"faults": [{"times": 1}]}])
def test_an_order_that_makes_no_sense_is_refused(sandbox, order):
    assert ask(f"{sandbox.url}/sandbox/faults", order)[0] == 400


def test_id_tokens_of_the_sandbox_verify_with_the_certificates_it_serves(sandbox):
    token = mint_id_token("aino", keys=sandbox.keys, now=datetime.now(UTC))
    answer = requests.get(f"{sandbox.url}/certs", timeout=10)
    assert answer.headers["Date"], "verifiers cache nothing without a date"
    certificates = answer.json()
    certificate = x509.load_pem_x509_certificate(certificates[jwt.get_unverified_header(token)["kid"]].encode())
    claims = jwt.decode(token, certificate.public_key(), algorithms=["RS256"], audience=PROJECT)
    assert (claims["sub"], claims["iss"]) == ("aino", f"https://securetoken.google.com/{PROJECT}")


def test_keys_are_made_once_and_are_readable_by_their_owner_only(tmp_path):
    first = load_keys(folder=tmp_path / "keys")
    second = load_keys(folder=tmp_path / "keys")
    assert first.key_id == second.key_id
    files = list((tmp_path / "keys").iterdir())
    assert len(files) == 2
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("host", ["192.168.1.1", "::", "example.org"])
def test_the_sandbox_refuses_to_listen_beyond_this_machine(host):
    with pytest.raises(CommandError, match="loopback"):
        call_command("runsandbox", host=host, port=0)


def test_runsandbox_says_where_it_listens_and_stops_when_asked():
    process = subprocess.Popen(
        [sys.executable, "manage.py", "runsandbox", "--port", "0"],
        cwd=ROOT,
        env=os.environ | {"GEOOFFERS_SANDBOX": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        url = process.stdout.readline().strip().removeprefix("sandbox: ")
        assert requests.get(f"{url}/sandbox", timeout=10).json()["project"] == PROJECT
        process.terminate()
        assert process.wait(10) == 0


def test_the_inbox_is_bounded():
    from notifications.sandbox.drawer import Inbox

    inbox = Inbox(keep=3)
    for number in range(10):
        inbox.accept(address=f"fid-{number}", message={"notification": {}}, project="p", now=NOW)
    assert [message.number for message in inbox.since(0)] == [8, 9, 10]
