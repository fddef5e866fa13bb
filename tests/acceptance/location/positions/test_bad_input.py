"""A bad fix is rejected by itself, a bad envelope whole, and both say what is wrong."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from geooffers.visits.models import DeviceState
from merchants.models import Geofence
from tests import states
from tests.acceptance.location.positions.answers import minutes, results
from tests.cast import NOON
from tests.walker import AT_AINO, DOWN_THE_STREET, Walker, fix

pytestmark = [pytest.mark.django_db, pytest.mark.both]


BAD_FIXES: list[tuple[dict[str, Any], str, str]] = [
    ({"lat": float("nan")}, "number_not_finite", "lat"),
    ({"lon": float("inf")}, "number_not_finite", "lon"),
    ({"lat": 91}, "out_of_range", "lat"),
    ({"lon": 180.0001}, "out_of_range", "lon"),
    ({"lat": 139.7, "lon": 35.6}, "out_of_range", "lat"),
    ({"lat": "12.5"}, "wrong_type", "lat"),
    ({"lon": True}, "wrong_type", "lon"),
    ({"background": 1}, "wrong_type", "background"),
    ({"is_admin": True}, "unknown_field", "is_admin"),
    ({"accuracy_m": -1}, "out_of_range", "accuracy_m"),
    ({"accuracy_m": 0}, "out_of_range", "accuracy_m"),
    ({"accuracy_m": 1e9}, "out_of_range", "accuracy_m"),
    ({"recorded_at": "2026-06-02T12:00:00"}, "timezone_required", "recorded_at"),
    ({"recorded_at": 1780401600000}, "datetime_format", "recorded_at"),
    ({"recorded_at": "2026-06-02"}, "datetime_format", "recorded_at"),
    ({"recorded_at": "9999-12-31T23:59:59-12:00"}, "out_of_range", "recorded_at"),
    ({"recorded_at": "2026-02-30T12:00:00Z"}, "datetime_format", "recorded_at"),
    ({"uuid": "seven"}, "uuid_format", "uuid"),
    ({"uuid": 7}, "wrong_type", "uuid"),
]


@pytest.mark.parametrize(("wrong", "code", "field"), BAD_FIXES)
def test_a_bad_fix_is_rejected_by_itself_and_the_others_count(
    aino: Geofence, wrong: dict[str, Any], code: str, field: str
) -> None:
    later = NOON + timedelta(seconds=30)
    answer = Walker().report(fix(NOON, DOWN_THE_STREET), fix(NOON, **wrong), fix(later, AT_AINO), now=later)
    assert answer["results"][1] == {"status": "rejected", "code": code, "field": field}
    assert results(answer)[0] == results(answer)[2] == ("accepted", None)
    assert [told["change"] for told in answer["transitions"]] == ["entered"]


def test_a_missing_field_and_a_fix_that_is_no_object_are_rejected_by_themselves(aino: Geofence) -> None:
    without_lat = fix(NOON)
    del without_lat["lat"]
    answer = Walker().report(without_lat, "here", None, [1], fix(NOON), now=NOON)  # type: ignore[arg-type]
    assert results(answer) == [
        ("rejected", "missing_field"),
        ("rejected", "wrong_type"),
        ("rejected", "wrong_type"),
        ("rejected", "wrong_type"),
        ("accepted", None),
    ]


def test_a_number_beyond_every_float_is_not_finite(aino: Geofence) -> None:
    walker = Walker()
    body = (
        b'{"fixes": [{"uuid": "%s", "recorded_at": "2026-06-02T12:00:00Z", "lat": 1e999, "lon": -Infinity, '
        % (str(uuid4()).encode())
        + b'"accuracy_m": 10, "background": false}]}'
    )
    response = walker.phone.call("POST", "/positions", body)
    assert response.json()["results"] == [{"status": "rejected", "code": "number_not_finite", "field": "lat"}]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"recorded_at": (NOON + minutes(10)).isoformat()}, "clock_ahead"),
        ({"recorded_at": (NOON - timedelta(days=2)).isoformat()}, "too_old"),
        ({"recorded_at": "0001-01-01T00:00:00Z"}, "too_old"),
        ({"recorded_at": "9999-12-31T23:59:59Z"}, "clock_ahead"),
        ({"lat": 0, "lon": 0}, "null_island"),
        ({"lat": 0, "lon": 0, "accuracy_m": 0}, "null_island"),
        ({"accuracy_m": 6_000}, "too_coarse"),
    ],
)
def test_a_fix_that_says_nothing_is_ignored_with_its_reason(aino: Geofence, changes: dict[str, Any], code: str) -> None:
    walker = Walker()
    assert results(walker.report(fix(NOON, **changes), now=NOON)) == [("ignored", code)]
    assert bytes(DeviceState.objects.get(device=walker.device).packed) == b""


def test_a_leap_second_is_the_second_before(aino: Geofence) -> None:
    walker = Walker()
    now = datetime.fromisoformat("2027-01-01T00:00:01+00:00")
    answer = walker.report(fix(now, DOWN_THE_STREET, recorded_at="2026-12-31T23:59:60Z"), now=now)
    assert results(answer) == [("accepted", None)]
    state = states.state_in(DeviceState.objects.get(device=walker.device))
    assert state.newest_at == datetime.fromisoformat("2026-12-31T23:59:59+00:00")


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ({"fixes": []}, 422, "empty_batch", "fixes"),
        ({"fixes": [{}] * 501}, 413, "batch_too_large", "fixes"),
        ({"fixes": [{}] * 10_001}, 413, "batch_too_large", "fixes"),
        ({}, 422, "missing_field", "fixes"),
        ({"fixes": {}}, 422, "wrong_type", "fixes"),
        ({"fixes": None}, 422, "wrong_type", "fixes"),
        ({"fixes": [{}], "device": "another"}, 422, "unknown_field", "device"),
    ],
)
def test_the_envelope_is_strict(aino: Geofence, body: dict[str, Any], status: int, code: str, field: str) -> None:
    response = Walker().phone.call("POST", "/positions", body)
    assert (response.status_code, response.json()["code"], response.json()["field"]) == (status, code, field)
    assert response["Content-Type"] == "application/problem+json"


def test_a_batch_of_500_with_one_bad_fix_stores_the_other_499(aino: Geofence) -> None:
    walker = Walker()
    path = [fix(NOON + timedelta(seconds=step), DOWN_THE_STREET) for step in range(500)]
    path[6] = {**path[6], "lat": "here"}
    answer = walker.report(*path, now=NOON + minutes(9))
    assert results(answer)[6] == ("rejected", "wrong_type")
    assert [result["status"] for result in answer["results"]].count("accepted") == 499
