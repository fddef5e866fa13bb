"""Apps built on the background-geolocation SDK: any 2xx deletes a record, anything else has it sent again."""

from typing import Any
from uuid import uuid4

import pytest

from geooffers.api.location.gps_clients import receiving
from tests.acceptance.location.gps_clients.apps import AT_HOME, AT_THE_SHOP, App, counts, fence_at, seconds, visits_of
from tests.cast import NOON

pytestmark = pytest.mark.django_db
ADDRESS = "/background-geolocation"


def record(place: tuple[float, float] = AT_THE_SHOP, *, after_s: int = 0, **changes: Any) -> dict[str, Any]:
    lat, lon = place
    return {
        "uuid": str(uuid4()),
        "timestamp": (NOON + seconds(after_s)).strftime("%Y-%m-%dT%H:%M:%S.250Z"),
        "coords": {"latitude": lat, "longitude": lon, "accuracy": 8.5, "speed": -1, "heading": -1, "altitude": 12},
        "is_moving": True,
        "odometer": 120.5,
        "activity": {"type": "walking", "confidence": 90},
        "battery": {"level": -1, "is_charging": False},
        "extras": {"user": "aino"},
        **changes,
    }


def test_a_single_record(app: App) -> None:
    fence_at(*AT_THE_SHOP)
    answer = app.send({"location": record(), "user_id": 7})
    assert answer.json() == {"counts": {"accepted": 1}}
    assert visits_of(app) == [(NOON + seconds(0.25), None)]


@pytest.mark.parametrize("root", [True, False])
def test_a_batch_with_the_root_property_and_without(app: App, root: bool) -> None:
    fence_at(*AT_THE_SHOP)
    batch = [record(after_s=30), record(AT_HOME)]
    answer = app.send({"location": batch} if root else batch, at=NOON + seconds(31))
    assert counts(answer) == {"accepted": 2}
    assert visits_of(app) == [(NOON + seconds(30.25), None)]


def test_a_record_without_the_root_property(app: App) -> None:
    assert counts(app.send(record())) == {"accepted": 1}


def test_the_sdk_s_uuid_tells_a_repeat(app: App) -> None:
    one = record()
    assert counts(app.send({"location": one})) == {"accepted": 1}
    moved = {**one, "coords": {**one["coords"], "latitude": 60.3}}
    assert counts(app.send({"location": moved})) == {"duplicate": 1}


def test_without_a_uuid_time_and_place_tell_a_repeat(app: App) -> None:
    assert counts(app.send({"location": record(uuid=None)})) == {"accepted": 1}
    assert counts(app.send({"location": record(uuid="not one")})) == {"duplicate": 1}


def test_a_region_event_rides_on_a_fix(app: App) -> None:
    """Said to have left the app's own region; by ours the phone came in."""
    fence_at(*AT_THE_SHOP)
    region = {"identifier": "shop", "action": "EXIT", "extras": {"center": {"latitude": 60.3, "longitude": 24.7}}}
    assert counts(app.send({"location": record(event="geofence", geofence=region)})) == {"accepted": 1}
    assert visits_of(app) == [(NOON + seconds(0.25), None)]


def test_bad_records_are_acknowledged_with_the_good_ones(app: App) -> None:
    good = record()
    bad = [
        record(coords=None),
        record(coords=[1, 2]),
        record(coords={"latitude": 60.1}),
        record(coords={"latitude": 1e999, "longitude": 0}),
        record(timestamp=1780401600),
        record(timestamp="9999-12-31T23:59:59-12:00"),
        "x",
    ]
    answer = app.send({"location": [*bad, good]})
    assert counts(answer) == {"accepted": 1, "bad_position": 3, "bad_time": 2, "no_position": 1, "not_a_record": 1}


def test_more_records_than_a_body_can_have_are_not_looked_at(app: App) -> None:
    answer = app.send([0] * (receiving.MOST_RECORDS + 5))
    assert counts(answer) == {"not_a_record": receiving.MOST_RECORDS, "batch_too_large": 5}
