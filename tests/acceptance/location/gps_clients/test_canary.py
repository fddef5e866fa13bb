"""A canary coordinate, and the extras that apps send beside it, through every adapter: as it should be, spoiled in
every place, and with wrong credentials. It is in no log line, in no answer, and in no table afterwards.
"""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from django.apps import apps
from django.http import HttpResponse

from geooffers.callers import report_rate
from geooffers.coupons.models import Coupon
from geooffers.visits.models import DeviceState
from tests.acceptance.location.gps_clients.apps import FORM, JSON, App, fence_at
from tests.acceptance.privacy.test_canary import LAT, LON, TRACES, every_log_line, rows_with_traces  # noqa: F401  # a fixture
from tests.cast import ALL_PURPOSES, NOON, make_offer
from tests.phone import Phone

pytestmark = pytest.mark.django_db
TST, ISO = int(NOON.timestamp()), "2026-06-02T12:00:00Z"
# Nobody's business: what apps send beside a position.
EXTRAS = {
    **{"SSID": "canary-wlan", "BSSID": "ca:na:ry:00:00:01", "image": "Y2FuYXJ5LWltYWdl", "imagename": "canary.png"},
    **{"wifi": "canary-wlan", "desc": "canary-note", "poi": "canary-poi", "inregions": ["canary-region"]},
    **{"extras": {"who": "canary-extra"}, "unique_id": "canary-phone", "tag": "canary-tag"},
}
EXTRA_TRACES = ("canary", "ca:na:ry", "Y2FuYXJ5")

_SPEC: dict[str, Any] = {"timestamp": ISO, "coords": {"latitude": LAT, "longitude": LON, "accuracy": 5}, **EXTRAS}
_POINT: dict[str, Any] = {
    "geometry": {"type": "Point", "coordinates": [LON, LAT]},
    "properties": {"timestamp": ISO, "horizontal_accuracy": 5, **EXTRAS},
}
_FIELDS = {"lat": LAT, "lon": LON, "timestamp": TST, "acc": 5, "accuracy": 5, "ts": ISO, "wifi": "canary-wlan,-60"}
# address -> the body as JSON, or None where there is none; the fields of a form or a query, or None
ADAPTERS: dict[str, tuple[Any, dict[str, Any] | None]] = {
    "/owntracks": ({"_type": "location", "tst": TST, "lat": LAT, "lon": LON, "acc": 5, **EXTRAS}, None),
    "/overland": ({"locations": [_POINT], "current": _POINT, "trip": {"start_location": _POINT}}, _FIELDS),
    "/background-geolocation": ({"location": [_SPEC]}, None),
    "/traccar": ({"location": _SPEC, "device_id": "48241"}, _FIELDS),
    "/osmand": (None, _FIELDS),
    "/gpslogger": (None, _FIELDS),
}


def spoiled(value: Any) -> Iterator[Any]:
    """The value with each of its leaves exchanged for the canary in another form."""
    if isinstance(value, dict):
        for name, inner in value.items():
            for other in spoiled(inner):
                yield {**value, name: other}
        yield {**value, str(LAT): LON}
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            for other in spoiled(inner):
                yield [*value[:place], other, *value[place + 1 :]]
    else:
        yield from (str(LAT), [LAT, LON], {"lat": LAT})


def bodies(body: Any) -> Iterator[bytes]:
    text = json.dumps(body)
    yield text.encode()
    for other in spoiled(body):
        yield json.dumps(other).encode()
    yield text[:-1].encode()
    yield f"{text} {LAT}".encode()
    yield text.encode("utf-16")
    yield text.encode() + b"\xff"
    yield text.replace(str(LAT), f"{LAT}e999").encode()
    yield text.replace(str(LAT), str(LAT) * 5).encode()
    yield f'{{"a": {"[" * 40}{LAT}'.encode()
    yield text.encode() + b" " * 1_048_576


def requests(app: App) -> Iterator[tuple[str, dict[str, Any]]]:
    body, fields = ADAPTERS[app.address]
    if body is not None:
        for one in bodies(body):
            yield "POST", {"body": one, "content_type": JSON}
        yield "POST", {"body": json.dumps(body).encode(), "query": {"lat": LAT, "lon": LON, "location": f"{LAT},{LON}"}}
    if fields is not None:
        for one in (fields, *spoiled(fields)):
            yield "GET", {"query": {"id": app.key, **one}}
            yield "POST", {"body": urlencode({"id": app.key, **one}).encode(), "content_type": FORM}
            yield "POST", {"query": {"id": app.key, **one}, "content_type": ""}
    for method in ("PUT", "DELETE", "HEAD"):
        yield method, {"query": {"lat": LAT, "lon": LON}, "body": json.dumps({"lat": LAT}).encode()}


def credentials(app: App) -> Iterator[dict[str, str]]:
    yield app.bearer()
    yield {}
    yield {"Authorization": f"Bearer {LAT}"}
    yield {"Authorization": f"Basic {LON}"}


def assert_silent(answer: HttpResponse, *secrets: str) -> None:
    text = answer.content.decode() + str(dict(answer.items()))
    assert not any(trace in text for trace in (*TRACES, *EXTRA_TRACES, *secrets)), text


def texts_in_tables() -> Iterator[tuple[str, str]]:
    for model in apps.get_models(include_auto_created=True):
        for row in model._base_manager.values():
            yield from ((f"{model._meta.label}.{name}", str(value)) for name, value in row.items())


@pytest.mark.parametrize("address", ADAPTERS)
def test_nothing_of_a_position_is_left_anywhere(
    address: str,
    every_log_line: pytest.LogCaptureFixture,  # noqa: F811
) -> None:
    make_offer(fence_at(60.17, 24.953).store)
    app = App(address, consents=ALL_PURPOSES)
    sent = 0
    for method, parts in requests(app):
        for headers in credentials(app):
            report_rate.BUCKETS._left.clear()
            more = {"User-Agent": f"app at {LAT}", "X-Limit-U": f"{LON}", "Referer": f"https://app.example/?lat={LAT}"}
            answer = app.call(method, **{**parts, "headers": {**headers, **more}})
            assert_silent(answer, app.token, app.key)
            assert answer.status_code < 500 or answer.json()["code"] in ("busy",), answer.content
            sent += 1
    assert sent > 100
    assert Coupon.objects.filter(shopper=app.device.shopper).exists(), "it was a position all the while"
    assert bytes(DeviceState.objects.get(device=app.device).packed)

    lines = [record.name + record.getMessage() + str(record.exc_info) for record in every_log_line.records]
    assert len(lines) > 100, "nothing was logged, so nothing was shown"
    secrets = (*TRACES, *EXTRA_TRACES, app.token, app.key)
    assert [line for line in lines if any(secret in line for secret in secrets)] == []

    phone = Phone(token=app.token)
    for purpose in ("location_foreground", "location_background"):
        assert phone.withdraw(purpose).status_code == 200
    assert rows_with_traces() == []
    assert [place for place, text in texts_in_tables() if any(trace in text for trace in EXTRA_TRACES)] == []
