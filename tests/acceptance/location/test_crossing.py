"""Somebody drives through a drive-by fence between two reports: it is written down, and nobody is offered anything."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from geooffers.coupons.models import Coupon
from geooffers.decisions.models import Decision
from geooffers.visits.models import EndReason, Presence, Visit
from merchants.live_fences import live_fences
from merchants.models import FenceTuning, Geofence
from notifications.models import Delivery
from tests.cast import AINO_LAT, AINO_LON, NOON, make_fence, make_offer, make_store
from tests.walker import AT_AINO, Walker, fix

pytestmark = [pytest.mark.django_db, pytest.mark.both]
SOUTH, NORTH = (AINO_LAT - 0.0045, AINO_LON), (AINO_LAT + 0.0045, AINO_LON)
HALFWAY, ACROSS = NOON + timedelta(seconds=25), NOON + timedelta(seconds=50)


@pytest.fixture
def aino() -> Iterator[Geofence]:
    """Café Aino with its drive-by fence and an offer to who enters."""
    store = make_store()
    fence = make_fence(store)
    make_offer(store)
    live_fences.matcher().refresh()
    return fence


def test_driving_through_is_recorded_as_crossed_and_nobody_is_pushed(aino: Geofence) -> None:
    walker = Walker()
    walker.be_at(SOUTH, NOON)
    answer = walker.be_at(NORTH, ACROSS)
    assert [(one["change"], one["fence_id"]) for one in answer["transitions"]] == [("crossed", str(aino.public_id))]
    assert answer["coupons"] == []
    visit = Visit.objects.get()
    assert (visit.end_reason, visit.began_at) == (EndReason.CROSSED, visit.ended_at)
    assert NOON < visit.began_at < HALFWAY
    assert not Presence.objects.exists()
    assert [model.objects.count() for model in (Coupon, Decision, Delivery)] == [0, 0, 0]


def test_a_crossing_is_told_with_the_same_confidence_when_it_is_told_late(aino: Geofence) -> None:
    before = AINO_LAT - 0.0050, AINO_LON
    for walker, order in ((Walker(), (SOUTH, NORTH)), (Walker(), (before, NORTH, SOUTH))):
        for place in order:
            at = {SOUTH: NOON, NORTH: ACROSS, before: NOON - timedelta(hours=1)}[place]
            walker.report(fix(at, place, accuracy_m=120), now=max(at, ACROSS))
    in_order, late = Visit.objects.order_by("pk")
    assert in_order.end_reason == late.end_reason == EndReason.CROSSED
    assert in_order.confidence == late.confidence < 1


def test_a_fix_inside_on_the_same_way_is_an_entry_and_is_pushed(aino: Geofence) -> None:
    """So that the silence above is not for another reason."""
    walker = Walker()
    walker.be_at(SOUTH, NOON)
    assert [one["change"] for one in walker.be_at(AT_AINO, HALFWAY)["transitions"]] == ["entered"]
    assert Delivery.objects.count() == 1


def test_a_late_fix_inside_turns_the_crossing_into_a_visit_that_pushes_nobody(aino: Geofence) -> None:
    walker = Walker()
    walker.be_at(SOUTH, NOON)
    walker.be_at(NORTH, ACROSS)
    assert [one["change"] for one in walker.report(fix(HALFWAY, AT_AINO), now=ACROSS)["transitions"]] == ["corrected"]
    crossing, visit = Visit.objects.order_by("began_at")
    assert crossing.end_reason == EndReason.CORRECTED
    assert (visit.end_reason, visit.began_at, visit.ended_at) == (EndReason.LEFT, HALFWAY, ACROSS)
    assert [model.objects.count() for model in (Coupon, Delivery)] == [0, 0]


def test_at_a_fence_for_walkers_driving_through_is_nothing(aino: Geofence) -> None:
    Geofence.objects.update(tuning=FenceTuning.WALK_IN)
    live_fences.matcher().refresh()
    walker = Walker()
    walker.be_at(SOUTH, NOON)
    assert walker.be_at(NORTH, ACROSS)["transitions"] == []
    assert not Visit.objects.exists()


def test_who_strolls_is_not_looked_for_on_the_way(aino: Geofence, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a report of somebody on foot costs what it did."""
    asked = []
    index = type(live_fences.matcher().current().index)
    nearest = index.nearest
    monkeypatch.setattr(index, "nearest", lambda self, **about: asked.append(about) or nearest(self, **about))
    walker = Walker()
    walker.be_at(SOUTH, NOON)
    near = (SOUTH[0] - 0.0001, SOUTH[1])
    walker.be_at(near, NOON + timedelta(seconds=40))
    assert asked == []
    walker.be_at(NORTH, NOON + timedelta(seconds=80))
    assert len(asked) == 1
