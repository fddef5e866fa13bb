"""A canary coordinate, sent through every endpoint in every place a body has: it is in no answer that refuses it, in
no log line, and, once the device's state is cleared, in no table.
"""

import json
import logging
import struct
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.http import HttpResponse

from geooffers.api.app import api
from geooffers.callers import report_rate
from geooffers.callers.models import RateCount
from geooffers.coupons.models import Coupon
from geooffers.visits.models import DeviceState
from merchants.live_fences import live_fences
from merchants.people import keys
from tests.cast import make_fence, make_offer, make_store
from tests.phone import JSON, Phone, registered_phone
from tests.walker import fix

pytestmark = pytest.mark.django_db

# About fifty metres from the fence's centre, with digits that nothing else has.
LAT, LON = 60.16987654, 24.95312345
TRACES = ("60.16987", "24.95312", "6016987", "2495312")
# Texts of the app's own that are there to be kept.
KEPT_TEXTS = {"app_version", "address"}
NAMES = ("lat", "lon", "latitude", "longitude", "position", "coordinates")


def find_traces(value: Any) -> bool:
    """Whether a value from the database, of whatever type, has the canary in it."""
    if isinstance(value, (bytes, memoryview)):
        raw = bytes(value)
        packed = [struct.pack(order + kind, of) for of in (LAT, LON) for order in "<>" for kind in "df"]
        return any(part in raw for part in packed) or any(trace.encode() in raw for trace in TRACES)
    if isinstance(value, bool) or value is None:
        return False
    if isinstance(value, (float, Decimal, int)):
        return any(abs(float(value) * scale - of) < 1e-5 for of in (LAT, LON) for scale in (1, 1e-5, 1e-6, 1e-7))
    if isinstance(value, dict):
        return any(find_traces(key) or find_traces(inner) for key, inner in value.items())
    if isinstance(value, (list, tuple)):
        return any(find_traces(inner) for inner in value)
    if isinstance(value, (datetime, date)):
        return False
    return any(trace in str(value) for trace in TRACES)


def rows_with_traces() -> list[str]:
    found = []
    for model in apps.get_models(include_auto_created=True):
        for row in model._base_manager.values():
            found += [f"{model._meta.label}.{name}" for name, value in row.items() if find_traces(value)]
    return found


