"""Four days of a real phone, told to the API at the times at which they happened.

What counts as found: a plain inside test on the reports (geodesic, by another library than ours) finds 23 entries and
22 exits. Each must appear within three reports. A stay that goes on after a silence longer than the stale limit begins
anew; the first fix after such a silence is `appeared_inside`, also where the phone had not been before.
"""

import csv
import json
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest
from geopy.distance import geodesic

from geooffers.coupons.models import Coupon
from geooffers.decisions.interrupting import AT_MOST_EVERY
from geooffers.decisions.models import Decision
from geooffers.redemptions import books
from geooffers.visits import recording
from geooffers.visits.models import DeviceState, EndReason, Presence, Visit
from merchants.live_fences import live_fences
from merchants.models import Geofence
from notifications.models import Delivery
from tests import states
from tests.cast import make_fence, make_offer, make_store
from tests.walker import Walker

pytestmark = pytest.mark.django_db

WITHIN = 3
# What happened where: (number of the report, primary key of the fence).
Events = list[tuple[int, int]]


@pytest.fixture
def reports(shared_data: Path) -> list[dict[str, str]]:
    with (shared_data / "traces" / "phone_with_fence_events.csv").open() as file:
        return sorted(csv.DictReader(file), key=lambda row: row["ts"])


@pytest.fixture
def fences(shared_data: Path) -> list[Geofence]:
    """The eight places of the trace, each a merchant's with an offer that may be had at every visit."""
    fences = []
    for place in json.loads((shared_data / "traces" / "phone_fences.json").read_text()):
        store = make_store(merchant_name=place["id"], lat=place["lat"], lon=place["lon"])
        fences.append(make_fence(store, radius_m=place["radius_m"]))
        make_offer(
            store,
            per_shopper_limit=100,
            starts_at=datetime.fromisoformat("2020-10-01T00:00:00Z"),
            ends_at=datetime.fromisoformat("2020-12-01T00:00:00Z"),
        )
    live_fences.matcher().refresh()
    return fences


def plain_inside_test(reports: list[dict[str, str]], fences: list[Geofence]) -> tuple[Events, Events]:
    entries, exits = [], []
    inside: set[int] = set()
    for number, row in enumerate(reports):
        here = {
            fence.pk
            for fence in fences
            if geodesic((row["lat"], row["lon"]), (fence.center_lat, fence.center_lon)).m <= fence.radius_m
        }
        entries += [(number, fence) for fence in here - inside]
        exits += [(number, fence) for fence in inside - here]
        inside = here
    return entries, exits


def as_fix(row: dict[str, str], number: int) -> dict[str, Any]:
    return {
        "uuid": str(uuid5(NAMESPACE_URL, f"report {number}")),
        "recorded_at": row["ts"],
        "lat": float(row["lat"]),
        "lon": float(row["lon"]),
        "accuracy_m": float(row["accuracy_m"]),
        "background": True,
    }


def everything() -> list[Any]:
    """All rows that a report may write."""
    state = DeviceState.objects.get()
    tables = [list(model.objects.order_by("pk").values_list()) for model in (Visit, Presence)]
    ids = [list(model.objects.order_by("pk").values_list("pk")) for model in (Coupon, Delivery)]
    return [state.version, states.opened(state), state.last_fix_at, tables, ids]


def cross_off(found: Events, wanted: Events) -> None:
    """Take out of `found` what stands for each of `wanted`: the same fence, within three reports, once."""
    for number, fence in wanted:
        near = [event for event in found if event[1] == fence and number <= event[0] <= number + WITHIN]
        assert near, f"report {number} at fence {fence} was not found"
        found.remove(near[0])


def test_a_recorded_phone_is_followed_into_and_out_of_every_fence(
    reports: list[dict[str, str]], fences: list[Geofence]
) -> None:
    entries, exits = plain_inside_test(reports, fences)
    assert (len(entries), len(exits)) == (23, 22)
    walker = Walker(now=datetime.fromisoformat(reports[0]["ts"]) - timedelta(days=1))

    begun: Events = []
    ended: Events = []
    open_before: dict[Any, int] = {}
    for number, row in enumerate(reports):
        now = datetime.fromisoformat(row["ts"])
        recording.close_stale(now=now, limit=100)
        answer = walker.report(as_fix(row, number), now=now)
        assert [result["status"] for result in answer["results"]] == ["accepted"]
        open_now = dict(Visit.objects.filter(ended_at=None).values_list("pk", "fence"))
        begun += [(number, fence) for visit, fence in open_now.items() if visit not in open_before]
        ended += [(number, fence) for visit, fence in open_before.items() if visit not in open_now]
        open_before = open_now
        # Each visit brought its coupon in the answer to the report that began it, and nothing else did.
        assert len(answer["coupons"]) == sum(
            told["change"] in ("entered", "appeared_inside") for told in answer["transitions"]
        )

        told_once = everything()
        again = walker.report(as_fix(row, number), now=now)
        assert again["transitions"] == []
        assert everything() == told_once

    stays_going_on = begun.copy()
    cross_off(stays_going_on, entries)
    cross_off(ended, exits)
    # What remains are the three stays that went on after a silence: closed as stale, begun anew.
    assert len(stays_going_on) == len(ended) == 3
    assert [event in ended for event in stays_going_on] == [True] * 3
    for number, fence in stays_going_on:
        visit = Visit.objects.get(fence=fence, began_at=reports[number]["ts"])
        assert visit.appeared_inside
        before = Visit.objects.filter(fence=fence, began_at__lt=visit.began_at).latest("began_at")
        assert before.end_reason == EndReason.STALE
        assert before.ended_at == datetime.fromisoformat(reports[number - 1]["ts"])

    visits = list(Visit.objects.order_by("began_at", "fence").values_list("pk", flat=True))
    assert len(visits) == 26
    assert list(Coupon.objects.order_by("visit__began_at", "visit__fence").values_list("visit", flat=True)) == visits
    assert Coupon.objects.values("visit", "offer").distinct().count() == 26
    # Each was told, or came within ten minutes of one that was.
    messages = list(Decision.objects.order_by("at").values_list("at", "message"))
    assert {message for _, message in messages} == {"owed", "too_soon"}
    owed = [at for at, message in messages if message == "owed"]
    assert Delivery.objects.count() == len(owed)
    assert all(later - at >= AT_MOST_EVERY for at, later in pairwise(owed))
    for silent_at in (at for at, message in messages if message == "too_soon"):
        assert any(timedelta(0) <= silent_at - at < AT_MOST_EVERY for at in owed)
    assert books.check_books() == []
