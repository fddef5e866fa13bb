"""A phone asks what to register with its system's region monitoring."""

import math
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from geopy.distance import geodesic
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geooffers.matching.areas import Area, Circle, Polygon
from geooffers.matching.earth import here
from geooffers.matching.shapes import shape_of
from geooffers.shoppers.models import Purpose
from merchants.fences.areas import fill_in
from merchants.live_fences import live_fences
from merchants.models import ExclusionZone, FenceState, Geofence, Store
from tests.cast import AINO_LAT, AINO_LON, make_fence, make_store
from tests.unit.matching.shapes import box
from tests.walker import Walker

pytestmark = pytest.mark.django_db


def ask(walker: Walker, *, status: int = 200, **changes: Any) -> dict[str, Any]:
    payload = {"lat": AINO_LAT, "lon": AINO_LON, "background": True, **changes}
    response = walker.phone.call("POST", "/regions", payload)
    assert response.status_code == status, response.content
    return response.json()


def away(metres: float, *, bearing: float = 0) -> tuple[float, float]:
    place = geodesic(meters=metres).destination((AINO_LAT, AINO_LON), bearing)
    return place.latitude, place.longitude


def shop(*, metres_north: float, radius_m: float = 100) -> Geofence:
    lat, lon = away(metres_north)
    return make_fence(make_store(lat=lat, lon=lon), radius_m=radius_m)


def fence_of(area: Area, store: Store) -> Geofence:
    fence = Geofence(store=store, name="an area", state=FenceState.LIVE)
    fill_in(fence, area)
    fence.save()
    return fence


def told(answer: dict[str, Any]) -> list[str]:
    return [region["fence_id"] for region in answer["regions"]]


def test_a_phone_gets_circles_a_movement_trigger_and_when_to_ask_again() -> None:
    fence = shop(metres_north=600, radius_m=150)
    live_fences.matcher().refresh()
    answer = ask(Walker())
    assert len(answer.pop("etag")) == 32
    assert answer == {
        "unchanged": False,
        "regions": [
            {
                "fence_id": str(fence.public_id),
                "store_id": str(fence.store_id),
                "kind": "circle",
                "center_lat": fence.center_lat,
                "center_lon": fence.center_lon,
                "radius_m": 150,
                "distance_m": 450,
                "over_trigger_share": 0,
            }
        ],
        "movement_trigger": {
            "center_lat": AINO_LAT,
            "center_lon": AINO_LON,
            "radius_m": 1_000,
            "report_inside": False,
        },
        "max_regions": 19,
        "refetch_m": 5_000,
        "fresh_for_s": 86_400,
        "max_distance_m": 100_000,
        "duplicate_window_s": 3_600,
    }


def test_a_wide_fence_around_the_phone_is_kept_though_its_centre_is_the_farthest() -> None:
    wide = shop(metres_north=4_000, radius_m=5_000)
    small = [shop(metres_north=150 + 10 * number, radius_m=50) for number in range(25)]
    live_fences.matcher().refresh()
    answer = ask(Walker())
    assert told(answer) == [str(one.public_id) for one in (wide, *small[:18])]
    assert [region["distance_m"] for region in answer["regions"]][:3] == [0, 100, 110]


def test_equally_far_by_whole_metres_the_ids_decide_also_about_who_is_left_out() -> None:
    made = [shop(metres_north=600 - number / 100) for number in range(30)]  # the later made, the nearer
    live_fences.matcher().refresh()
    first = sorted(str(one.public_id) for one in made)[:19]
    assert told(ask(Walker())) == first


def test_android_gets_a_hundred_and_an_app_with_regions_of_its_own_as_many_as_are_left() -> None:
    made = [shop(metres_north=500 + 20 * number, radius_m=50) for number in range(105)]
    for number in range(30):  # more zones in between than a first guess allows for
        lat = AINO_LAT + number / 1e3
        ExclusionZone.objects.create(
            name=f"Clinic {number}", rule="x", kind="circle", center_lat=lat, center_lon=AINO_LON, radius_m=60
        )
    live_fences.matcher().refresh()
    expected = [str(one.public_id) for one in made]
    for slots, count in ((100, 99), (20, 19), (7, 6), (2, 1)):
        answer = ask(Walker(), slots=slots)
        assert told(answer) == expected[:count]
        assert answer["max_regions"] == count


def test_with_more_fences_than_slots_the_trigger_is_left_before_the_first_that_is_left_out() -> None:
    for number in range(25):
        shop(metres_north=200 + 30 * number, radius_m=100)
    live_fences.matcher().refresh()
    answer = ask(Walker())
    # The twentieth begins 670 m away; a percent is spared, and the 100 m by which a system is late.
    assert answer["movement_trigger"]["radius_m"] == answer["refetch_m"] == 563
    assert answer["movement_trigger"]["report_inside"] is False


def test_where_more_fences_begin_than_can_be_watched_the_phone_reports_itself() -> None:
    for number in range(25):
        shop(metres_north=150 + number, radius_m=100)
    live_fences.matcher().refresh()
    trigger = ask(Walker())["movement_trigger"]
    assert (trigger["radius_m"], trigger["report_inside"]) == (100, True)


