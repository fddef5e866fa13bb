"""Numbers, times and fixes of foreign clients: what each writes, and what we take it for."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.http import QueryDict
from django.test import override_settings

from geooffers.api.location.gps_clients import background_geolocation, gpslogger, osmand, overland, owntracks, traccar
from geooffers.api.location.gps_clients.parsing import fixes, values
from geooffers.api.location.gps_clients.parsing.fixes import ClientFix, DropReason

NOON = datetime(2026, 6, 2, 12, tzinfo=UTC)
TST = int(NOON.timestamp())


def client_fix(**changes: Any) -> ClientFix:
    found = fixes.judge(**{"recorded_at": NOON, "lat": 60.1695, "lon": 24.9525, **changes})
    assert isinstance(found, ClientFix)
    return found


@pytest.mark.parametrize("value", [5, 5.0, "5", "5.", "+5", "0.5e1", "500e-2"])
def test_a_number_and_its_text(value: Any) -> None:
    assert values.number(value) == 5


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, False, "", " 5", "5 ", "5_0", "0x5", "٥", "nan", "inf", "1e999", "5,0", ".5", [], {}, b"5"),
        *(float("nan"), float("inf"), -float("inf"), 10**400, "5" * 33),
    ],
)
def test_what_is_no_number(value: Any) -> None:
    assert values.number(value) is None


@pytest.mark.parametrize(
    "value",
    [
        *(TST, float(TST), str(TST), TST * 1000),
        *("2026-06-02T12:00:00Z", "2026-06-02T12:00:00.000+00:00", "2026-06-02 12:00:00"),
        *("2026-06-02T15:00:00+0300", "2026-06-02T08:00:00-0400"),
    ],
)
def test_a_time_and_its_forms(value: Any) -> None:
    assert values.moment(value) == NOON


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, -1, 1e15, 1e300, float("nan"), []),
        *("", "noon", "9" * 32, "T" * 50, "2026-06-02", "2026-06-02T12:00:00", "2026-06-02T25:00:00Z"),
        *("9999-12-31T23:59:59-12:00", "2026-06-02T12:00:00+9900"),
    ],
)
def test_what_is_no_time(value: Any) -> None:
    assert values.moment(value) is None


@pytest.mark.parametrize(("value", "is_set"), [(True, 1), (1, 1), ("1", 1), ("true", 1), ("TRUE", 1), ("false", 0)])
def test_a_flag(value: Any, is_set: int) -> None:
    assert values.flag(value) is bool(is_set)
    assert not any(values.flag(other) for other in (None, False, 0, 2, "", "yes", [], {}))


def test_accuracy_that_nobody_knows_is_neither_exact_nor_too_coarse() -> None:
    for unknown in (None, 0, -1):
        assert fixes.as_fix(client_fix(accuracy_m=unknown)).accuracy_m == fixes.UNKNOWN_ACCURACY_M
    assert fixes.as_fix(client_fix(accuracy_m=0.5)).accuracy_m == 0.5
    assert fixes.as_fix(client_fix(accuracy_m=9e9)).accuracy_m == fixes.COARSEST_M


def test_a_speed_that_nobody_knows_or_flies_is_none() -> None:
    assert [client_fix(speed_mps=speed).speed_mps for speed in (None, -1, 9005, 0, 35)] == [None, None, None, 0, 35]


def test_a_fix_is_of_the_background_unless_the_client_says_otherwise() -> None:
    assert fixes.as_fix(client_fix()).background
    assert not fixes.as_fix(client_fix(foreground=True)).background


def test_a_uuid_of_its_own_is_kept_and_else_time_and_place_make_one() -> None:
    own = UUID("019e7f5c-3a52-4c4e-9d41-0c6a8a1f2b3c")
    assert fixes.as_fix(client_fix(uuid=own)).uuid == own
    made = fixes.as_fix(client_fix(accuracy_m=4)).uuid
    assert made == fixes.as_fix(client_fix(accuracy_m=90)).uuid
    others = [client_fix(lat=60.16951), client_fix(lon=24.95251), client_fix(recorded_at=NOON.replace(second=1))]
    assert len({made, *(fixes.as_fix(other).uuid for other in others)}) == 4


def test_nobody_without_the_secret_can_try_places_until_a_uuid_fits() -> None:
    made = fixes.derived_uuid(client_fix())
    with override_settings(SECRET_KEY="another"):
        assert fixes.derived_uuid(client_fix()) != made


def test_the_edges_of_the_world_are_in_it() -> None:
    for lat, lon in ((90, 180), (-90, -180), (0, 0)):
        assert isinstance(client_fix(lat=lat, lon=lon), ClientFix)
    for lat, lon in ((90.001, 0), (0, -180.001), (None, 0), (0, None)):
        assert fixes.judge(recorded_at=NOON, lat=lat, lon=lon) == DropReason.BAD_POSITION


PLACE = {"lat": 60.1695, "lon": 24.9525}
COORDS = {"latitude": 60.1695, "longitude": 24.9525}
POINT = {"type": "Point", "coordinates": [24.9525, 60.1695]}
ISO = "2026-06-02T12:00:00Z"


def of_query(text: str) -> QueryDict:
    return QueryDict(f"lat=60.1695&lon=24.9525&timestamp={TST}&{text}")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (owntracks.read_message({"_type": "location", "tst": TST, **PLACE, "vel": 36}), 10),
        (
            overland.read_feature({"geometry": POINT, "properties": {"timestamp": ISO, "speed": 10}}),
            10,
        ),
        (background_geolocation.read_record({"timestamp": ISO, "coords": {**COORDS, "speed": 10}}), 10),
        (osmand.read_fields(of_query("speed=10"), now=NOON), 10),
        (osmand.read_fields(of_query("speed=19.4384"), now=NOON, speed_unit_mps=values.KNOT_MPS), 10),
        (traccar.read_flat({**PLACE, "timestamp": TST, "speed": 19.4384}), 10),
        (gpslogger.read_fields(of_query("spd=10&spd_kph=36"), NOON), 10),
    ],
)
def test_each_client_s_speed_in_its_own_unit(found: ClientFix, expected: float) -> None:
    assert found.speed_mps == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    "found",
    [
        background_geolocation.read_record({"timestamp": ISO, "coords": COORDS, "mock": True}),
        osmand.read_fields(of_query("mock=true"), now=NOON),
        traccar.read_flat({**PLACE, "timestamp": TST, "mock": True}),
        gpslogger.read_fields(of_query("prov=MOCK"), NOON),
    ],
)
def test_a_place_that_is_made_up_says_so(found: ClientFix) -> None:
    assert found.mock


def test_a_place_is_real_where_nothing_is_said() -> None:
    assert not osmand.read_fields(of_query("mock=false"), now=NOON).mock
    assert not gpslogger.read_fields(of_query("prov=gps"), NOON).mock


@pytest.mark.parametrize(
    ("fields", "accuracy_m"),
    [
        ("hdop=35.5", 35.5),
        ("hdop=0.9", 10),  # the factor, of a sender that is not OsmAnd
        ("hdop=0.0", None),
        ("hdop=7&accuracy=22", 22),
        ("accuracy=0&hacc=18", 18),
        ("hacc=0", None),
        ("", None),
    ],
)
def test_the_accuracy_of_the_osmand_protocol(fields: str, accuracy_m: float | None) -> None:
    assert osmand.read_fields(of_query(fields), now=NOON).accuracy_m == accuracy_m
