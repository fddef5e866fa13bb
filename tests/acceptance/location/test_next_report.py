"""Every report's answer says when to report again, and it costs no query."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from geopy.distance import geodesic

from geooffers.shoppers.models import Purpose
from merchants.live_fences import live_fences
from merchants.models import ExclusionZone, Geofence
from tests.cast import AINO_LAT, AINO_LON, NOON, make_fence, make_store
from tests.walker import AT_AINO, DOWN_THE_STREET, Walker, fix

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def aino() -> Iterator[Geofence]:
    """A circle of 150 m."""
    fence = make_fence(make_store())
    live_fences.matcher().refresh()
    return fence


def north_of_aino(metres: float) -> tuple[float, float]:
    place = geodesic(meters=metres).destination((AINO_LAT, AINO_LON), 0)
    return place.latitude, place.longitude


def test_far_away_the_phone_may_go_as_far_as_the_fence_begins(aino: Geofence) -> None:
    answer = Walker().be_at(north_of_aino(2_150), NOON)
    assert (answer["move_m"], answer["after_s"]) == (1_989, None)  # 2,000 m less 10 m of accuracy, rounded down


@pytest.mark.parametrize("away_m", [40, 59, 61, 99, 101, 400])
def test_near_by_it_is_the_same_whether_matching_has_measured_it_or_not(aino: Geofence, away_m: int) -> None:
    """Matching measures what lies within the fix's accuracy of 10 m and the margin of 50."""
    answer = Walker().be_at(north_of_aino(150 + away_m + 0.5), NOON)
    assert answer["move_m"] == away_m - 10


def test_in_the_countryside_it_sleeps(aino: Geofence) -> None:
    answer = Walker().be_at((61.5, 23.75), NOON)
    assert (answer["move_m"], answer["after_s"]) == (4_990, None)


def test_inside_the_boundary_is_the_fence_s_own_and_the_stay_wants_a_fix_at_its_dwell(aino: Geofence) -> None:
    walker = Walker()
    answer = walker.be_at(AT_AINO, NOON)
    assert (answer["move_m"], answer["after_s"]) == (140, 300)
    answer = walker.be_at(AT_AINO, NOON + 6 * MINUTE)
    assert [told["change"] for told in answer["transitions"]] == ["settled", "dwelled"]
    assert answer["after_s"] == 1_800  # half of the silence after which the visit would end


def test_the_newest_fix_that_was_used_counts_whatever_the_order_of_sending(aino: Geofence) -> None:
    far, near = fix(NOON, north_of_aino(2_150)), fix(NOON + MINUTE, north_of_aino(650))
    coarse = fix(NOON + 2 * MINUTE, north_of_aino(10_000), accuracy_m=6_000.0)
    answer = Walker().report(near, coarse, far, now=NOON + 2 * MINUTE)
    assert [result["status"] for result in answer["results"]] == ["accepted", "ignored", "accepted"]
    assert answer["move_m"] == 489


def test_a_repeat_is_told_the_same_and_an_older_fix_nothing(aino: Geofence) -> None:
    walker = Walker()
    older, newest = fix(NOON, north_of_aino(650)), fix(NOON + MINUTE, north_of_aino(2_150))
    first = walker.report(older, newest, now=NOON + MINUTE)
    again = walker.report(older, newest, now=NOON + MINUTE)
    assert (first["move_m"], again["move_m"]) == (1_989, 1_989)
    assert walker.report(older, now=NOON + MINUTE)["move_m"] is None
    late = walker.report(fix(NOON + MINUTE / 2, north_of_aino(650)), now=NOON + MINUTE)
    assert (late["results"][0]["status"], late["move_m"]) == ("accepted", None)


def test_nothing_is_said_where_nothing_was_used(aino: Geofence) -> None:
    walker = Walker(consents=[Purpose.LOCATION_FOREGROUND])
    answer = walker.report(fix(NOON, AT_AINO, background=True), now=NOON)
    assert answer["results"][0]["code"] == "consent_missing"
    assert (answer["move_m"], answer["after_s"]) == (None, None)


def test_a_zone_stops_nobody_and_cannot_be_mapped_by_the_answers(aino: Geofence) -> None:
    walker = Walker()
    here = north_of_aino(2_150)
    before = walker.be_at(here, NOON)["move_m"]
    lat, lon = north_of_aino(2_550)
    ExclusionZone.objects.create(name="Clinic", rule="x", kind="circle", center_lat=lat, center_lon=lon, radius_m=300)
    live_fences.matcher().refresh()
    assert walker.be_at(here, NOON + MINUTE)["move_m"] == before
    inside = walker.be_at((lat, lon), NOON + 2 * MINUTE)
    assert inside["results"][0]["code"] == "not_used"
    assert inside["move_m"] is None


def test_a_report_that_changes_nothing_still_makes_one_query(aino: Geofence) -> None:
    walker = Walker()
    walker.be_at(DOWN_THE_STREET, NOON)
    with CaptureQueriesContext(connection) as queries:
        answer = walker.be_at(DOWN_THE_STREET, NOON + timedelta(seconds=20))
    assert answer["move_m"] is not None
    assert len(queries) == 1
