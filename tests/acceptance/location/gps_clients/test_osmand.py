"""OsmAnd's online tracking: everything in the address, also who it is."""

from typing import Any

import pytest

from tests.acceptance.location.gps_clients.apps import AT_HOME, AT_THE_SHOP, App, counts, fence_at, seconds, visits_of
from tests.cast import NOON

pytestmark = pytest.mark.django_db
ADDRESS = "/osmand"
MILLISECONDS = int(NOON.timestamp() * 1000)


def ask(app: App, place: tuple[float, float] = AT_THE_SHOP, *, after_s: float = 0, **changes: Any) -> Any:
    """`None` leaves a field out."""
    query = {
        "id": app.key,
        "lat": place[0],
        "lon": place[1],
        "timestamp": MILLISECONDS + int(after_s * 1000),
        "hdop": "7.5",
        "altitude": "31.0",
        "speed": "1.25",
        "bearing": "12.0",
        **changes,
    }
    shown = {name: value for name, value in query.items() if value is not None}
    return app.call("GET", query=shown, headers={}, at=NOON + seconds(after_s))


def test_the_reporting_key_in_the_address_is_enough(app: App) -> None:
    fence_at(*AT_THE_SHOP)
    assert counts(ask(app, AT_HOME)) == {"accepted": 1}
    assert counts(ask(app, after_s=120.5)) == {"accepted": 1}
    assert visits_of(app) == [(NOON + seconds(120.5), None)]
    assert counts(ask(app, id=None, deviceid=app.key, after_s=130)) == {"accepted": 1}


def test_the_device_s_token_in_an_address_is_refused_and_so_are_strangers(app: App) -> None:
    answers = {
        "token": ask(app, id=app.token),
        "stranger": ask(app, id="86420"),
        "spoiled": ask(app, id=app.key[:-2] + "AA"),
        "short": ask(app, id="grk_AA"),
        "odd": ask(app, id="grk_ü"),
        "nobody": ask(app, id=None),
        "empty": ask(app, id=""),
    }
    assert {name: (answer.status_code, answer.json()["code"]) for name, answer in answers.items()} == {
        "token": (400, "token_in_url"),
        "stranger": (401, "token_unknown"),
        "spoiled": (401, "token_unknown"),
        "short": (401, "token_unknown"),
        "odd": (401, "token_unknown"),
        "nobody": (401, "token_missing"),
        "empty": (401, "token_missing"),
    }
    assert not any(app.key in answer.content.decode() for answer in answers.values())


@pytest.mark.parametrize(
    "timestamp", [MILLISECONDS, MILLISECONDS // 1000, "2026-06-02T15:00:00+03:00", "2026-06-02 12:00:00"]
)
def test_a_time_has_many_forms(app: App, timestamp: Any) -> None:
    fence_at(*AT_THE_SHOP)
    assert counts(ask(app, timestamp=timestamp)) == {"accepted": 1}
    assert visits_of(app) == [(NOON, None)]


def test_a_record_without_a_time_is_of_now(app: App) -> None:
    fence_at(*AT_THE_SHOP)
    assert counts(ask(app, timestamp=None, after_s=12)) == {"accepted": 1}
    assert visits_of(app) == [(NOON + seconds(12), None)]


def test_a_place_may_stand_in_one_field(app: App) -> None:
    fence_at(*AT_THE_SHOP)
    assert counts(ask(app, lat=None, lon=None, location=f"{AT_THE_SHOP[0]},{AT_THE_SHOP[1]}")) == {"accepted": 1}
    assert len(visits_of(app)) == 1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"lat": "nan"}, "bad_position"),
        ({"lat": "6_0"}, "bad_position"),
        ({"lat": "６０"}, "bad_position"),
        ({"lat": "1e999"}, "bad_position"),
        ({"lat": "90.5"}, "bad_position"),
        ({"lon": "9" * 40}, "bad_position"),
        ({"lat": None, "lon": None, "location": "60.1,east"}, "bad_position"),
        ({"lat": None, "lon": None, "location": "60.1"}, "no_position"),
        ({"lat": None}, "no_position"),
        ({"valid": "false"}, "no_position"),
        ({"timestamp": "noon"}, "bad_time"),
        ({"timestamp": "-1"}, "bad_time"),
        ({"timestamp": "1e30"}, "bad_time"),
        ({"timestamp": "2026-06-02T12:00:00"}, "bad_time"),
    ],
)
def test_what_is_no_position_is_acknowledged_and_counted(app: App, changes: dict[str, Any], reason: str) -> None:
    assert counts(ask(app, **changes)) == {reason: 1}


def test_an_address_with_thousands_of_fields_is_refused(app: App) -> None:
    query = "&".join(f"f{number}=1" for number in range(1_500))
    answer = app.call("GET", query=query)
    assert (answer.status_code, answer.json()["code"]) == (400, "too_many_fields")