def square_at(place: tuple[float, float], half_m: float) -> Polygon:
    lat, lon = place
    half = half_m / 55_000
    return Polygon(parts=((box(lon - half, lat - half / 2, lon + half, lat + half / 2),),))


square = st.builds(square_at, st.builds(away, st.floats(0, 3_000), bearing=st.floats(0, 360)), st.floats(30, 600))
round_one = st.builds(
    lambda place, radius_m: Circle(lat=place[0], lon=place[1], radius_m=radius_m),
    st.builds(away, st.floats(0, 6_000), bearing=st.floats(0, 360)),
    st.floats(50, 2_000),
)


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(
    areas=st.lists(st.one_of(square, round_one), min_size=3, max_size=14),
    slots=st.integers(2, 6),
    steps=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 360)), min_size=1, max_size=30),
)
def test_nobody_within_the_trigger_is_in_a_fence_that_is_not_watched(
    areas: list[Area], slots: int, steps: list[tuple[float, float]]
) -> None:
    store = Store.objects.first() or make_store()
    Geofence.objects.all().delete()
    fences = {str(fence_of(area, store).public_id): area for area in areas}
    live_fences.matcher().refresh()
    answer = ask(Walker(), slots=slots)
    trigger, watched = answer["movement_trigger"], set(told(answer))
    assert len(watched) == min(slots - 1, len(fences))
    assert 100 <= trigger["radius_m"] <= 1_000
    unwatched = [shape_of(area) for public_id, area in fences.items() if public_id not in watched]
    if trigger["report_inside"]:
        least_m = min(-shape.depth_m(here(lat=AINO_LAT, lon=AINO_LON)) for shape in unwatched)
        assert least_m <= 103  # said only where no circle of 100 m would do
        return
    for share, bearing in [*steps, *((1, 10 * number) for number in range(36))]:
        lat, lon = away(share * trigger["radius_m"], bearing=bearing)
        assert not any(shape.covers(lat=lat, lon=lon) for shape in unwatched)


def test_a_polygon_is_watched_as_the_circle_around_it_and_its_share_is_told() -> None:
    lat, lon = away(500)
    fence_of(Polygon(parts=((box(lon, lat, lon + 0.004, lat + 0.002),),)), make_store())
    live_fences.matcher().refresh()
    (region,) = ask(Walker())["regions"]
    middle = (region["center_lat"], region["center_lon"])
    corners = [(lat, lon), (lat, lon + 0.004), (lat + 0.002, lon), (lat + 0.002, lon + 0.004)]
    farthest = max(geodesic(middle, corner).meters for corner in corners)
    assert farthest <= region["radius_m"] < farthest + 1.1
    sides = geodesic((lat, lon), (lat + 0.002, lon)).meters * geodesic((lat, lon), (lat, lon + 0.004)).meters
    outside = 1 - sides / (math.pi * region["radius_m"] ** 2)
    assert region["over_trigger_share"] == pytest.approx(outside, abs=1e-3)
    assert region["distance_m"] == 500


def test_what_is_too_small_to_be_noticed_is_watched_as_a_larger_circle(settings: Any) -> None:
    shop(metres_north=400, radius_m=50)
    live_fences.matcher().refresh()
    (region,) = ask(Walker())["regions"]
    assert (region["radius_m"], region["over_trigger_share"]) == (100, 0.75)
    settings.PHONE_MIN_RADIUS_M = 150
    (region,) = ask(Walker())["regions"]
    assert (region["radius_m"], region["over_trigger_share"]) == (150, 0.8889)
    assert region["distance_m"] == 350  # to the fence itself


def test_zones_and_fences_that_are_not_live_or_too_far_are_not_told(settings: Any) -> None:
    store = make_store()
    for state in (FenceState.WAITING, FenceState.ARCHIVED):
        fence = make_fence(store)
        Geofence.objects.filter(pk=fence.pk).update(state=state)
    ExclusionZone.objects.create(
        name="Clinic", rule="x", kind="circle", center_lat=AINO_LAT, center_lon=AINO_LON, radius_m=60
    )
    far = shop(metres_north=20_000)
    live_fences.matcher().refresh()
    assert told(ask(Walker())) == [str(far.public_id)]
    settings.PHONE_MAX_DISTANCE_M = 10_000
    assert told(ask(Walker())) == []


# --- what is known already ---------------------------------------------------------------------------------------


def test_regions_that_the_phone_has_are_not_sent_again_but_the_trigger_moves() -> None:
    shop(metres_north=600)
    live_fences.matcher().refresh()
    walker = Walker()
    first = ask(walker)
    lat, lon = away(200)
    again = ask(walker, lat=lat, lon=lon, known=first["etag"])
    assert (again["unchanged"], again["regions"], again["etag"]) == (True, None, first["etag"])
    assert (again["movement_trigger"]["center_lat"], again["movement_trigger"]["center_lon"]) == (lat, lon)


