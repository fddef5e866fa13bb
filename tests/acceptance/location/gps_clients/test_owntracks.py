"""OwnTracks in HTTP mode: a JSON list is its answer, whatever was in the message."""

from datetime import timedelta
from typing import Any

import pytest

from geooffers.callers import report_rate
from geooffers.shoppers.models import Purpose
from tests.acceptance.location.gps_clients.apps import AT_HOME, AT_THE_SHOP, App, counts, fence_at, seconds, visits_of
from tests.cast import NOON

pytestmark = pytest.mark.django_db
ADDRESS = "/owntracks"
TST = int(NOON.timestamp())


def message(place: tuple[float, float] = AT_THE_SHOP, *, after_s: int = 0, **changes: Any) -> dict[str, Any]:
    lat, lon = place
    return {
        "_type": "location",
        "tst": TST + after_s,
        "lat": lat,
        "lon": lon,
        "acc": 14,
        "batt": 71,
        "tid": "ai",
        "vel": 4,
        "SSID": "Aino's home",
        "BSSID": "00:00:5e:00:53:01",
        "poi": "a bench",
        "image": "aW1hZ2U=",
        **changes,
    }


def test_a_location_begins_a_visit_and_the_answer_is_an_empty_list(app: App) -> None:
    fence_at(*AT_THE_SHOP)
    app.send(message(AT_HOME), headers=app.basic())
    answer = app.send(message(after_s=60), headers=app.basic(), at=NOON + seconds(61))
    assert (answer.json(), counts(answer)) == ([], {"accepted": 1})
    assert visits_of(app) == [(NOON + seconds(60), None)]


def test_a_repeat_is_a_duplicate(app: App) -> None:
    assert counts(app.send(message())) == {"accepted": 1}
    assert counts(app.send(message(batt=70))) == {"duplicate": 1}


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        ({"_type": "lwt", "tst": TST}, "other_message"),
        ({"_type": "waypoint", "tst": TST, "lat": 60.1, "lon": 24.9, "rad": 80, "desc": "work"}, "other_message"),
        ({"_type": "waypoints", "waypoints": []}, "other_message"),
        ({"_type": "card", "name": "Aino"}, "other_message"),
        ({"_type": "status", "android": {"ps": 1}}, "other_message"),
        ({"_type": "beacon", "uuid": "x", "tst": TST}, "other_message"),
        ({"_type": "from the future"}, "other_message"),
        ({"_type": "encrypted", "data": "cipher"}, "encrypted"),
        (
            {"_type": "transition", "event": "enter", "tst": TST, "lat": AT_THE_SHOP[0], "lon": AT_THE_SHOP[1]},
            "transition",
        ),
        ({"_type": "location", "tst": TST}, "no_position"),
        ({"lat": 60.1, "lon": 24.9, "tst": TST}, "not_a_record"),
        ({"_type": ["location"]}, "not_a_record"),
        (message(lat=91), "bad_position"),
        (message(lat=True), "bad_position"),
        (message(lon="east"), "bad_position"),
        (message(tst=None), "bad_time"),
        (message(tst=-5), "bad_time"),
        (message(tst=1e300), "bad_time"),
        ("a text", "not_a_record"),
    ],
)
def test_what_is_no_position_of_the_phone_is_acknowledged_and_counted(app: App, sent: Any, reason: str) -> None:
    fence_at(*AT_THE_SHOP)
    answer = app.send(sent)
    assert (answer.json(), counts(answer)) == ([], {reason: 1})
    assert visits_of(app) == []


def test_an_empty_body_is_what_the_app_sends_when_a_friend_is_deleted(app: App) -> None:
    assert counts(app.send(b"")) == {"empty_body": 1}


def test_only_a_report_by_hand_is_of_the_foreground() -> None:
    app = App(ADDRESS, consents=[Purpose.LOCATION_FOREGROUND])
    assert counts(app.send(message(t="u"))) == {"accepted": 1}
    assert counts(app.send(message(t="p", after_s=60), at=NOON + timedelta(minutes=1))) == {"consent_missing": 1}


def test_who_sends_too_fast_is_told_503_because_the_app_throws_away_what_a_4xx_refused(app: App) -> None:
    for number in range(report_rate.BURST):
        assert app.send(message(after_s=number)).status_code == 200
    refused = app.send(message(after_s=99))
    assert (refused.status_code, refused.json()["code"], refused["Retry-After"]) == (503, "busy", "1")
    assert counts(app.send(message(after_s=99), at=NOON + seconds(1))) == {"accepted": 1}


def test_who_changes_too_much_is_told_503_as_well(app: App) -> None:
    places = [(60.2 + number / 100, 24.9) for number in range(31)]
    answers = [app.send(message(place, after_s=number)) for number, place in enumerate(places)]
    assert {answer.status_code for answer in answers[:-1]} == {200}
    assert (answers[-1].status_code, answers[-1]["Retry-After"]) == (503, "60")
