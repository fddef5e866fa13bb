"""A phone reports where it is, and is told what became of each fix, which visits began, and its new coupons."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from geooffers.coupons.models import Coupon, Decision
from geooffers.shoppers.models import ConsentState, Purpose
from geooffers.usecases import report_positions
from geooffers.visits import recording
from geooffers.visits.models import DeviceState, EndReason, Visit
from merchants import live_fences
from merchants.models import ExclusionZone, FenceState, Geofence, Trigger
from notifications.models import Kind, Push
from tests import states
from tests.cast import NOON, make_fence, make_offer, make_shopper, make_store
from tests.walker import AT_AINO, DOWN_THE_STREET, Walker, fix

pytestmark = pytest.mark.django_db


@pytest.fixture
def aino() -> Iterator[Geofence]:
    """Café Aino with its fence and an offer."""
    store = make_store()
    fence = make_fence(store)
    make_offer(store)
    live_fences.matcher().refresh()
    return fence


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def results(answer: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [(result["status"], result["code"]) for result in answer["results"]]


def test_walking_into_a_fence_brings_a_visit_a_coupon_and_an_owed_push(aino: Geofence) -> None:
    walker = Walker()
    assert walker.be_at(DOWN_THE_STREET, NOON)["transitions"] == []
    answer = walker.be_at(AT_AINO, NOON + minutes(2))
    assert results(answer) == [("accepted", None)]
    assert answer["transitions"] == [
        {
            "change": "entered",
            "fence_id": str(aino.public_id),
            "store_id": str(aino.store_id),
            "at": "2026-06-02T12:02:00Z",
            "confidence": 0.93,
        }
    ]
    visit = Visit.objects.get()
    assert (visit.began_at, visit.fence, visit.is_open) == (NOON + minutes(2), aino, True)
    coupon = Coupon.objects.get()
    assert [shown["id"] for shown in answer["coupons"]] == [str(coupon.pk)]
    assert coupon.visit == visit
    push = Push.objects.get()
    assert (push.kind, push.subject, push.title) == (Kind.COUPON_ISSUED, coupon.pk, coupon.title)
    assert push.expires_at == NOON + minutes(17)


def test_walking_out_ends_the_visit(aino: Geofence) -> None:
    walker = Walker()
    walker.be_at(AT_AINO, NOON)
    answer = walker.be_at(DOWN_THE_STREET, NOON + minutes(3))
    assert [told["change"] for told in answer["transitions"]] == ["left"]
    visit = Visit.objects.get()
    assert (visit.ended_at, visit.end_reason) == (NOON + minutes(3), EndReason.LEFT)


def test_a_stay_brings_what_is_offered_for_a_stay(aino: Geofence) -> None:
    make_offer(aino.store, trigger=Trigger.DWELLED, title="A second cup")
    walker = Walker()
    walker.be_at(AT_AINO, NOON)
    assert walker.be_at(AT_AINO, NOON + minutes(4))["coupons"] == []
    answer = walker.be_at(AT_AINO, NOON + minutes(6))
    assert [told["change"] for told in answer["transitions"]] == ["dwelled"]
    assert [shown["title"] for shown in answer["coupons"]] == ["A second cup"]
    assert walker.be_at(AT_AINO, NOON + minutes(12))["transitions"] == []


def test_without_marketing_consent_the_coupon_is_in_the_answer_and_nothing_is_pushed(aino: Geofence) -> None:
    walker = Walker(consents=[Purpose.LOCATION_FOREGROUND])
    assert len(walker.be_at(AT_AINO, NOON)["coupons"]) == 1
    assert not Push.objects.exists()


def test_an_old_fix_records_the_visit_and_pushes_nothing(aino: Geofence) -> None:
    answer = Walker().report(fix(NOON - minutes(6)), now=NOON)
    assert [told["change"] for told in answer["transitions"]] == ["appeared_inside"]
    assert Visit.objects.get().appeared_inside
    assert not Push.objects.exists()


def test_who_came_and_went_before_the_report_arrived_is_promised_nothing(aino: Geofence) -> None:
    walker = Walker()
    places = [DOWN_THE_STREET, AT_AINO, DOWN_THE_STREET]
    path = [fix(NOON + timedelta(seconds=10 * step), place) for step, place in enumerate(places)]
    answer = walker.report(*path, now=NOON + minutes(1))
    assert [told["change"] for told in answer["transitions"]] == ["entered", "left"]
    assert not Visit.objects.get().is_open
    assert answer["coupons"] == []
    assert not Decision.objects.exists()


def test_a_stay_that_is_told_hours_later_is_recorded_and_promises_nothing(aino: Geofence) -> None:
    """A phone that was offline all day. Where it is now, nobody knows."""
    walker, later = Walker(), NOON + timedelta(hours=5)
    told = walker.report(fix(NOON), now=later)
    assert ([one["change"] for one in told["transitions"]], told["coupons"]) == (["appeared_inside"], [])
    recording.close_stale(now=later, limit=10)
    assert (Visit.objects.get().ended_at, Coupon.objects.exists()) == (NOON, False)
    # Still there: a visit of its own, with its coupon.
    assert len(walker.be_at(AT_AINO, later + minutes(1))["coupons"]) == 1


def test_who_came_and_went_within_a_minute_and_a_cell_was_there_all_the_same(aino: Geofence) -> None:
    """The state before and after is the same; only the transitions tell."""
    just_out, just_in = (AT_AINO[0] + 0.00138, AT_AINO[1]), (AT_AINO[0] + 0.00132, AT_AINO[1])
    walker = Walker()
    walker.be_at(just_out, NOON)
    answer = walker.report(
        fix(NOON + timedelta(seconds=20), just_in), fix(NOON + timedelta(seconds=40), just_out), now=NOON + minutes(1)
    )
    assert [told["change"] for told in answer["transitions"]] == ["entered", "left"]
    assert Visit.objects.get().ended_at == NOON + timedelta(seconds=40)


def test_a_report_whose_answer_was_lost_may_be_sent_again(aino: Geofence) -> None:
    walker = Walker()
    path = [fix(NOON, DOWN_THE_STREET), fix(NOON + minutes(1), AT_AINO)]
    first = walker.report(*path, now=NOON + minutes(1))
    again = walker.report(*path, now=NOON + minutes(2))
    assert results(again) == [("duplicate", None), ("duplicate", None)]
    assert again["transitions"] == []
    assert again["coupons"] == first["coupons"]
    assert (Visit.objects.count(), Coupon.objects.count(), Push.objects.count()) == (1, 1, 1)


def test_a_repeat_is_a_duplicate_whatever_its_body(aino: Geofence) -> None:
    walker = Walker()
    one = fix(NOON, DOWN_THE_STREET)
    walker.report(one, now=NOON)
    answer = walker.report({**one, "lat": AT_AINO[0], "recorded_at": (NOON + minutes(1)).isoformat()}, now=NOON)
    assert results(answer) == [("duplicate", None)]
    assert not Visit.objects.exists()


def test_a_repeated_batch_after_a_long_silence_is_owed_nothing_more(aino: Geofence) -> None:
    walker = Walker()
    path = [fix(NOON + timedelta(seconds=step), AT_AINO) for step in range(40)]
    walker.report(*path, now=NOON + minutes(1))
    evening = NOON + timedelta(hours=5)
    recording.close_stale(now=evening, limit=10)
    answer = walker.report(*path, now=evening)
    assert {result["status"] for result in answer["results"]} == {"duplicate", "late"}
    assert (Visit.objects.count(), Coupon.objects.count()) == (1, 1)


def test_a_fix_that_comes_after_newer_ones_corrects_the_visits_and_brings_nothing(aino: Geofence) -> None:
    walker = Walker()
    walker.be_at(DOWN_THE_STREET, NOON - minutes(2))
    walker.be_at(DOWN_THE_STREET, NOON)
    answer = walker.report(fix(NOON - minutes(1), AT_AINO), now=NOON)
    assert results(answer) == [("accepted", None)]
    assert [told["change"] for told in answer["transitions"]] == ["corrected"]
    visit = Visit.objects.get()
    assert (visit.began_at, visit.ended_at, visit.end_reason) == (NOON - minutes(1), NOON, EndReason.LEFT)
    assert not Coupon.objects.exists()
    assert not Push.objects.exists()


def test_a_fix_older_than_everything_kept_is_late(aino: Geofence) -> None:
    walker = Walker()
    walker.be_at(DOWN_THE_STREET, NOON)
    answer = walker.report(fix(NOON - minutes(1), AT_AINO), now=NOON)
    assert results(answer) == [("accepted", None)]
    for minute in range(1, 40):
        walker.be_at(DOWN_THE_STREET, NOON + minutes(minute))
    answer = walker.report(fix(NOON + minutes(5), AT_AINO), now=NOON + minutes(40))
    assert results(answer) == [("late", None)]


def test_fixes_of_a_report_are_taken_in_the_order_in_which_they_were_recorded(aino: Geofence) -> None:
    path = [fix(NOON + minutes(2), AT_AINO), fix(NOON, DOWN_THE_STREET)]
    answer = Walker().report(*path, now=NOON + minutes(2))
    assert results(answer) == [("accepted", None), ("accepted", None)]
    assert [told["change"] for told in answer["transitions"]] == ["entered"]


def test_an_exclusion_zone_beats_every_fence_and_leaves_no_trace(aino: Geofence) -> None:
    ExclusionZone.objects.create(
        name="a clinic",
        rule="Nobody is tracked at places of health care.",
        kind="circle",
        center_lat=AT_AINO[0],
        center_lon=AT_AINO[1],
        radius_m=60,
    )
    live_fences.matcher().refresh()
    walker = Walker()
    answer = walker.be_at(AT_AINO, NOON)
    assert results(answer) == [("ignored", "not_used")]
    assert not Visit.objects.exists()
    state = DeviceState.objects.get(device=walker.device)
    assert (bytes(state.packed), state.last_fix_at) == (b"", None)


def test_leaving_a_fence_that_was_archived_ends_the_visit_and_says_which(aino: Geofence) -> None:
    walker = Walker()
    walker.be_at(AT_AINO, NOON)
    Geofence.objects.filter(pk=aino.pk).update(state=FenceState.ARCHIVED)
    live_fences.matcher().refresh()
    answer = walker.be_at(AT_AINO, NOON + minutes(2))
    assert [(told["change"], told["fence_id"]) for told in answer["transitions"]] == [("left", str(aino.public_id))]
    assert Visit.objects.get().end_reason == EndReason.FENCE_GONE


def test_the_second_phone_joins_the_visit_and_brings_no_second_coupon(aino: Geofence) -> None:
    shopper = make_shopper()
    first, second = Walker(shopper=shopper), Walker(shopper=shopper)
    first.be_at(AT_AINO, NOON)
    answer = second.be_at(AT_AINO, NOON + minutes(1))
    assert [told["change"] for told in answer["transitions"]] == ["appeared_inside"]
    assert answer["coupons"] == []
    assert Visit.objects.get().presences.count() == 2
    assert Push.objects.count() == 2  # the one coupon, told to both phones


def test_a_damaged_state_begins_anew_and_leaves_no_presence_behind(aino: Geofence) -> None:
    walker = Walker()
    walker.be_at(AT_AINO, NOON)
    DeviceState.objects.filter(device=walker.device).update(packed=b"\x01damaged")
    walker.be_at(DOWN_THE_STREET, NOON + minutes(5))
    assert Visit.objects.get().end_reason == EndReason.STALE


# --- consent ---------------------------------------------------------------------------------------------------


def test_each_fix_needs_the_consent_for_how_it_was_taken(aino: Geofence) -> None:
    walker = Walker(consents=[Purpose.LOCATION_FOREGROUND])
    answer = walker.report(
        fix(NOON, DOWN_THE_STREET), fix(NOON + minutes(1), AT_AINO, background=True), now=NOON + minutes(1)
    )
    assert results(answer) == [("accepted", None), ("ignored", "consent_missing")]
    assert not Visit.objects.exists()


def test_without_any_location_consent_the_report_is_refused(aino: Geofence) -> None:
    walker = Walker(consents=[Purpose.MARKETING_PUSH])
    response = walker.send(fix(NOON), now=NOON)
    assert (response.status_code, response.json()["code"]) == (403, "consent_missing")
    assert not Visit.objects.exists()


def test_a_withdrawn_consent_stops_the_next_report_and_ends_the_visit(aino: Geofence) -> None:
    walker = Walker(consents=[Purpose.LOCATION_FOREGROUND])
    walker.be_at(AT_AINO, NOON)
    assert walker.phone.withdraw("location_foreground").status_code == 200
    assert Visit.objects.get().end_reason == EndReason.WITHDRAWN
    assert walker.send(fix(NOON + minutes(1)), now=NOON + minutes(1)).status_code == 403
    assert bytes(DeviceState.objects.get(device=walker.device).packed) == b""


# --- what it costs ---------------------------------------------------------------------------------------------


def writes_in(queries: CaptureQueriesContext) -> list[str]:
    return [query["sql"] for query in queries if not query["sql"].startswith("SELECT")]


@pytest.mark.parametrize("place", [AT_AINO, DOWN_THE_STREET], ids=["inside", "outside"])
def test_a_report_that_changes_nothing_makes_no_write_and_at_most_two_queries(
    aino: Geofence, place: tuple[float, float]
) -> None:
    walker = Walker()
    walker.be_at(place, NOON - timedelta(seconds=20))
    walker.be_at(place, NOON)
    one = fix(NOON + timedelta(seconds=30), place)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = walker.report(one, now=NOON + timedelta(seconds=30))
    assert results(answer) == [("accepted", None)]
    assert writes_in(queries) == []
    assert len(queries) == 1


def test_a_repeat_makes_no_write_and_at_most_two_queries(aino: Geofence) -> None:
    walker = Walker()
    one = fix(NOON)
    first = walker.report(one, now=NOON)
    with CaptureQueriesContext(connection) as queries:
        answer = walker.report(one, now=NOON + timedelta(seconds=30))
    assert answer["coupons"] == first["coupons"]
    assert writes_in(queries) == []
    assert len(queries) == 2


def test_a_minute_later_the_state_is_written_and_no_row_of_a_visit(aino: Geofence) -> None:
    walker = Walker()
    walker.be_at(AT_AINO, NOON - timedelta(seconds=20))
    walker.be_at(AT_AINO, NOON)  # who is there again has settled
    with CaptureQueriesContext(connection) as queries:
        walker.be_at(AT_AINO, NOON + minutes(1))
    written = [sql for sql in writes_in(queries) if sql.startswith(("INSERT", "UPDATE", "DELETE"))]
    assert len(written) == 1
    assert "visits_devicestate" in written[0]


def test_writes_of_a_device_are_limited_exactly_and_say_when_to_come_back(aino: Geofence) -> None:
    walker = Walker()
    at = NOON
    for step in range(report_positions.WRITES_A_MINUTE):
        at = NOON + timedelta(seconds=step)
        walker.be_at((60.2 + step * 0.01, 24.9), at)
    refused = walker.send(fix(at, AT_AINO), now=at)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_changes")
    assert refused["Retry-After"] == str(60 - at.second)
    assert not Visit.objects.exists()
    assert walker.send(fix(at, AT_AINO), now=NOON + minutes(1)).status_code == 200
    assert Visit.objects.count() == 1


def test_a_flood_of_reports_is_refused_with_a_time_to_come_back(aino: Geofence) -> None:
    walker = Walker()
    walker.be_at(DOWN_THE_STREET, NOON)
    answers = [walker.send(fix(NOON, DOWN_THE_STREET), now=NOON) for _ in range(60)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) == 21  # 40 in a burst, of which the first was taken before
    assert {(answer.json()["code"], answer["Retry-After"]) for answer in refused} == {("too_many_reports", "1")}
    assert walker.send(fix(NOON), now=NOON + timedelta(seconds=1)).status_code == 200


# --- bad input -------------------------------------------------------------------------------------------------

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


def test_a_phone_knows_nothing_of_consents_that_are_not_its_own(aino: Geofence) -> None:
    giver = Walker()
    other = Walker(shopper=giver.device.shopper, consents=[])
    assert ConsentState.objects.filter(device=giver.device, given=True).exists()
    assert other.send(fix(NOON), now=NOON).status_code == 403