def test_a_fence_that_was_moved_or_added_or_is_gone_is_news() -> None:
    fence = shop(metres_north=600)
    live_fences.matcher().refresh()
    walker = Walker()
    known = ask(walker)["etag"]
    Geofence.objects.filter(pk=fence.pk).update(radius_m=120)
    live_fences.matcher().refresh()
    moved = ask(walker, known=known)
    assert (moved["unchanged"], moved["regions"][0]["radius_m"]) == (False, 120)
    other = shop(metres_north=900)
    live_fences.matcher().refresh()
    added = ask(walker, known=moved["etag"])
    assert told(added) == [str(fence.public_id), str(other.public_id)]
    Geofence.objects.all().update(state=FenceState.ARCHIVED)
    live_fences.matcher().refresh()
    gone = ask(walker, known=added["etag"])
    assert (gone["unchanged"], gone["regions"]) == (False, [])


def test_the_same_regions_in_another_order_are_the_same() -> None:
    shop(metres_north=600)
    shop(metres_north=1_000)
    live_fences.matcher().refresh()
    lat, lon = away(1_300)
    before, after = ask(Walker()), ask(Walker(), lat=lat, lon=lon)
    assert told(before) == told(after)[::-1]
    assert before["etag"] == after["etag"]


def test_a_condition_in_the_header_is_not_ours_and_changes_nothing() -> None:
    live_fences.matcher().refresh()
    walker = Walker()
    etag = ask(walker)["etag"]
    response = walker.phone.call(
        "POST", "/regions", {"lat": 0.5, "lon": 0.5, "background": True}, headers={"If-None-Match": f'"{etag}"'}
    )
    assert (response.status_code, response.json()["unchanged"]) == (200, False)


# --- the operator's and the shopper's say ------------------------------------------------------------------------


def test_the_operator_s_kill_switch_empties_every_phone(settings: Any) -> None:
    shop(metres_north=600)
    live_fences.matcher().refresh()
    walker = Walker()
    known = ask(walker)["etag"]
    settings.PHONE_MAX_REGIONS = 0
    off = ask(walker, known=known)
    assert (off["regions"], off["movement_trigger"], off["max_regions"]) == ([], None, 0)
    still = ask(walker, known=off["etag"])
    assert (still["unchanged"], still["movement_trigger"], still["max_regions"]) == (True, None, 0)
    settings.PHONE_MAX_REGIONS = 99
    assert len(ask(walker, known=off["etag"])["regions"]) == 1


def test_the_operator_tunes_what_phones_are_told(settings: Any) -> None:
    for number in range(8):
        shop(metres_north=2_000 + 200 * number)
    live_fences.matcher().refresh()
    settings.PHONE_MAX_REGIONS = 5
    settings.PHONE_TRIGGER_RADIUS_M = 300
    settings.PHONE_FRESH_FOR_S = 600
    settings.PHONE_DUPLICATE_WINDOW_S = 90
    answer = ask(Walker(), slots=100)
    assert (len(answer["regions"]), answer["max_regions"]) == (5, 5)
    assert answer["movement_trigger"]["radius_m"] == 300
    assert answer["refetch_m"] == 2_770  # the sixth begins 2,900 m away
    assert (answer["fresh_for_s"], answer["duplicate_window_s"]) == (600, 90)


def test_watching_in_the_background_needs_that_consent() -> None:
    live_fences.matcher().refresh()
    walker = Walker(consents=[Purpose.LOCATION_FOREGROUND])
    assert ask(walker, background=False)["regions"] == []
    assert ask(walker, status=403)["code"] == "consent_missing"
    assert ask(Walker(consents=[]), status=403)["code"] == "consent_missing"


def test_a_shopper_who_paused_is_told_nothing_to_watch() -> None:
    live_fences.matcher().refresh()
    walker = Walker()
    assert walker.phone.call("POST", "/consents/pause", {"pause": "hour"}).status_code == 200
    assert ask(walker, status=403)["code"] == "paused"


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"lat": 91}, "out_of_range", "lat"),
        ({"lon": float("nan")}, "number_not_finite", "lon"),
        ({"lat": "60.1"}, "wrong_type", "lat"),
        ({"slots": 1}, "out_of_range", "slots"),
        ({"slots": 101}, "out_of_range", "slots"),
        ({"slots": 19.5}, "wrong_type", "slots"),
        ({"background": None}, "wrong_type", "background"),
        ({"known": "x" * 65}, "too_long", "known"),
        ({"platform": "ios"}, "unknown_field", "platform"),
    ],
)
def test_a_bad_question_is_refused_by_its_field(changes: dict[str, Any], code: str, field: str) -> None:
    refused = ask(Walker(), status=422, **changes)
    assert (refused["code"], refused["field"]) == (code, field)


def test_the_position_is_written_nowhere() -> None:
    shop(metres_north=20)
    live_fences.matcher().refresh()
    walker = Walker()
    with CaptureQueriesContext(connection) as queries:
        ask(walker, lat=60.1234567, lon=24.7654321)
    writes = [query["sql"] for query in queries if not query["sql"].lstrip().upper().startswith("SELECT")]
    assert len(writes) == 1  # the count of this phone's calls
    assert "ratecount" in writes[0]
    assert len(queries) == 2
    assert not any("60.1234567" in query["sql"] or "24.7654321" in query["sql"] for query in queries)
