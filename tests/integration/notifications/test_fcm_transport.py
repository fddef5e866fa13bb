"""The real firebase-admin client against the sandbox, over HTTP: what each of the vendor's bad days becomes."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import requests
from firebase_admin import messaging

from notifications.channels.fcm import FcmTransport
from notifications.channels.protocol import TransportError
from tests.running_sandbox import RunningSandbox, a_message

TIMEOUT_S = 0.5


@pytest.fixture
def transport(sandbox: RunningSandbox):
    transport = sandbox.transport(timeout_s=TIMEOUT_S)
    yield transport
    transport.close()


def send(transport: FcmTransport, address: str = "fid-1", **changes) -> str:
    return transport.send(message=a_message(address, **changes), now=datetime.now(UTC))


def refused(transport: FcmTransport, address: str = "fid-1", **changes) -> TransportError:
    with pytest.raises(TransportError) as caught:
        send(transport, address, **changes)
    return caught.value


def test_a_visible_push_reaches_the_phone(sandbox, transport):
    name = send(transport)
    (message,) = sandbox.messages()
    assert message["name"] == name
    assert message["message"]["notification"] == {"title": "Free cardamom bun", "body": "With any coffee, today."}
    assert message["message"]["fid"] == "fid-1"


def test_an_older_phone_is_addressed_by_its_token_and_nothing_warns(sandbox, transport):
    send(transport, address_kind="token")
    (message,) = sandbox.messages()
    assert message["message"]["token"] == "fid-1"
    assert "fid" not in message["message"]


def test_a_second_push_with_the_same_tag_replaces_the_first_on_the_screen(sandbox, transport):
    send(transport, title="First")
    send(transport, title="Second")
    send(transport, title="", tag="silent")
    (shown,) = sandbox.drawer("fid-1")
    assert (shown["arrivals"], shown["shown"]["message"]["notification"]["title"]) == (2, "Second")


@pytest.mark.parametrize(
    ("fault", "code", "permanent", "retry_after_s"),
    [
        ("unregistered", "unregistered", True, None),
        ("mismatch", "sender_id_mismatch", True, None),
        ("invalid", "payload_refused", True, None),
        ("quota", "quota", False, 7.0),
        ("quotabare", "quota", False, 60.0),
        ("unavailable", "unavailable", False, None),
        ("internal", "internal", False, None),
        ("apnsauth", "configuration", False, 60.0),
        ("hang", "deadline_exceeded", False, None),
        ("slow", "deadline_exceeded", False, None),
        ("reset", "unavailable", False, None),
        ("html", "unknown", False, None),
        ("gateway", "unknown", False, None),
        ("strange", "answer_unreadable", False, None),
    ],
)
def test_each_bad_day_is_told_apart_and_none_of_them_sleeps_in_our_thread(
    transport, fault, code, permanent, retry_after_s
):
    began = time.monotonic()
    error = refused(transport, f"{fault}-1")
    assert (error.code, error.permanent, error.retry_after_s) == (code, permanent, retry_after_s)
    assert error.device_gone == (fault == "unregistered")
    # The client's own retries would take 7 s (503), or as long as the 429 says.
    assert time.monotonic() - began < TIMEOUT_S + 1.5


@pytest.mark.parametrize("fault", ["unavailable", "internal", "quota", "reset", "html", "gateway", "strange"])
def test_each_message_is_sent_once_and_not_retried_behind_our_back(sandbox, transport, fault):
    send(transport)
    before = sandbox.overview()["requests"]
    refused(transport, f"{fault}-1")
    assert sandbox.overview()["requests"] == before + 1


@pytest.mark.parametrize(
    ("fault", "code", "retry_after_s"),
    [
        ("unavailable", "no_access_token", None),
        ("hang", "no_access_token", None),
        ("reset", "no_access_token", None),
        ("invalid", "no_access_token", 60.0),  # the grant is refused: our key is wrong
        ("html", "answer_unreadable", None),
    ],
)
def test_a_grant_that_fails_is_no_ones_fault_and_the_next_message_gets_through(
    sandbox, transport, fault, code, retry_after_s
):
    sandbox.order({"kind": fault, "endpoint": "token", "times": 100})
    error = refused(transport)
    assert (error.code, error.permanent, error.device_gone) == (code, False, False)
    assert error.retry_after_s == retry_after_s
    assert sandbox.messages() == []
    sandbox.order()
    assert send(transport)


def test_one_failed_grant_does_not_lose_the_messages_beside_it(sandbox, transport):
    sandbox.order({"kind": "reset", "endpoint": "token", "times": 1})

    def try_to_send(number: int) -> bool:
        try:
            return bool(send(transport, f"fid-{number}"))
        except TransportError:
            return False

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(try_to_send, range(20)))
    assert results.count(True) == len(sandbox.messages())
    assert results.count(True) >= 16  # at most the four that were waiting for the grant


def test_a_payload_that_cannot_be_encoded_never_leaves(sandbox, transport):
    error = refused(transport, data={"delivery_id": 17})
    assert (error.code, error.permanent, error.device_gone) == ("not_encodable", True, False)
    assert sandbox.overview()["requests"] == 0


def test_a_payload_that_firebase_refuses_does_not_retire_the_device(transport):
    for changes in ({"data": {"from": "us"}}, {"body": "x" * 5000}, {"tag": "t" * 65}):
        error = refused(transport, **changes)
        assert (error.code, error.permanent, error.device_gone) == ("payload_refused", True, False)


def test_a_restarted_sandbox_has_forgotten_our_access_token_and_gives_a_new_one(sandbox, transport):
    send(transport)
    again = RunningSandbox(sandbox.keys)
    try:
        transport_of_old_token = again.transport()
        transport_of_old_token._app.credential.get_credential().token = "of-yesterday"
        assert send(transport_of_old_token)
        transport_of_old_token.close()
    finally:
        again.close()


def test_retry_after_may_be_a_date_and_nonsense_counts_as_nothing(transport):
    from firebase_admin import exceptions

    from notifications.channels.fcm import _retry_after

    now = datetime(2026, 6, 2, 12, 0, tzinfo=UTC)

    def wait(header: str) -> float | None:
        response = requests.Response()
        response.headers["Retry-After"] = header
        return _retry_after(exceptions.UnavailableError("busy", http_response=response), now=now)

    assert wait("Tue, 02 Jun 2026 12:00:30 GMT") == 30
    assert wait("Tue, 02 Jun 2026 11:00:00 GMT") == 0
    assert wait("999999999") == 3600
    assert [wait(header) for header in ("", "soon", "-1", "1.5", "٣")] == [None] * 5


def test_the_clients_inner_names_that_we_rely_on_are_still_there(transport):
    """firebase-admin has no setting for its address or its retries. An upgrade that renames these must fail here."""
    service = messaging._get_messaging_service(transport._app)
    assert service._fcm_url.startswith("http://127.0.0.1")
    for url in ("https://fcm.googleapis.com/v1/x", "http://127.0.0.1/x"):
        assert service._client.session.get_adapter(url).max_retries.total == 0
    assert service._client.timeout == TIMEOUT_S
    untouched = messaging._MessagingService(transport._app)
    assert untouched._fcm_url == messaging._MessagingService.FCM_URL.format("geooffers-sandbox")
    assert untouched._client.session.get_adapter(untouched._fcm_url).max_retries.total != 0


def test_the_longest_send_is_told_so_that_leases_can_be_longer(transport):
    assert transport.longest_send_s > TIMEOUT_S


def test_the_time_to_live_ends_with_the_coupon(sandbox, transport):
    now = datetime.now(UTC)
    transport.send(message=a_message(expires_at=now + timedelta(seconds=90.9)), now=now)
    transport.send(message=a_message(expires_at=now - timedelta(seconds=5)), now=now)
    alive, late = (message["message"] for message in sandbox.messages())
    assert alive["android"]["ttl"] == "90s"
    assert alive["apns"]["headers"]["apns-expiration"] == str(int((now + timedelta(seconds=90.9)).timestamp()))
    assert late["android"]["ttl"] == "0s"
