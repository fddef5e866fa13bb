"""A phone whose system watches regions for it: enters, stays and exits without a single position of its own."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from geooffers.api.edge import clock
from geooffers.coupons.models import Coupon
from geooffers.shoppers.models import Purpose
from geooffers.visits.models import DeviceState, EndReason, Visit
from merchants.live_fences import live_fences
from merchants.models import ExclusionZone, FenceTuning, Geofence, Trigger
from notifications.models import Delivery
from tests.cast import AINO_LAT, AINO_LON, NOON, make_fence, make_offer, make_store
from tests.walker import DOWN_THE_STREET, Walker

pytestmark = pytest.mark.django_db


@pytest.fixture
def fence() -> Geofence:
    store = make_store()
    made = make_fence(store, tuning=FenceTuning.WALK_IN)
    make_offer(store, trigger=Trigger.SETTLED)
    live_fences.matcher().refresh()
    return made


def event(fence: Geofence, change: str, *, after_s: float = 0, **changes: Any) -> dict[str, Any]:
    return {
        "uuid": str(uuid4()),
        "recorded_at": (NOON + timedelta(seconds=after_s)).isoformat(),
        "region_id": str(fence.public_id),
        "change": change,
        "background": True,
        **changes,
    }


def tell(walker: Walker, *events: dict[str, Any], after_s: float = 0) -> dict[str, Any]:
    with clock.set_to(NOON + timedelta(seconds=after_s)):
        response = walker.phone.call("POST", "/region-events", {"events": list(events)})
    assert response.status_code == 200, response.content
    return response.json()


def place(at: tuple[float, float], accuracy_m: float = 20) -> dict[str, float]:
    return {"lat": at[0], "lon": at[1], "accuracy_m": accuracy_m}


def test_a_whole_visit_from_events_alone(fence: Geofence) -> None:
    walker = Walker()
    entered = tell(walker, event(fence, "enter"))
    assert [(one["change"], one["fence_id"]) for one in entered["transitions"]] == [("entered", str(fence.public_id))]
    assert len(entered["coupons"]) == Delivery.objects.count() == 1
    dwelled = tell(walker, event(fence, "dwell", after_s=400), after_s=400)
    assert [one["change"] for one in dwelled["transitions"]] == ["dwelled"]
    left = tell(walker, event(fence, "exit", after_s=900), after_s=900)
    assert [one["change"] for one in left["transitions"]] == ["left"]
    visit = Visit.objects.get()
    assert (visit.began_at, visit.dwelled_at, visit.ended_at, visit.end_reason) == (
        NOON,
        NOON + timedelta(seconds=400),
        NOON + timedelta(seconds=900),
        EndReason.LEFT,
    )


def test_a_repeated_event_is_a_duplicate_and_shows_the_coupon_again(fence: Geofence) -> None:
    walker, enter = Walker(), event(fence, "enter")
    coupons = tell(walker, enter)["coupons"]
    again = tell(walker, enter)
    assert [one["status"] for one in again["results"]] == ["duplicate"]
    assert again["coupons"] == coupons
    assert Coupon.objects.count() == 1


def test_an_event_and_the_fix_that_came_with_it_support_each_other(fence: Geofence) -> None:
    """Of a polygon the phone watches a circle, which holds more than it: the place decides."""
    fence.kind, fence.center_lat, fence.center_lon, fence.radius_m = "polygon", None, None, None
    around = [(dlon, dlat) for dlon, dlat in ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))]
    fence.geometry = {
        "type": "Polygon",
        "coordinates": [[[AINO_LON + 0.002 * dlon, AINO_LAT + 0.001 * dlat] for dlon, dlat in around]],
    }
    fence.save()
    live_fences.matcher().refresh()
    bare = tell(Walker(), event(fence, "enter"))
    assert bare["transitions"] == []
    inside = tell(Walker(), event(fence, "enter", place=place((AINO_LAT, AINO_LON))))
    assert [one["change"] for one in inside["transitions"]] == ["entered"]
    beside = tell(Walker(), event(fence, "enter", place=place(DOWN_THE_STREET)))
    assert beside["transitions"] == []


def test_an_event_of_an_unknown_region_is_acknowledged_and_says_so(fence: Geofence) -> None:
    answer = tell(Walker(), event(fence, "enter", region_id=str(uuid4())), event(fence, "enter"))
    assert [(one["status"], one["code"]) for one in answer["results"]] == [
        ("ignored", "unknown_region"),
        ("accepted", None),
    ]


def test_a_bad_event_does_not_hold_up_the_rest(fence: Geofence) -> None:
    answer = tell(Walker(), event(fence, "fly"), event(fence, "enter", place={"lat": 91}), event(fence, "enter"))
    assert [(one["status"], one["field"]) for one in answer["results"]] == [
        ("rejected", "change"),
        ("rejected", "place.lat"),
        ("accepted", None),
    ]


def test_an_event_in_a_place_where_nobody_is_tracked_leaves_no_trace(fence: Geofence) -> None:
    ExclusionZone.objects.create(
        name="clinic", rule="clinics", kind="circle", center_lat=AINO_LAT, center_lon=AINO_LON, radius_m=100
    )
    live_fences.matcher().refresh()
    walker = Walker()
    answer = tell(walker, event(fence, "enter", place=place((AINO_LAT, AINO_LON))))
    assert [(one["status"], one["code"]) for one in answer["results"]] == [("ignored", "not_used")]
    assert bytes(DeviceState.objects.get(device=walker.device).packed) == b""


def test_an_event_needs_the_consent_of_its_ground(fence: Geofence) -> None:
    walker = Walker(consents=(Purpose.LOCATION_FOREGROUND,))
    answer = tell(walker, event(fence, "enter"), event(fence, "enter", background=False))
    assert [(one["status"], one["code"]) for one in answer["results"]] == [
        ("ignored", "consent_missing"),
        ("accepted", None),
    ]


def test_an_empty_or_too_large_batch_is_refused(fence: Geofence) -> None:
    phone = Walker().phone
    assert phone.call("POST", "/region-events", {"events": []}).json()["code"] == "empty_batch"
    many = phone.call("POST", "/region-events", {"events": [event(fence, "enter")] * 501})
    assert (many.status_code, many.json()["code"]) == (413, "batch_too_large")
