"""What holds for every adapter: nothing is sent for ever, nothing is lost unsaid, nothing is used without consent."""

import gzip
import logging
from typing import Any

import pytest

from geooffers.api.edge import strict
from geooffers.api.location import dropped_fixes
from geooffers.callers import report_rate
from geooffers.coupons.models import Coupon
from geooffers.shoppers.models import Purpose
from geooffers.visits.models import DeviceState, Visit
from notifications.models import Delivery
from tests.acceptance.location.gps_clients.apps import AT_THE_SHOP, FORM, App, counts, fence_at, seconds
from tests.cast import ALL_PURPOSES, NOON, make_offer

pytestmark = pytest.mark.django_db
LAT, LON = AT_THE_SHOP
ISO, TST = "2026-06-02T12:00:00Z", int(NOON.timestamp())

# Each adapter's own way of saying: at the shop, at noon. The first is the method.
SAYINGS: dict[str, tuple[str, dict[str, Any]]] = {
    "/owntracks": ("POST", {"body": {"_type": "location", "tst": TST, "lat": LAT, "lon": LON, "acc": 5}}),
    "/overland": (
        "POST",
        {
            "body": {
                "locations": [
                    {
                        "geometry": {"type": "Point", "coordinates": [LON, LAT]},
                        "properties": {"timestamp": ISO, "horizontal_accuracy": 5},
                    }
                ]
            }
        },
    ),
    "/background-geolocation": (
        "POST",
        {"body": {"location": {"timestamp": ISO, "coords": {"latitude": LAT, "longitude": LON, "accuracy": 5}}}},
    ),
    "/traccar": (
        "POST",
        {"body": f"lat={LAT}&lon={LON}&timestamp={TST}&accuracy=5".encode(), "content_type": FORM},
    ),
    "/osmand": ("GET", {"query": {"lat": LAT, "lon": LON, "timestamp": TST, "hdop": 5}}),
    "/gpslogger": ("GET", {"query": {"lat": LAT, "lon": LON, "time": ISO, "acc": 5}}),
}
every_adapter = pytest.mark.parametrize("address", SAYINGS)
every_post = pytest.mark.parametrize("address", [address for address in SAYINGS if address != "/osmand"])


def say(app: App, **more: Any) -> Any:
    method, parts = SAYINGS[app.address]
    return app.call(method, **{**parts, **more})


@every_adapter
def test_a_position_brings_visit_coupon_and_push_as_any_report_does(address: str) -> None:
    fence = fence_at(LAT, LON)
    make_offer(fence.store)
    app = App(address, consents=ALL_PURPOSES)
    assert counts(say(app)) == {"accepted": 1}
    assert (Visit.objects.count(), Coupon.objects.count(), Delivery.objects.count()) == (1, 1, 1)
    assert counts(say(app, at=NOON + seconds(5))) == {"duplicate": 1}
    assert (Visit.objects.count(), Coupon.objects.count(), Delivery.objects.count()) == (1, 1, 1)


@every_adapter
@pytest.mark.parametrize("given", [[], [Purpose.LOCATION_FOREGROUND], [Purpose.MARKETING_PUSH]])
def test_without_consent_to_the_background_it_is_acknowledged_so_that_it_never_comes_again(
    address: str, given: list[Purpose]
) -> None:
    fence_at(LAT, LON)
    app = App(address, consents=given)
    assert counts(say(app)) == {"consent_missing": 1}
    assert not Visit.objects.exists()
    assert bytes(DeviceState.objects.get(device=app.device).packed) == b""


@every_adapter
def test_what_the_rules_of_every_report_set_aside_is_acknowledged_too(address: str) -> None:
    app = App(address)
    assert counts(say(app, at=NOON + seconds(25 * 3600))) == {"too_old": 1}
    assert counts(say(app, at=NOON - seconds(180))) == {"clock_ahead": 1}


@every_adapter
def test_who_sends_too_fast_is_refused_and_keeps_the_record(address: str) -> None:
    app = App(address)
    answers = [say(app) for _ in range(report_rate.BURST + 1)]
    assert {answer.status_code for answer in answers[:-1]} == {200}
    assert (answers[-1].status_code, answers[-1]["Retry-After"]) == (503 if address == "/owntracks" else 429, "1")
    assert counts(say(app, at=NOON + seconds(1))) == {"duplicate": 1}


NESTED = b'{"a":' + b"[" * 60 + b"]" * 60 + b"}"


@every_post
def test_a_body_that_cannot_be_read_is_acknowledged_and_counted(address: str) -> None:
    app = App(address)
    is_form = address == "/gpslogger"  # to which JSON is a field with a strange name
    bodies: list[tuple[bytes, str]] = [
        (b" ", "empty_body"),
        (b"\xff\xff", "not_utf8"),
        (b"x" * (strict.MAX_BODY + 1), "body_too_large"),
        (b'{"location": ', "no_position" if is_form else "invalid_json"),
        (NESTED, "no_position" if is_form else "too_deep"),
        (b"[" * 100_000, "no_position" if is_form else "too_deep"),
        (b'"\\ud800"', "no_position" if is_form else "not_a_record"),
        (b'{"coords": 7, "coords": null, "x": ' + b"9" * 6_000 + b', "tst": NaN, "lat": 1e999}', ""),
    ]
    for body, reason in bodies:
        ((found, number),) = counts(app.send(body)).items()
        assert (found, number) == (reason or found, 1), body[:50]
    zipped = app.send(gzip.compress(b"{}"), headers={**app.bearer(), "Content-Encoding": "gzip"})
    assert counts(zipped) == {"content_encoding": 1}
    assert counts(say(app)) == {"accepted": 1}


@every_adapter
def test_the_operator_is_told_what_was_dropped_and_no_more(address: str, caplog: pytest.LogCaptureFixture) -> None:
    app = App(address)
    before = dict(dropped_fixes.not_written_yet())
    with caplog.at_level(logging.INFO, logger="geooffers.api.location.gps_clients"):
        say(app)
        assert not caplog.records
        answer = say(App(address, consents=[]))
    (record,) = caplog.records
    client = address.removeprefix("/")
    request_id = answer["X-Request-ID"]
    assert record.getMessage() == f"ingest {client} dropped consent_missing=1, request {request_id}"
    after = dropped_fixes.not_written_yet()
    assert {key for key in after if after[key] != before.get(key)} == {(client, "consent_missing")}
