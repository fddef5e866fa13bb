"""The Traccar client, whose three generations send three formats; all repeat what was not answered with 2xx."""

from typing import Any
from urllib.parse import urlencode

import pytest

from tests.acceptance.location.gps_clients.apps import (
    AT_HOME,
    AT_THE_SHOP,
    FORM,
    App,
    counts,
    fence_at,
    seconds,
    visits_of,
)
from tests.cast import NOON

pytestmark = pytest.mark.django_db
ADDRESS = "/traccar"
TIMESTAMP = int(NOON.timestamp())


def record(place: tuple[float, float] = AT_THE_SHOP, **changes: Any) -> dict[str, Any]:
    return {
        "timestamp": "2026-06-02T12:00:00.000Z",
        "coords": {"latitude": place[0], "longitude": place[1], "accuracy": 6, "speed": 0, "heading": -1},
        "event": "motionchange",
        "_": f"&id=1&lat={place[0]}&lon={place[1]}&",
        **changes,
    }


def flat(app: App, place: tuple[float, float] = AT_THE_SHOP, **changes: Any) -> dict[str, Any]:
    lat, lon = place
    return {"id": app.key, "timestamp": TIMESTAMP, "lat": lat, "lon": lon, "accuracy": 6.5, "batt": 50, **changes}


def test_version_9_has_its_identifier_beside_the_record(app: App) -> None:
    fence_at(*AT_THE_SHOP)
    for identifier in (app.key, app.token):  # the body is nobody's log
        answer = app.send({"location": record(), "device_id": identifier}, headers={})
        assert answer.status_code == 200
    assert visits_of(app) == [(NOON, None)]


def test_version_10_sends_a_form(app: App) -> None:
    fence_at(*AT_THE_SHOP)
    form = urlencode(flat(app)).encode()
    assert counts(app.send(form, headers={}, content_type=FORM)) == {"accepted": 1}
    assert counts(app.send(form, headers={}, content_type=FORM)) == {"duplicate": 1}
    assert visits_of(app) == [(NOON, None)]


def test_version_10_may_send_a_list(app: App) -> None:
    fence_at(*AT_THE_SHOP)
    batch = [flat(app, AT_HOME), flat(app, timestamp=TIMESTAMP + 60), flat(app, lat=None), flat(app, lon="x"), 3]
    answer = app.send(batch, headers={}, at=NOON + seconds(60))
    assert counts(answer) == {"accepted": 2, "no_position": 1, "bad_position": 1, "not_a_record": 1}
    assert visits_of(app) == [(NOON + seconds(60), None)]


def test_version_10_sends_a_heartbeat_without_a_place(app: App) -> None:
    form = urlencode({"id": app.key, "timestamp": TIMESTAMP, "batt": 50}).encode()
    assert counts(app.send(form, headers={}, content_type=FORM)) == {"no_position": 1}


def test_up_to_version_8_all_stands_in_the_address(app: App) -> None:
    fence_at(*AT_THE_SHOP)
    answer = app.send(b"", query={**flat(app), "speed": 2.5, "mock": "true"}, headers={}, content_type="")
    assert counts(answer) == {"accepted": 1}
    assert visits_of(app) == [(NOON, None)]


def test_the_key_may_come_in_a_header(app: App) -> None:
    assert counts(app.send({"location": record(), "device_id": "48"})) == {"accepted": 1}
    assert counts(app.send(b"{", headers=app.basic())) == {"invalid_json": 1}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"location": record(), "device_id": "48241"}, "token_unknown"),
        ({"location": record(), "device_id": 48241}, "token_missing"),
        ({"location": record()}, "token_missing"),
        ([], "token_missing"),
        (b"{", "token_missing"),
        (b"", "token_missing"),
        (b"\xff", "token_missing"),
    ],
)
def test_who_is_not_known_is_refused(app: App, body: Any, code: str) -> None:
    answer = app.send(body, headers={})
    assert (answer.status_code, answer.json()["code"]) == (401, code)
