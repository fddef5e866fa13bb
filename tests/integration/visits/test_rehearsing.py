"""A made-up shopper walks in: everything happens as for a real one, nothing remains, and nothing foreign is told."""

import threading
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.db import connection, transaction

from geooffers.coupons.models import Outcome
from geooffers.usecases.location.rehearse_visit import Busy, NoWayIn, Rehearsal, rehearse_visit
from geooffers.visits.engine.transitions import Change, Rule
from geooffers.visits.made_up_walks import Manner
from merchants.live_fences import live_fences
from merchants.models import ExclusionZone, FenceTuning, Geofence, Offer, OfferBudget, OfferState, Store, Trigger
from tests.cast import NOON, make_coupon, make_fence, make_offer, make_store

FREE = {"type": "Polygon", "coordinates": [[[24.95, 60.168], [24.955, 60.168], [24.955, 60.1705], [24.953, 60.1705],
                                            [24.953, 60.169], [24.95, 60.169], [24.95, 60.168]]]}  # fmt: skip


@pytest.fixture
def store(db: None) -> Store:
    return make_store()


@pytest.fixture
def fence(store: Store) -> Geofence:
    return make_fence(store, tuning=FenceTuning.WALK_IN)


def rehearsed(fence: Geofence, manner: Manner = Manner.ON_FOOT, **others: Any) -> Rehearsal:
    live_fences.matcher().refresh()
    return rehearse_visit(fence=fence, own=[fence], manner=manner, starts_at=NOON, **others)


def changes(rehearsal: Rehearsal) -> list[Change]:
    return [told.change for one in rehearsal.seen for told in one.told]


def reasons(rehearsal: Rehearsal) -> dict[str, str]:
    return {decision.offer.title: decision.reason for one in rehearsal.seen for decision in one.decisions}


def everything() -> dict[str, list[Any]]:
    """Every row of every table of ours."""
    ours = ("shoppers", "merchants", "notifications", "visits", "coupons", "api", "events", "worker")
    models = [model for label in ours for model in apps.get_app_config(label).get_models()]
    return {model._meta.label: sorted(repr(row) for row in model._default_manager.values_list()) for model in models}


def test_who_walks_in_gets_the_coupon_and_the_push_that_a_real_shopper_would(fence: Geofence, store: Store) -> None:
    make_offer(store)
    seen = rehearsed(fence)
    assert changes(seen) == [Change.ENTERED, Change.LEFT]
    assert reasons(seen) == {"Free cardamom bun": "best"}
    [when] = [one for one in seen.seen if one.coupons]
    assert (when.told[0].rule, when.decisions[0].outcome) == (Rule.WALKED_INSIDE, Outcome.CHOSEN)
    assert [(coupon.title, coupon.text) for coupon in when.coupons] == [
        ("Free cardamom bun", "With any coffee, today.")
    ]
    assert [(push.title, push.body) for push in when.pushes] == [("Free cardamom bun", "With any coffee, today.")]
    assert when.now - when.at < timedelta(seconds=2)


def test_who_drives_by_has_not_walked_in_but_is_seen_at_a_drive_by_fence(fence: Geofence, store: Store) -> None:
    make_offer(store)
    assert changes(rehearsed(fence, Manner.DRIVES_BY)) == []
    Geofence.objects.filter(pk=fence.pk).update(tuning=FenceTuning.DRIVE_BY)
    fence.refresh_from_db()
    assert changes(rehearsed(fence, Manner.DRIVES_BY)) == [Change.ENTERED, Change.LEFT]


@pytest.mark.parametrize("dwell_s", [30, 300, 86_400])
def test_who_stays_dwells(fence: Geofence, store: Store, dwell_s: int) -> None:
    Geofence.objects.filter(pk=fence.pk).update(dwell_s=dwell_s)
    fence.refresh_from_db()
    make_offer(store, trigger=Trigger.DWELLED, title="For those who stay")
    seen = rehearsed(fence, Manner.STAYS)
    assert changes(seen) == [Change.ENTERED, Change.DWELLED, Change.LEFT]
    assert reasons(seen) == {"For those who stay": "best"}


@pytest.mark.parametrize("radius_m", [50, 400, 10_000])
def test_fences_of_every_size_are_walked_into_with_few_fixes(fence: Geofence, radius_m: float) -> None:
    Geofence.objects.filter(pk=fence.pk).update(radius_m=radius_m)
    fence.refresh_from_db()
    seen = rehearsed(fence)
    assert changes(seen) == [Change.ENTERED, Change.LEFT]
    assert len(seen.seen) < 50


def test_a_polygon_that_bends_is_walked_into(fence: Geofence) -> None:
    Geofence.objects.filter(pk=fence.pk).update(
        kind="polygon", geometry=FREE, center_lat=None, center_lon=None, radius_m=None
    )
    fence.refresh_from_db()
    assert changes(rehearsed(fence)) == [Change.ENTERED, Change.LEFT]