@pytest.fixture
def every_log_line(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Every logger at DEBUG, also those that the settings keep quiet."""
    loggers = [logging.getLogger(name) for name in list(logging.root.manager.loggerDict)]
    before = [(logger, logger.level, logger.propagate) for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
        logger.propagate = True
    with caplog.at_level(logging.DEBUG):
        yield caplog
    for logger, level, propagate in before:
        logger.setLevel(level)
        logger.propagate = propagate


def operations() -> list[tuple[str, str, Any]]:
    """Method, path under /api/v1, and the example body of each operation."""
    document = json.loads(json.dumps(api.get_openapi_schema()))
    found = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            example = None
            media = operation.get("requestBody", {}).get("content", {}).get(JSON)
            if media is not None:
                name = media["schema"].get("$ref", "").rpartition("/")[2]
                schema = document["components"]["schemas"].get(name, {})
                example = media.get("example") or (schema.get("examples") or [{}])[0]
            for parameter in operation["parameters"]:
                if parameter["in"] == "path":
                    path = path.replace("{" + parameter["name"] + "}", str(parameter["example"]))
            found.append((method.upper(), path.removeprefix("/api/v1"), example))
    return found


def spoiled(body: Any) -> Iterator[bytes]:
    """The body with the canary in each place, and bodies that are none."""
    pair = {"lat": LAT, "lon": LON}
    yield json.dumps(pair).encode()
    yield json.dumps([pair]).encode()
    yield json.dumps({"fixes": [pair, {**fix(datetime.now(UTC), (LAT, LON)), "lat": str(LAT)}]}).encode()
    yield json.dumps({**(body or {}), **{name: LAT for name in NAMES}}).encode()
    yield json.dumps({**(body or {}), str(LAT): LON}).encode()
    for name in body or {}:
        for value in (LAT, f"{LAT},{LON}", [LAT, LON], pair, int(LAT * 1e7)):
            if not (name in KEPT_TEXTS and isinstance(value, str)):
                yield json.dumps({**body, name: value}).encode()
    text = f'{{"lat": {LAT}, "lon": {LON}'
    yield text.encode()
    yield f"{text}}} trailing {LAT}".encode()
    yield f'{text}, "lat": {LAT}}}'.encode()
    yield f'{text}, "x": {LAT}e999, "y": {str(LAT) * 5}}}'.encode()
    yield text.encode("utf-16")
    yield text.encode() + b'\xff"}'
    yield f'{{"a": {"[" * 40}{LAT}'.encode()
    yield f"lat={LAT}&lon={LON}".encode()


def assert_silent(answer: HttpResponse, sent: str) -> None:
    if answer.status_code >= 400:
        text = answer.content.decode() + str(dict(answer.items()))
        assert not any(trace in text for trace in TRACES), f"{sent}: {text}"


def send_through(phone: Phone, key: str, method: str, path: str, example: Any) -> int:
    sent = 0
    for token in (phone.token, key, str(LAT)):
        phone.client.cookies.clear()
        for body in spoiled(example) if method != "GET" else [b""]:
            RateCount.objects.all().delete()
            report_rate.BUCKETS._left.clear()
            headers = {
                "Authorization": f"Bearer {token}",
                "Idempotency-Key": f"key-{sent}",
                "User-Agent": f"app at {LAT},{LON}",
                "Referer": f"https://app.example/?lat={LAT}&lon={LON}",
                "X-Request-ID": f"{LAT}-{LON}-padding-padding",
                "X-Position": f"{LAT};{LON}",
            }
            answer = phone.call(method, f"{path}?lat={LAT}&limit={LAT}&cursor={LON}", body, headers=headers)
            assert_silent(answer, f"{method} {path} {body!r}")
            if body and token != key:
                assert_silent(phone.call(method, path, body, headers=headers), f"{method} {path} {body!r}")
            sent += 1
    return sent


def test_a_canary_coordinate_leaves_no_trace(every_log_line: pytest.LogCaptureFixture) -> None:
    store = make_store()
    make_fence(store)
    make_offer(store)
    live_fences.matcher().refresh()
    phone = registered_phone("location_foreground", "location_background", "marketing_push", "analytics")
    phone.call("PUT", "/devices/me/push", {"kind": "fid", "address": "fid-1"})
    _, key = keys.make_key(store=store, name="till", scopes=list(keys.SCOPES))

    # As it should be: the phone is there, and gets its coupon.
    arrived = phone.call("POST", "/positions", {"fixes": [fix(datetime.now(UTC), (LAT, LON))]})
    assert arrived.json()["results"][0]["status"] == "accepted"
    assert Coupon.objects.exists()
    assert bytes(DeviceState.objects.get().packed)
    watched = phone.call("POST", "/regions", {"lat": LAT, "lon": LON, "background": True})
    assert watched.json()["regions"]

    sent = 0
    for method, path, example in operations():
        # Erasing works, whatever is written into its body; this phone still has to say its last word below.
        caller = registered_phone() if method == "DELETE" else phone
        sent += send_through(caller, key, method, path, example)
    assert sent > 400

    # A page of Django's own.
    assert_silent(phone.call("POST", f"/nowhere?lat={LAT}", {"lat": LAT}), "nowhere")

    phone.give("location_foreground")
    for purpose in ("location_foreground", "location_background"):
        assert phone.withdraw(purpose).status_code == 200
    assert bytes(DeviceState.objects.get(device__install_id=phone.install_id).packed) == b""
    assert rows_with_traces() == []
    lines = [record.name + record.getMessage() + str(record.exc_info) for record in every_log_line.records]
    assert len(lines) > 400, "nothing was logged, so nothing was shown"
    assert [line for line in lines if any(trace in line for trace in TRACES)] == []


def test_the_search_finds_a_canary_wherever_it_lies() -> None:
    """The twin: a search that finds nothing anywhere would pass as well."""
    store = make_store(lat=LAT)
    assert rows_with_traces() == ["merchants.Store.lat"]
    store.lat, store.name = 0, f"at {LAT},{LON}"
    store.save()
    assert rows_with_traces() == ["merchants.Store.name"]
    for value in (
        struct.pack("<d", LAT),
        b"x" + struct.pack(">f", LON),
        {"at": [LAT]},
        int(LAT * 1e7),
        Decimal(str(LON)),
        str({"lat": LAT}),
    ):
        assert find_traces(value), value
