"""GPSLogger's custom URL, by the templates of docs/clients.md."""

from typing import Any
from urllib.parse import urlencode

import pytest

from tests.acceptance.location.gps_clients.apps import AT_THE_SHOP, FORM, App, counts, fence_at, seconds, visits_of
from tests.cast import NOON

pytestmark = pytest.mark.django_db
ADDRESS = "/gpslogger"


def fields(**changes: Any) -> dict[str, Any]:
    lat, lon = AT_THE_SHOP
    return {
        "lat": lat,
        "lon": lon,
        "acc": "11.0",
        "prov": "gps",
        "spd": "0.8",
        "timestamp": int(NOON.timestamp()),
        "time": "2026-06-02T12:00:00.000Z",
        "desc": "a walk",
        "aid": "an id of the phone",
        **changes,
    }


@pytest.mark.parametrize("content_type", [FORM, ""])  # the app itself sends none
def test_a_form_in_the_body(app: App, content_type: str) -> None:
    fence_at(*AT_THE_SHOP)
    answer = app.send(urlencode(fields()).encode(), content_type=content_type)
    assert answer.json() == {"counts": {"accepted": 1}}
    assert visits_of(app) == [(NOON, None)]


def test_the_same_in_the_address_with_basic_authentication(app: App) -> None:
    fence_at(*AT_THE_SHOP)
    assert counts(app.call("GET", query=fields(), headers=app.basic(user="geooffers"))) == {"accepted": 1}
    assert visits_of(app) == [(NOON, None)]


@pytest.mark.parametrize(
    "times",
    [
        {"timestamp": None},
        {"time": None},
        {"time": None, "timestamp": None, "epoch": int(NOON.timestamp())},
        {"time": "", "timestamp": None, "date": "2026-06-01"},  # a day is no time: it is now
    ],
)
def test_whichever_time_there_is(app: App, times: dict[str, Any]) -> None:
    fence_at(*AT_THE_SHOP)
    query = {name: value for name, value in fields(**times).items() if value is not None}
    assert counts(app.call("GET", query=query)) == {"accepted": 1}
    assert visits_of(app) == [(NOON, None)]


def test_an_absurd_speed_and_no_accuracy_are_no_reason_to_drop_a_fix(app: App) -> None:
    assert counts(app.call("GET", query=fields(acc="0.0", spd="99999", prov="MOCK"))) == {"accepted": 1}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty_body"),
        (b"lat=60.1", "no_position"),
        (b'{"lat": 60.1, "lon": 24.9}', "no_position"),
        (b"lat=60.1&lon=%LON", "bad_position"),
        (b"lat=60.1&lon=24.9&time=%TIME", "bad_time"),
        (b"\xff\xfe", "not_utf8"),
        (b"a=1&" * 1_500, "too_many_fields"),
    ],
)
def test_what_cannot_be_used_is_acknowledged_and_counted(app: App, body: bytes, reason: str) -> None:
    assert counts(app.send(body, content_type="", at=NOON + seconds(1))) == {reason: 1}