def test_the_moment_chosen_is_the_one_that_offers_are_judged_at(fence: Geofence, store: Store) -> None:
    make_offer(store, title="from tomorrow", starts_at=NOON + timedelta(hours=20))
    make_offer(store, title="paused", state=OfferState.PAUSED)
    assert reasons(rehearsed(fence)) == {"from tomorrow": "not_started", "paused": "paused"}
    live_fences.matcher().refresh()
    later = rehearse_visit(fence=fence, own=[fence], manner=Manner.ON_FOOT, starts_at=NOON + timedelta(hours=21))
    assert reasons(later) == {"from tomorrow": "best", "paused": "paused"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("manner", Manner)
def test_nothing_remains(manner: Manner) -> None:
    store = make_store()
    fence = make_fence(store)
    make_offer(store)
    make_offer(store, trigger=Trigger.DWELLED, cap=1)
    before = everything()
    assert sum(map(len, before.values())) > 5
    seen = rehearsed(fence, manner)
    assert any(one.coupons for one in seen.seen)
    assert any(one.pushes for one in seen.seen)
    assert everything() == before
    assert OfferBudget.objects.filter(reserved__gt=0).count() == 0


@pytest.mark.django_db(transaction=True)
def test_nothing_remains_of_one_that_breaks_in_the_middle(settings: Any) -> None:
    fence = make_fence(make_store())
    make_offer(fence.store)
    before = everything()
    settings.CODE_KEYS = "none"
    with pytest.raises(ValueError):  # noqa: PT011  # the keys of codes are unreadable
        rehearsed(fence)
    assert everything() == before


def test_a_neighbours_fence_over_the_same_place_is_not_touched(fence: Geofence, store: Store) -> None:
    make_offer(store)
    theirs = make_store(merchant_name="Bistro Bertil")
    foreign = make_fence(theirs)
    make_offer(theirs, title="Soup")
    seen = rehearsed(fence)
    assert {touch.fence for one in seen.seen for touch in one.touches} == {fence.pk}
    assert {told.fence_id for one in seen.seen for told in one.told} == {fence.public_id}
    assert reasons(seen) == {"Free cardamom bun": "best"}
    assert foreign.pk not in seen.facts


def zone_around(fence: Geofence, *, radius_m: float, east: float = 0.0) -> ExclusionZone:
    return ExclusionZone.objects.create(
        name="clinic", rule="no", kind="circle", center_lat=fence.center_lat, center_lon=fence.center_lon + east,
        radius_m=radius_m,
    )  # fmt: skip


def test_the_way_in_goes_around_an_exclusion_zone_and_there_is_none_through_it(fence: Geofence) -> None:
    there = rehearsed(fence).seen
    begins = there[0].step
    zone = zone_around(fence, radius_m=40)
    ExclusionZone.objects.filter(pk=zone.pk).update(center_lat=begins.lat, center_lon=begins.lon)
    seen = rehearsed(fence)
    assert changes(seen) == [Change.ENTERED, Change.LEFT]
    assert seen.seen[0].step != begins
    assert all(one.result.code is None for one in seen.seen)
    zone_around(fence, radius_m=145)
    with pytest.raises(NoWayIn):
        rehearsed(fence)


def used_up(store: Store, *, cap: int) -> Offer:
    offer = make_offer(store, cap=cap, title=f"cap {cap}")
    for _ in range(cap):
        make_coupon(offer)
    return offer


def test_few_open_coupons_are_not_told_by_a_used_up_cap_and_many_are(fence: Geofence, store: Store) -> None:
    used_up(store, cap=1)
    assert reasons(rehearsed(fence)) == {"cap 1": "best"}
    used_up(store, cap=20)
    assert reasons(rehearsed(fence)) == {"cap 1": "best", "cap 20": "cap_reached"}
    # As they were.
    assert sorted(OfferBudget.objects.values_list("cap", "reserved")) == [(1, 1), (20, 20)]


@pytest.mark.django_db(transaction=True)
def test_a_real_shopper_goes_first(requires_postgresql: None) -> None:
    """SQLite has one writer and no row to wait for.

    The budget is locked as `issuing` locks it; the rehearsal gives up instead of waiting, and leaves nothing.
    """
    fence = make_fence(make_store(), tuning=FenceTuning.WALK_IN)
    offer = make_offer(fence.store)
    live_fences.matcher().refresh()
    before = everything()
    held, done = threading.Event(), threading.Event()

    def hold(offer_id: UUID) -> None:
        try:
            with transaction.atomic():
                OfferBudget.objects.select_for_update().get(pk=offer_id)
                held.set()
                done.wait(20)
        finally:
            connection.close()

    thread = threading.Thread(target=hold, args=(offer.pk,))
    thread.start()
    try:
        assert held.wait(20)
        with pytest.raises(Busy):
            rehearsed(fence)
    finally:
        done.set()
        thread.join()
    assert everything() == before
    assert changes(rehearsed(fence)) == [Change.ENTERED, Change.LEFT]
