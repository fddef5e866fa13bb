"""A phone asks which regions to watch, and how far it may go before it asks again."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from geopy.distance import geodesic

from geooffers.shoppers.models import Purpose
from merchants.live_fences import live_fences
from merchants.models import ExclusionZone, FenceState, Geofence, Store
from tests.cast import AINO_LAT, AINO_LON, make_fence, make_store
from tests.walker import Walker

pytestmark = pytest.mark.django_db


def ask(walker: Walker, *, status: int = 200, **changes: Any) -> dict[str, Any]:
    payload = {"lat": AINO_LAT, "lon": AINO_LON, "background": False, **changes}
    response = walker.phone.call("POST", "/nearby", payload)
    assert response.status_code == status, response.content
    return response.json()


def shop(number: int, *, metres_north: float, radius_m: float = 100) -> Geofence:
    place = geodesic(meters=metres_north).destination((AINO_LAT, AINO_LON), 0)
    return make_fence(make_store(merchant_name=f"Shop {number}", lat=place.latitude, lon=AINO_LON), radius_m=radius_m)


def test_regions_come_by_the_distance_to_their_boundary() -> None:
    here = shop(1, metres_north=20)
    small = shop(2, metres_north=2_000)
    wide = shop(3, metres_north=4_000, radius_m=3_000)
    live_fences.matcher().refresh()
    answer = ask(Walker())
    assert [region["fence_id"] for region in answer["regions"]] == [str(one.public_id) for one in (here, wide, small)]
    distances = [region["distance_m"] for region in answer["regions"]]
    assert distances == pytest.approx([0, 1_000, 1_900], abs=0.01)
    assert answer["regions"][1] == {
        "fence_id": str(wide.public_id),
        "store_id": str(wide.store_id),
        "center_lat": wide.center_lat,
        "center_lon": wide.center_lon,
        "radius_m": 3_000,
        "distance_m": distances[1],
    }
    assert answer["ask_again_after_m"] == 50_000  # it knows them all


@pytest.mark.parametrize("limit", [20, 100])
def test_what_is_left_out_begins_no_nearer_than_the_distance_after_which_to_ask_again(limit: int) -> None:
    made = [shop(number, metres_north=200.5 + 30 * number) for number in range(limit + 5)]
    for number in range(30):  # more zones in between than a first guess allows for
        zone_lat = AINO_LAT + number / 1e3
        ExclusionZone.objects.create(
            name=f"Clinic {number}", rule="x", kind="circle", center_lat=zone_lat, center_lon=AINO_LON, radius_m=60
        )
    live_fences.matcher().refresh()
    answer = ask(Walker(), limit=limit)
    assert [region["fence_id"] for region in answer["regions"]] == [str(one.public_id) for one in made[:limit]]
    assert answer["ask_again_after_m"] == 100 + 30 * (limit - 1)


def test_amid_more_fences_than_a_phone_can_watch_it_may_still_walk_a_hundred_metres() -> None:
    for number in range(21):
        shop(number, metres_north=number)
    live_fences.matcher().refresh()
    assert ask(Walker())["ask_again_after_m"] == 100


def test_a_polygon_is_told_as_a_circle_around_it() -> None:
    store = make_store()
    ring = [[24.95, 60.169], [24.955, 60.169], [24.955, 60.171], [24.95, 60.171], [24.95, 60.169]]
    Geofence.objects.create(
        store=store, name="square", kind="polygon", state=FenceState.LIVE,
        geometry={"type": "Polygon", "coordinates": [ring]},
    )  # fmt: skip
    live_fences.matcher().refresh()
    (region,) = ask(Walker())["regions"]
    center = (region["center_lat"], region["center_lon"])
    farthest = max(geodesic(center, (lat, lon)).meters for lon, lat in ring)
    assert farthest < region["radius_m"] < farthest * 1.02
    assert region["distance_m"] == 0


def test_zones_and_fences_that_are_not_live_are_not_told() -> None:
    store: Store = make_store()
    for state in (FenceState.WAITING, FenceState.ARCHIVED):
        fence = make_fence(store)
        Geofence.objects.filter(pk=fence.pk).update(state=state)
    ExclusionZone.objects.create(
        name="Clinic", rule="x", kind="circle", center_lat=AINO_LAT, center_lon=AINO_LON, radius_m=60
    )
    live_fences.matcher().refresh()
    assert ask(Walker()) == {"regions": [], "ask_again_after_m": 50_000}


def test_asking_needs_the_consent_for_where_the_app_is() -> None:
    live_fences.matcher().refresh()
    walker = Walker(consents=[Purpose.LOCATION_FOREGROUND])
    assert ask(walker)["regions"] == []
    assert ask(walker, background=True, status=403)["code"] == "consent_missing"
    assert ask(Walker(consents=[]), status=403)["code"] == "consent_missing"


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"lat": 91}, "out_of_range", "lat"),
        ({"lon": float("nan")}, "number_not_finite", "lon"),
        ({"lat": "60.1"}, "wrong_type", "lat"),
        ({"limit": 21}, "unknown_value", "limit"),
        ({"background": None}, "wrong_type", "background"),
        ({"radius_m": 5}, "unknown_field", "radius_m"),
    ],
)
def test_a_bad_question_is_refused_by_its_field(changes: dict[str, Any], code: str, field: str) -> None:
    refused = ask(Walker(), status=422, **changes)
    assert (refused["code"], refused["field"]) == (code, field)


def test_the_position_is_written_nowhere() -> None:
    shop(1, metres_north=20)
    live_fences.matcher().refresh()
    walker = Walker()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        ask(walker, lat=60.1234567, lon=24.7654321)
    writes = [query["sql"] for query in queries if not query["sql"].lstrip().upper().startswith("SELECT")]
    assert len(writes) == 1  # the count of this phone's calls
    assert "ratecount" in writes[0]
    assert not any("60.1234567" in query["sql"] or "24.7654321" in query["sql"] for query in queries)
