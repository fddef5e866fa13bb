"""No log of ours holds a query: some clients can say where they are in nothing but the address."""

import json
import logging
import sys
import time
from uuid import UUID

import pytest
from django.conf import settings
from django.core.servers.basehttp import WSGIRequestHandler

from geooffers import log_lines
from geooffers.coupons import codes


def test_the_development_server_logs_no_query(caplog: pytest.LogCaptureFixture) -> None:
    """`manage.py runserver`, whose handler logs the line of the request as it came."""
    logger = logging.getLogger("django.server")
    handler = object.__new__(WSGIRequestHandler)
    handler.request = None
    logger.addHandler(caplog.handler)
    try:
        handler.log_message('"%s" %s %s', "GET /api/v1/ingest/osmand?lat=60.1&id=grk_secret HTTP/1.1", "200", "25")
    finally:
        logger.removeHandler(caplog.handler)
    (record,) = caplog.records
    assert record.getMessage() == '"GET /api/v1/ingest/osmand HTTP/1.1" 200 25'


def written(style: str, message: str, *args: object, **extra: object) -> str:
    """The line as it is written to stderr."""
    record = logging.LogRecord("geooffers.somewhere", logging.WARNING, __file__, 1, message, args, None)
    record.__dict__.update(extra)
    return log_lines.formatter(style).format(record)


COUPON_CODE = str(codes.read_keys("k1:" + "11" * 32).code_for(coupon_id=UUID(int=7), key_id="k1"))
TYPED = COUPON_CODE.replace("-", "").lower()
TOKEN = "nJ3kq0vX7b2Wc9sLr5tYh8mPz1dFg4aQe6uRo0iKxwA"
SECRETS = {
    "coordinates": ("at 60.169512, 24.952531 just now", ("60.169", "24.952")),
    "coordinates without a space": ("POINT(24.9525 -60.1695)", ("24.95", "60.16")),
    "coordinates in JSON": ('{"lat":60.16951234567,"lon":-124.952}', ("60.16", "124.9")),
    "a device token": (f"token {TOKEN}, again", (TOKEN,)),
    "a bearer header": (f"Authorization: Bearer {TOKEN[:20]}", (TOKEN[:20],)),
    "a basic header": ("authorization basic YWlubzpzZWNyZXQ=", ("YWlub",)),
    "an ID token": ("got eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhaW5vIn0.c2ln-_", ("eyJ", "c2ln")),
    "an API key": ("key gok_1a2b3c4d_Zm9vYmFyYmF6cXV4 was shown", ("gok_", "Zm9v")),
    "a reporting key": ("key=grk_AZ5_XDpSfE6dQQxqih8rPN0Z6m0cWl3uT1yBqkS8Zvw", ("grk_", "AZ5_")),
    "a registration token": ("push to cH5jP9gE8aU1oI6tXkEQm4:" + "APA91bH" * 20, ("APA91", "cH5jP9")),
    "an e-mail address": ("mail to aino.k+bun@cafe-aino.example failed", ("aino.k", "@")),
    "a coupon's code": (f"scanned {COUPON_CODE} twice", (COUPON_CODE,)),
    "a code as it was typed": (f"scanned {TYPED}", (TYPED,)),
    "a query": ('"GET /api/v1/ingest/osmand?lat=60.1&id=grk_x HTTP/1.1" 200', ("lat=", "60.1")),
    "a query of a whole address": ("<https://offers.example/x?token=abc>", ("token=", "abc")),
}


@pytest.mark.parametrize("style", ["line", "json"])
@pytest.mark.parametrize("what", SECRETS)
def test_what_is_nobodys_business_is_taken_out(what: str, style: str) -> None:
    text, secrets = SECRETS[what]
    ways = [
        written(style, text),
        written(style, "quoted: %s", text),
        written(style, "of a library", detail=text),
        written(style, "nested", facts={"one": [text, {"two": (text,)}]}),
        written(style, "an object", thing=ValueError(text)),
    ]
    for line in ways:
        assert [secret for secret in secrets if secret.lower() in line.lower()] == [], line


def test_the_words_of_an_exception_are_read_too() -> None:
    try:
        raise ValueError(f"no such place: 60.169512 for {TOKEN}")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "it broke", (), sys.exc_info())
    for style in ("line", "json"):
        line = log_lines.formatter(style).format(record)
        assert "Traceback" in line
        assert "ValueError: no such place" in line
        assert "60.16" not in line
        assert TOKEN not in line


@pytest.mark.parametrize("name", ["lat", "token", "Authorization", "password", "code"])
def test_under_some_names_nothing_is_shown(name: str) -> None:
    for line in (written("line", "x", **{name: "7"}), written("line", "x", facts={name: ["seven"]})):
        assert "seven" not in line
        assert "=7" not in line


@pytest.mark.parametrize(
    "text",
    [
        "database trouble, request 3f0c8d5e9b7a4c1d8e2f6a5b4c3d2e1f: OperationalError",
        "ingest overland dropped bad_time=3, request 3f0c",
        "live fences: base of 1,000,000 fences read in 12.3 ms (0.25 s before)",
        '127.0.0.1 "GET /api/v1/coupons" 200 1.4 ms',
        "coupon 019e7f5c-3a52-7c4e-9d41-0c6a8a1f2b3c is gone",
        "Django 5.2.19 on Python 3.11.7, 10.0.0.123",
        "what is this? nobody knows",
        "ConversationHandler registered; thirteenletter abcdefghijklm",
    ],
)
def test_what_an_operator_needs_stays(text: str) -> None:
    assert written("line", text).endswith(f" WARNING geooffers.somewhere {text}")


def test_a_line_of_json_is_an_object() -> None:
    event = json.loads(written("json", "it is %s", "late", rows=3))
    assert (event["event"], event["level"], event["logger"], event["rows"]) == (
        "it is late",
        "WARNING",
        "geooffers.somewhere",
        3,
    )
    assert event["timestamp"].endswith("Z")


def test_the_settings_write_every_line_so() -> None:
    handlers = settings.LOGGING["handlers"]
    assert {handler["formatter"] for handler in handlers.values()} == {"line"}
    assert settings.LOGGING["formatters"]["line"]["()"] == "geooffers.log_lines.formatter"


@pytest.mark.parametrize("text", ["a" * 200_000, "aB-" * 70_000, "/a" * 100_000, "1.23" * 50_000, "a.b@" * 50_000])
def test_a_long_line_is_read_in_no_time(text: str) -> None:
    began = time.process_time()
    log_lines.redacted(text)
    assert time.process_time() - began < 1


@pytest.mark.parametrize("style", ["line", "json"])
def test_djangos_objects_stay_out(style: str) -> None:
    line = written(style, "Not Found: /x", request="<WSGIRequest: GET '/x'>", status_code=404, tries=2)
    assert "WSGIRequest" not in line
    assert "status_code" not in line
    assert "tries" in line
