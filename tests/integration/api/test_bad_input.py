"""Bad input over HTTP: the stated answer, in the one shape, never a 500, and never a word of what was sent."""

import gzip
import json
from typing import Any
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.test import Client

from geooffers.shoppers.models import Device
from tests.phone import JSON, Phone, make_token, registered_phone

pytestmark = pytest.mark.django_db
MEMBERS = {"type", "title", "status", "detail", "code", "field", "hint", "request_id"}


def assert_problem(answer: HttpResponse, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    body = json.loads(answer.content)
    assert set(body) == MEMBERS
    assert (body["status"], body["code"]) == (status, code)
    assert body["type"] == f"urn:geooffers:problem:{code}"
    assert body["detail"]
    assert answer["X-Request-ID"] == body["request_id"] != ""
    return body


def good(**changes: Any) -> dict[str, Any]:
    return {"install_id": str(uuid4()), "token": make_token(), "platform": "android", **changes}


def post(body: Any, *, content_type: str | None = JSON, **headers: str) -> HttpResponse:
    """A registration, sent as it is."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    client = Client(raise_request_exception=False)
    return client.generic("POST", "/api/v1/devices", data, content_type=content_type or "", headers=headers)


def test_the_body_that_the_others_spoil_is_good() -> None:
    assert post(good()).status_code == 201


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "invalid_json"),
        (b"null", 400, "invalid_json"),
        (b"[1,2]", 400, "invalid_json"),
        (b"{} x", 400, "invalid_json"),
        (b'{"token": ', 400, "invalid_json"),
        (b'{"token": 1, "token": 2}', 400, "duplicate_key"),
        (b"[" * 100_000, 400, "too_deep"),
        (b'{"a":' + b"[" * 900 + b"]" * 900 + b"}", 400, "too_deep"),
        (b'{"a":' + b"9" * 5000 + b"}", 422, "number_too_long"),
        (b"\xef\xbb\xbf{}", 400, "not_utf8"),
        ('{"a": 1}'.encode("utf-16"), 400, "not_utf8"),
        (b'{"a": "\xff"}', 400, "not_utf8"),
        (b'{"language": "\\ud800"}', 422, "invalid_text"),
        (b'{"language": "e\\u0000n"}', 422, "invalid_text"),
        (b'{"a": "' + b"x" * 3_000_000 + b'"}', 413, "body_too_large"),
        (b"{}", 422, "missing_field"),
    ],
)
def test_a_bad_body_is_refused_before_anything_is_read_from_it(body: bytes, status: int, code: str) -> None:
    assert_problem(post(body), status, code)
    assert not Device.objects.exists()


def test_invalid_json_says_where() -> None:
    assert "line 2 column 3" in assert_problem(post(b'{"a": 1,\n  x}'), 400, "invalid_json")["detail"]


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_anything_but_json_is_refused(content_type: str) -> None:
    assert_problem(post(good(), content_type=content_type), 415, "content_type")


def test_json_may_name_its_charset() -> None:
    assert post(good(), content_type="application/json; charset=utf-8").status_code == 201


def test_a_compressed_body_is_refused_without_being_inflated() -> None:
    bomb = gzip.compress(b"[" * 50_000_000)
    assert len(bomb) < 100_000
    assert_problem(post(bomb, **{"Content-Encoding": "gzip"}), 415, "content_encoding")


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"is_admin": True}, "unknown_field", "is_admin"),
        ({"60.1695": 1}, "unknown_field", "?"),
        ({"install_id": None}, "wrong_type", "install_id"),
        ({"install_id": "not one"}, "uuid_format", "install_id"),
        ({"install_id": 7}, "wrong_type", "install_id"),
        ({"install_id": "urn:uuid:0f8b1c52-6a0e-4d5b-9a51-2f7f0e6f3a11"}, "uuid_format", "install_id"),
        ({"token": "short"}, "too_short", "token"),
        ({"token": "x" * 44}, "too_long", "token"),
        ({"token": "!" * 43}, "format", "token"),
        ({"token": 5}, "wrong_type", "token"),
        ({"platform": "windows"}, "unknown_value", "platform"),
        ({"platform": True}, "unknown_value", "platform"),
        ({"app_version": "1" * 41}, "too_long", "app_version"),
        ({"app_version": 1.5}, "wrong_type", "app_version"),
        ({"language": "x" * 10_000}, "too_long", "language"),
        ({"language": "e n"}, "format", "language"),
        ({"push": "fid"}, "wrong_type", "push"),
        ({"push": {"kind": "fid"}}, "missing_field", "push.address"),
        ({"push": {"kind": "apns", "address": "x"}}, "unknown_value", "push.kind"),
        ({"push": {"kind": "token", "address": ""}}, "too_short", "push.address"),
        ({"push": {"kind": "token", "address": "x" * 5000}}, "too_long", "push.address"),
        ({"push": {"kind": "token", "address": "a b"}}, "format", "push.address"),
        ({"push": {"kind": "token", "address": "x", "topic": 1}}, "unknown_field", "push.topic"),
    ],
)
def test_a_bad_field_is_named_with_its_code(changes: dict[str, Any], code: str, field: str) -> None:
    body = assert_problem(post(good(**changes)), 422, code)
    assert body["field"] == field
    assert not Device.objects.exists()


@pytest.mark.parametrize("version", ["1", True, 1.5, 0, -1, 10**30, float("nan"), float("inf"), None, [1]])
def test_a_number_is_a_number_in_its_range(version: Any) -> None:
    phone = registered_phone()
    body = {"purpose": "analytics", "language": "en", "version": version}
    answer = phone.call("POST", "/consents", body, headers={"Idempotency-Key": "k"})
    problem = assert_problem(answer, 422, json.loads(answer.content)["code"])
    assert problem["code"] in {"wrong_type", "out_of_range", "number_not_finite"}
    assert problem["field"] == "version"


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (None, "idempotency_key_required"),
        ("", "idempotency_key_required"),
        ("k" * 256, "idempotency_key_invalid"),
        ("two words", "idempotency_key_invalid"),
        ("line\nbreak", "idempotency_key_invalid"),
        ("é", "idempotency_key_invalid"),
    ],
)
def test_a_write_needs_a_good_idempotency_key(key: str | None, code: str) -> None:
    phone = registered_phone()
    body = {"purpose": "analytics", "language": "en", "version": 1}
    headers = {} if key is None else {"Idempotency-Key": key}
    assert_problem(phone.call("POST", "/consents", body, headers=headers), 400, code)


def test_a_key_of_another_body_is_refused() -> None:
    phone = registered_phone()
    assert phone.give("analytics", key="one").status_code == 200
    assert_problem(phone.give("marketing_push", key="one"), 422, "key_reused")


def test_the_same_key_of_another_phone_is_another_key() -> None:
    first, second = registered_phone(), registered_phone()
    assert first.give("analytics", key="one").status_code == 200
    answer = second.give("marketing_push", key="one")
    assert answer.status_code == 200
    assert "Idempotent-Replayed" not in answer


@pytest.mark.parametrize(
    ("header", "status", "code"),
    [
        (None, 401, "token_missing"),
        ("", 401, "token_missing"),
        ("Bearer", 401, "token_missing"),
        ("Bearer ", 401, "token_missing"),
        ("Basic YWRtaW46YWRtaW4=", 401, "token_missing"),
        ("Bearer nobodys", 401, "token_unknown"),
        ("Bearer \x00", 401, "token_unknown"),
        ("Bearer é", 401, "token_unknown"),
        ("Bearer " + "x" * 65_536, 431, "header_too_large"),
    ],
)
def test_a_bad_authorization_header_has_its_answer(header: str | None, status: int, code: str) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = Client(raise_request_exception=False).get("/api/v1/consents", headers=headers)
    assert_problem(answer, status, code)
    assert (answer.get("WWW-Authenticate") == "Bearer") is (status == 401)


def test_the_scheme_may_be_in_any_case() -> None:
    phone = registered_phone()
    for scheme in ("bearer", "BEARER"):
        answer = phone.call("GET", "/consents", headers={"Authorization": f"{scheme} {phone.token}"})
        assert answer.status_code == 200


def test_two_authorization_headers_are_refused() -> None:
    phone = registered_phone()
    twice = f"Bearer {phone.token}, Bearer {phone.token}"
    assert_problem(phone.call("GET", "/consents", headers={"Authorization": twice}), 400, "authorization_twice")


@pytest.mark.parametrize("name", ["token", "access_token", "api_key", "Authorization"])
def test_a_token_in_the_address_is_refused_even_with_a_good_header(name: str) -> None:
    phone = registered_phone()
    answer = phone.call("GET", f"/consents?{name}={phone.token}")
    assert_problem(answer, 400, "token_in_url")
    assert phone.token not in answer.content.decode()


def test_a_retired_device_is_nobody() -> None:
    phone = registered_phone()
    Device.objects.update(retired_at="2026-06-02T12:00:00Z")
    assert_problem(phone.call("GET", "/consents"), 401, "device_retired")


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=-1",
        "limit=101",
        "limit=1000000",
        "limit=x",
        "limit=1.5",
        "limit=",
        "limit=" + "9" * 400,
        "limit=%C2%B2",
        "cursor=" + "x" * 501,
        "cursor=%00",
    ],
)
def test_a_bad_page_is_refused(query: str) -> None:
    answer = registered_phone().call("GET", f"/coupons?{query}")
    assert assert_problem(answer, 422, json.loads(answer.content)["code"])["code"] in {
        "out_of_range",
        "wrong_type",
        "too_long",
        "invalid_text",
    }


@pytest.mark.parametrize("cursor", ["x", ":::", "WzFd:1vXk2Q:abc", "%F0%9F%98%80", "../../etc/passwd"])
def test_a_cursor_that_is_not_ours_is_refused(cursor: str) -> None:
    assert_problem(registered_phone().call("GET", f"/coupons?cursor={cursor}"), 400, "bad_cursor")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing/here", 404, "not_found"),
        ("GET", "/coupons/not-a-uuid", 404, "not_found"),
        ("GET", "/%00", 404, "not_found"),
        ("GET", "/", 404, "not_found"),
        ("DELETE", "/consents", 405, "method_not_allowed"),
        ("PATCH", "/devices", 405, "method_not_allowed"),
    ],
)
def test_the_frameworks_own_pages_are_problems_as_well(method: str, path: str, status: int, code: str) -> None:
    assert_problem(registered_phone().call(method, path), status, code)


def test_an_unknown_host_gets_a_problem(settings: Any) -> None:
    answer = Client(raise_request_exception=False).get("/api/v1/consent-texts", headers={"Host": "evil.example"})
    assert_problem(answer, 400, "bad_request")


def test_foreign_and_unknown_coupons_look_the_same() -> None:
    from tests import cast

    phone = registered_phone()
    unknown = assert_problem(phone.call("GET", f"/coupons/{uuid4()}"), 404, "not_found")
    store = cast.make_store()
    other = cast.make_device()
    foreign_id = _coupon_of(other.shopper, store)
    foreign = assert_problem(phone.call("GET", f"/coupons/{foreign_id}"), 404, "not_found")
    assert {**unknown, "request_id": ""} == {**foreign, "request_id": ""}


def _coupon_of(shopper: Any, store: Any) -> Any:
    from datetime import timedelta

    from geooffers.coupons.models import Coupon
    from tests import cast

    offer = cast.make_offer(store)
    return Coupon.objects.create(
        shopper=shopper,
        offer=offer,
        code_key_id="k",
        code_lookup=uuid4().bytes * 2,
        issued_at=cast.NOON,
        expires_at=cast.NOON + timedelta(hours=1),
    ).pk


@pytest.mark.parametrize(
    ("shown", "kept"),
    [
        ("0f8b1c52-6a0e-4d5b-9a51-2f7f0e6f3a11", True),
        ("short", False),
        ("60.1695,24.9525,00000000", False),
        ("line\nbreak-0123456789", False),
        ("x" * 65, False),
    ],
)
def test_a_request_id_is_taken_over_when_it_is_one(shown: str, kept: bool) -> None:
    answer = Client().get("/api/v1/consent-texts", headers={"X-Request-ID": shown})
    assert (answer["X-Request-ID"] == shown) is kept
    assert len(answer["X-Request-ID"]) >= 16


@pytest.mark.parametrize("languages", ["xx-INVALID-" + "y" * 10_000, "*", "\x00", "de;q=nan", ",,,;;;"])
def test_any_accept_language_is_answered(languages: str) -> None:
    answer = Client().get("/api/v1/consent-texts", headers={"Accept-Language": languages})
    assert answer.status_code == 200


def test_an_address_with_more_fields_than_anybody_needs_is_refused() -> None:
    fields = "&".join(f"a{number}=1" for number in range(1_001))
    assert_problem(registered_phone().call("GET", f"/coupons?{fields}"), 400, "too_many_fields")


def test_answers_are_not_cached() -> None:
    assert registered_phone().call("GET", "/consents")["Cache-Control"] == "no-store"


def test_a_mistake_of_ours_is_a_500_without_stack_or_words_of_the_request(caplog: pytest.LogCaptureFixture) -> None:
    """Provoked for real: the table of the texts is gone."""
    from django.db import connection

    phone = registered_phone()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE shoppers_consentstate RENAME TO hidden")
    body = {"purpose": "analytics", "language": "en", "version": 424242}
    with caplog.at_level("DEBUG"):
        answer = phone.call("POST", "/consents", body)
    problem = assert_problem(answer, 500, "internal_error")
    assert "Traceback" not in answer.content.decode()
    assert "relation" not in answer.content.decode()
    (record,) = [record for record in caplog.records if record.name == "geooffers.api.edge.errors"]
    assert problem["request_id"] in record.getMessage()
    assert "auth.py" in record.getMessage()
    assert "424242" not in caplog.text
    assert phone.token not in caplog.text


def test_a_phone_with_its_own_words_is_not_repeated_in_errors() -> None:
    phone = Phone(token="60.169512345,24.952512345")
    for method, path in (("GET", "/consents"), ("POST", "/consents"), ("GET", "/60.169512345")):
        answer = phone.call(method, path, {"purpose": "60.169512345", "60.169512345": "24.952512345"})
        assert "60.1695" not in answer.content.decode()
