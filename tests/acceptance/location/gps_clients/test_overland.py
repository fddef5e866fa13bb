"""Overland: only {"result": "ok"} makes the app delete its points."""

from datetime import datetime
from typing import Any

import pytest

from geooffers.usecases.location import report_positions
from tests.acceptance.location.gps_clients.apps import AT_HOME, AT_THE_SHOP, App, counts, fence_at, seconds, visits_of
from tests.cast import NOON

pytestmark = pytest.mark.django_db
ADDRESS = "/overland"


def point(place: tuple[float, float] = AT_THE_SHOP, at: datetime = NOON, **properties: Any) -> dict[str, Any]:
    lat, lon = place
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [lon, lat]},
        "properties": {
            "timestamp": at.strftime("%Y-%m-%dT%H:%M:%S+0000"),
            "horizontal_accuracy": 9,
            "speed": -1,
            "motion": ["walking"],
            "wifi": "Aino's home",
            "unique_id": "an id of the phone",
            **properties,
        },
    }


def test_a_batch_is_one_report_and_is_deleted_by_the_answer(app: App) -> None:
    fence_at(*AT_THE_SHOP)
    # The phone does not keep its points in order.
    batch = [point(at=NOON + seconds(60)), point(AT_HOME, NOON), point(AT_HOME, NOON + seconds(300))]
    answer = app.send({"locations": batch, "trip": {"mode": "walk"}}, at=NOON + seconds(301))
    assert answer.json() == {"result": "ok", "counts": {"accepted": 3}}
    assert visits_of(app) == [(NOON + seconds(60), NOON + seconds(300))]


def test_an_offset_without_a_colon_is_one(app: App) -> None:
    fence_at(*AT_THE_SHOP)
    app.send({"locations": [point(timestamp="2026-06-02T08:00:00-0400")]})
    assert visits_of(app) == [(NOON, None)]


def test_bad_points_are_acknowledged_with_the_good_ones(app: App) -> None:
    fence_at(*AT_THE_SHOP)
    bad = [
        point(timestamp="2026-06-02T12:00:00"),
        point(timestamp="yesterday"),
        point(timestamp=None),
        point((0.5, 190)),
        point((float("nan"), 24.9)),
        {**point(), "geometry": {"type": "LineString", "coordinates": [[24.9, 60.1], [24.9, 60.2]]}},
        {**point(), "geometry": {"type": "Point", "coordinates": [24.9]}},
        {**point(), "geometry": None},
        {"type": "Feature"},
        None,
        7,
    ]
    answer = app.send({"locations": [*bad, point()]})
    assert answer.json()["result"] == "ok"
    assert counts(answer) == {"accepted": 1, "bad_time": 3, "bad_position": 4, "no_position": 1, "not_a_record": 3}
    assert visits_of(app) == [(NOON, None)]


def test_an_event_of_the_app_is_not_where_the_phone_is(app: App) -> None:
    """A visit that ended is told with the place that was left, under the time of the telling."""
    fence_at(*AT_THE_SHOP)
    left = point(at=NOON, action="visit", arrival_date=None, departure_date="2026-06-02T11:50:00+0000")
    assert counts(app.send({"locations": [left]})) == {"event": 1}
    assert visits_of(app) == []


def test_where_the_phone_is_now_counts_before_its_backlog_has_arrived(app: App) -> None:
    fence_at(*AT_THE_SHOP)
    now = NOON + seconds(7_200)
    backlog = [point(AT_HOME, NOON + seconds(number)) for number in range(3)]
    current = point(at=now)
    assert counts(app.send({"locations": backlog, "current": current}, at=now)) == {"accepted": 4}
    assert visits_of(app) == [(now, None)]
    assert counts(app.send({"locations": [current]}, at=now + seconds(1))) == {"duplicate": 1}


def test_of_a_batch_that_is_too_large_the_newest_are_used(app: App) -> None:
    fence_at(*AT_THE_SHOP)
    most = report_positions.MOST_FIXES
    batch = [point(AT_HOME, NOON + seconds(number)) for number in range(most + 3)]
    batch.insert(0, point(at=NOON + seconds(most + 60)))
    answer = app.send({"locations": batch}, at=NOON + seconds(most + 61))
    assert counts(answer) == {"accepted": most, "batch_too_large": 4}
    assert visits_of(app) == [(NOON + seconds(most + 60), None)]


@pytest.mark.parametrize("body", [{}, {"locations": {}}, [], 5, None, {"locations": None}, b"", b"{"])
def test_a_body_of_another_form_is_deleted_by_the_answer_too(app: App, body: Any) -> None:
    answer = app.send(body)
    assert answer.json()["result"] == "ok"
    assert set(counts(answer)) <= {"not_a_record", "empty_body", "invalid_json"}


def test_an_empty_batch_is_acknowledged(app: App) -> None:
    answer = app.send({"locations": []})
    assert (answer.json(), counts(answer)) == ({"result": "ok", "counts": {}}, {})


def test_the_template_puts_one_position_into_the_address(app: App) -> None:
    fence_at(*AT_THE_SHOP)
    lat, lon = AT_THE_SHOP
    query = {"ts": "2026-06-02T12:00:00Z", "lat": lat, "lon": lon, "acc": 9, "spd": -1, "bat": 0.7, "alt": 3}
    assert app.call("GET", query=query).json() == {"result": "ok", "counts": {"accepted": 1}}
    assert visits_of(app) == [(NOON, None)]
    assert counts(app.call("GET", query={**query, "lat": "", "lon": ""})) == {"no_position": 1}
    assert counts(app.call("GET", query={**query, "ts": "soon"})) == {"bad_time": 1}


def test_with_the_template_the_app_posts_all_the_same_and_the_body_counts(app: App) -> None:
    answer = app.send({"locations": [point()]}, query={"lat": 60.3, "lon": 24.8, "ts": "2026-06-02T12:00:00Z"})
    assert counts(answer) == {"accepted": 1}
