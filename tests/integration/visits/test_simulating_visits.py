"""A made-up shopper walks in: all comes of it that would of a real one's walk, nothing is written, and nothing foreign
is told.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from geooffers.callers import device_lookup
from geooffers.decisions.choosing import Outcome
from geooffers.decisions.models import Decision, MessageOutcome
from geooffers.shoppers.identity import tokens
from geooffers.usecases.location.report_positions import Report, report_positions
from geooffers.usecases.location.simulate_visit import NoWayIn, SimulatedVisit, simulate_visit
from geooffers.visits.engine.observations import Fix
from geooffers.visits.engine.transition_events import Change, Rule
from geooffers.visits.simulated_walks import Manner
from merchants.live_fences import live_fences
from merchants.models import (
    ExclusionZone,
    FenceTuning,
    Geofence,
    Merchant,
    Offer,
    OfferBudget,
    OfferState,
    Store,
    Trade,
    Trigger,
)
from merchants.offers import budgets
from notifications.models import Delivery, Message
from tests.cast import NOON, make_coupon, make_fence, make_offer, make_store
from tests.walker import Walker

pytestmark = pytest.mark.both

FREE = {"type": "Polygon", "coordinates": [[[24.95, 60.168], [24.955, 60.168], [24.955, 60.1705], [24.953, 60.1705],
                                            [24.953, 60.169], [24.95, 60.169], [24.95, 60.168]]]}  # fmt: skip


@pytest.fixture
def store(db: None) -> Store:
    return make_store()


@pytest.fixture
def fence(store: Store) -> Geofence:
    return make_fence(store, tuning=FenceTuning.WALK_IN)


def simulated(fence: Geofence, manner: Manner = Manner.ON_FOOT, **others: Any) -> SimulatedVisit:
    live_fences.matcher().refresh()
    return simulate_visit(fence=fence, own=[fence], manner=manner, starts_at=NOON, **others)


def changes(visit: SimulatedVisit) -> list[Change]:
    return [one.change for seen in visit.seen for one in seen.transitions]


def reasons(visit: SimulatedVisit) -> dict[str, str]:
    return {one.offer.title: one.reason for seen in visit.seen for one in seen.candidates}


def everything() -> dict[str, list[Any]]:
    """Every row of every table of ours."""
    ours = (
        "shoppers",
        "merchants",
        "notifications",
        "visits",
        "coupons",
        "decisions",
        "callers",
        "api",
        "worker",
        "ledger",
        "redemptions",
        "events",
    )
    models = [model for label in ours for model in apps.get_app_config(label).get_models()]
    return {model._meta.label: sorted(repr(row) for row in model._default_manager.values_list()) for model in models}


def test_who_walks_in_gets_the_coupon_and_the_push_that_a_real_shopper_would(fence: Geofence, store: Store) -> None:
    make_offer(store)
    seen = simulated(fence)
    assert changes(seen) == [Change.ENTERED, Change.LEFT]
    assert reasons(seen) == {"Free cardamom bun": "best"}
    [when] = [one for one in seen.seen if one.coupon]
    assert (when.transitions[0].rule, when.candidates[0].outcome) == (Rule.WALKED_INSIDE, Outcome.CHOSEN)
    coupon = when.coupon
    assert coupon is not None
    assert coupon.push is not None
    assert coupon.message is MessageOutcome.OWED
    assert (coupon.offer.title, coupon.offer.text) == ("Free cardamom bun", "With any coffee, today.")
    assert (coupon.push.title, coupon.push.body) == ("Free cardamom bun", "With any coffee, today.")
    assert when.now - when.at < timedelta(seconds=2)


def test_who_drives_by_has_not_walked_in_but_is_seen_at_a_drive_by_fence(fence: Geofence, store: Store) -> None:
    make_offer(store)
    assert changes(simulated(fence, Manner.DRIVES_BY)) == []
    Geofence.objects.filter(pk=fence.pk).update(tuning=FenceTuning.DRIVE_BY)
    fence.refresh_from_db()
    assert changes(simulated(fence, Manner.DRIVES_BY)) == [Change.ENTERED, Change.LEFT]


@pytest.mark.parametrize("dwell_s", [30, 300, 86_400])
def test_who_stays_dwells(fence: Geofence, store: Store, dwell_s: int) -> None:
    Geofence.objects.filter(pk=fence.pk).update(dwell_s=dwell_s)
    fence.refresh_from_db()
    make_offer(store, trigger=Trigger.DWELLED, title="For those who stay")
    seen = simulated(fence, Manner.STAYS)
    assert changes(seen) == [Change.ENTERED, Change.DWELLED, Change.LEFT]
    assert reasons(seen) == {"For those who stay": "best"}


@pytest.mark.parametrize("radius_m", [50, 400, 10_000])
def test_fences_of_every_size_are_walked_into_with_few_fixes(fence: Geofence, radius_m: float) -> None:
    Geofence.objects.filter(pk=fence.pk).update(radius_m=radius_m)
    fence.refresh_from_db()
    seen = simulated(fence)
    assert changes(seen) == [Change.ENTERED, Change.LEFT]
    assert len(seen.seen) < 50


def test_a_polygon_that_bends_is_walked_into(fence: Geofence) -> None:
    Geofence.objects.filter(pk=fence.pk).update(
        kind="polygon", geometry=FREE, center_lat=None, center_lon=None, radius_m=None
    )
    fence.refresh_from_db()
    assert changes(simulated(fence)) == [Change.ENTERED, Change.LEFT]


def test_the_moment_chosen_is_the_one_that_offers_are_judged_at(fence: Geofence, store: Store) -> None:
    make_offer(store, title="from tomorrow", starts_at=NOON + timedelta(hours=20))
    make_offer(store, title="paused", state=OfferState.PAUSED)
    assert reasons(simulated(fence)) == {"from tomorrow": "not_started", "paused": "paused"}
    live_fences.matcher().refresh()
    later = simulate_visit(fence=fence, own=[fence], manner=Manner.ON_FOOT, starts_at=NOON + timedelta(hours=21))
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
    seen = simulated(fence, manner)
    assert any(one.coupon and one.coupon.push for one in seen.seen)
    assert everything() == before
    assert OfferBudget.objects.filter(reserved__gt=0).count() == 0


def test_a_neighbours_fence_over_the_same_place_is_not_touched(fence: Geofence, store: Store) -> None:
    make_offer(store)
    theirs = make_store(merchant_name="Bistro Bertil")
    foreign = make_fence(theirs)
    make_offer(theirs, title="Soup")
    seen = simulated(fence)
    assert {touch.fence for one in seen.seen for touch in one.touches} == {fence.pk}
    assert {one.fence for each in seen.seen for one in each.transitions} == {fence.pk}
    assert reasons(seen) == {"Free cardamom bun": "best"}
    assert foreign.pk not in seen.facts


def zone_around(fence: Geofence, *, radius_m: float, east: float = 0.0) -> ExclusionZone:
    return ExclusionZone.objects.create(
        name="clinic", rule="no", kind="circle", center_lat=fence.center_lat, center_lon=fence.center_lon + east,
        radius_m=radius_m,
    )  # fmt: skip


def test_the_way_in_goes_around_an_exclusion_zone_and_there_is_none_through_it(fence: Geofence) -> None:
    there = simulated(fence).seen
    begins = there[0].step
    zone = zone_around(fence, radius_m=40)
    ExclusionZone.objects.filter(pk=zone.pk).update(center_lat=begins.lat, center_lon=begins.lon)
    seen = simulated(fence)
    assert changes(seen) == [Change.ENTERED, Change.LEFT]
    assert seen.seen[0].step != begins
    assert all(one.result.code is None for one in seen.seen)
    zone_around(fence, radius_m=145)
    with pytest.raises(NoWayIn):
        simulated(fence)


def used_up(store: Store, *, cap: int) -> Offer:
    offer = make_offer(store, cap=cap, title=f"cap {cap}")
    for _ in range(cap):
        make_coupon(offer)
    return offer


def test_few_open_coupons_are_not_told_by_a_used_up_cap_and_many_are(fence: Geofence, store: Store) -> None:
    used_up(store, cap=1)
    assert reasons(simulated(fence)) == {"cap 1": "best"}
    used_up(store, cap=20)
    assert reasons(simulated(fence)) == {"cap 1": "best", "cap 20": "cap_reached"}
    # As they were.
    assert sorted(OfferBudget.objects.values_list("cap", "reserved")) == [(1, 1), (20, 20)]


# --- it reads, and waits for nobody ----------------------------------------------------------------------------


@contextmanager
def read_only() -> Iterator[None]:
    """The connection refuses every write."""
    if connection.vendor == "postgresql":
        statements = ("SET default_transaction_read_only = on", "SET default_transaction_read_only = off")
    else:
        statements = ("PRAGMA query_only = on", "PRAGMA query_only = off")
    with connection.cursor() as cursor:
        cursor.execute(statements[0])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(statements[1])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("manner", Manner)
def test_a_connection_that_cannot_write_is_enough(manner: Manner) -> None:
    fence = make_fence(make_store(), tuning=FenceTuning.DRIVE_BY)
    make_offer(fence.store)
    with read_only():
        visit = simulated(fence, manner)
        with pytest.raises(DatabaseError):
            make_offer(fence.store)
    assert [one.coupon.offer.title for one in visit.seen if one.coupon] == ["Free cardamom bun"]


@pytest.mark.django_db(transaction=True)
def test_a_budget_that_is_locked_is_not_waited_for() -> None:
    """Somebody's coupon is being issued: the offer's budget is locked, as `issuing` locks it. On SQLite all is."""
    fence = make_fence(make_store(), tuning=FenceTuning.WALK_IN)
    offer = make_offer(fence.store)
    live_fences.matcher().refresh()
    held, done = threading.Event(), threading.Event()

    def hold(offer_id: UUID) -> None:
        try:
            with transaction.atomic():
                assert budgets.reserve(offer_id=offer_id)
                held.set()
                done.wait(60)
        finally:
            connection.close()

    thread = threading.Thread(target=hold, args=(offer.pk,))
    thread.start()
    try:
        assert held.wait(20)
        assert reasons(simulated(fence)) == {"Free cardamom bun": "best"}
        assert thread.is_alive()
        assert not done.is_set()
    finally:
        done.set()
        thread.join()


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_opened_and_nothing_is_locked() -> None:
    fence = make_fence(make_store(), tuning=FenceTuning.WALK_IN)
    make_offer(fence.store)
    live_fences.matcher().refresh()
    with CaptureQueriesContext(connection) as asked:
        simulate_visit(fence=fence, own=[fence], manner=Manner.ON_FOOT, starts_at=NOON)
    statements = [each["sql"] for each in asked.captured_queries]
    assert statements
    assert all(sql.startswith("SELECT") and "FOR " not in sql for sql in statements), statements


# --- it says what a real report would do -----------------------------------------------------------------------


def real_walk(visit: SimulatedVisit) -> list[tuple[datetime, Report]]:
    """The same steps by a new shopper who has agreed to everything: the time of each fix, and the report's answer."""
    walker = Walker()
    reports = []
    for one in visit.seen:
        caller = device_lookup.find(token_hash=tokens.hash_of(walker.phone.token), now=one.now)
        assert caller is not None
        fix = Fix(
            uuid=uuid4(), recorded_at=one.at, lat=one.step.lat, lon=one.step.lon, accuracy_m=one.step.accuracy_m,
            background=True, speed_mps=one.step.speed_mps,
        )  # fmt: skip
        reports.append((one.at, report_positions(reporter=caller, consents=caller.given, fixes=[fix], now=one.now)))
    return reports


@pytest.mark.parametrize("manner", Manner)
@pytest.mark.parametrize("tuning", FenceTuning)
def test_a_real_shopper_of_the_same_walk_gets_the_same(
    fence: Geofence, store: Store, manner: Manner, tuning: FenceTuning
) -> None:
    Geofence.objects.filter(pk=fence.pk).update(tuning=tuning)
    fence.refresh_from_db()
    make_offer(store, title="The best", ends_at=NOON + timedelta(hours=3))
    make_offer(store, title="The second")
    make_offer(store, title="For those who stay", trigger=Trigger.DWELLED)
    make_offer(store, title="Paused", state=OfferState.PAUSED)
    make_offer(store, title="Tomorrow", starts_at=NOON + timedelta(hours=20))
    visit = simulated(fence, manner)
    reports = real_walk(visit)
    assert [
        (one.at, each.change, each.at, each.confidence, each.rule, each.pushable)
        for one in visit.seen
        for each in one.transitions
    ] == [
        (at, each.change, each.at, each.confidence, each.rule, each.pushable)
        for at, report in reports
        for each in report.transitions
    ]
    assert [(one.result.status, one.result.code) for one in visit.seen] == [
        (report.results[0].status, report.results[0].code) for _, report in reports
    ]
    assert simulated_choices(visit) == real_choices()
    given = [(one.at, one.coupon) for one in visit.seen if one.coupon]
    assert [(at, coupon.offer.pk, coupon.expires_at) for at, coupon in given] == [
        (at, coupon.offer_id, coupon.expires_at) for at, report in reports for coupon in report.coupons
    ]
    chosen = Decision.objects.filter(outcome=Outcome.CHOSEN).order_by("at")
    assert [coupon.message for _, coupon in given] == list(chosen.values_list("message", flat=True))
    pushes = [coupon.push for _, coupon in given if coupon.push]
    assert [(push.title, push.body, push.expires_at) for push in pushes] == list(
        Message.objects.order_by("created_at").values_list("title", "body", "expires_at")
    )


def simulated_choices(visit: SimulatedVisit) -> list[tuple[Any, ...]]:
    return sorted(
        (seen.now, one.offer.pk, one.outcome, one.reason, one.score) for seen in visit.seen for one in seen.candidates
    )


def real_choices() -> list[tuple[Any, ...]]:
    return sorted(
        (decision.at, UUID(one["offer"]), one["outcome"], one["reason"], one["score"])
        for decision in Decision.objects.all()
        for one in decision.candidates
    )


def test_what_was_given_on_the_way_counts_for_the_rest_of_the_walk(fence: Geofence, store: Store) -> None:
    """Another fence of the store, around the first: the walk enters both, and an offer is had once."""
    around = make_fence(store, tuning=FenceTuning.WALK_IN, radius_m=fence.radius_m + 60)
    make_offer(store)
    live_fences.matcher().refresh()
    visit = simulate_visit(fence=fence, own=[fence, around], manner=Manner.ON_FOOT, starts_at=NOON)
    assert changes(visit).count(Change.ENTERED) == 2
    assert [one.reason for seen in visit.seen for one in seen.candidates] == ["best", "shopper_limit"]
    real_walk(visit)
    assert simulated_choices(visit) == real_choices()


def test_moments_of_one_report_compete_and_a_second_push_waits_ten_minutes(fence: Geofence, store: Store) -> None:
    """Two fences over each other are entered by one fix: one coupon comes of it. Staying brings another, unpushed."""
    Geofence.objects.filter(pk=fence.pk).update(dwell_s=120)
    fence.refresh_from_db()
    other = make_fence(store, tuning=FenceTuning.WALK_IN)
    make_offer(store, title="The best", ends_at=NOON + timedelta(hours=3), per_shopper_limit=5)
    make_offer(store, title="For those who stay", trigger=Trigger.DWELLED)
    live_fences.matcher().refresh()
    visit = simulate_visit(fence=fence, own=[fence, other], manner=Manner.STAYS, starts_at=NOON)
    entered = next(one for one in visit.seen if one.candidates)
    assert [one.reason for one in entered.candidates] == ["best", "other_moment"]
    messages = [(one.coupon.offer.title, one.coupon.message) for one in visit.seen if one.coupon]
    assert messages[:2] == [("The best", MessageOutcome.OWED), ("For those who stay", MessageOutcome.TOO_SOON)]
    real_walk(visit)
    assert simulated_choices(visit) == real_choices()
    assert Delivery.objects.count() == 1


def test_drafts_and_what_is_over_are_candidates_of_a_simulation_alone(fence: Geofence, store: Store) -> None:
    make_offer(store, title="Draft", state=OfferState.DRAFT)
    make_offer(store, title="Ended", state=OfferState.ENDED)
    make_offer(store, title="Over", starts_at=NOON - timedelta(days=2), ends_at=NOON - timedelta(hours=1))
    Offer.objects.filter(pk=make_offer(store, title="Put away").pk).update(archived_at=NOON)
    make_offer(store)
    visit = simulated(fence)
    assert reasons(visit) == {
        "Draft": "not_published",
        "Ended": "ended",
        "Over": "ended",
        "Free cardamom bun": "best",
    }
    real_walk(visit)
    assert [reason for _, _, _, reason, _ in real_choices()] == ["best"]


def test_one_merchant_that_may_not_push_where_it_is_is_told_so(fence: Geofence, store: Store) -> None:
    Merchant.objects.filter(pk=store.merchant_id).update(trade=Trade.HEALTH)
    make_offer(store)
    [coupon] = [one.coupon for one in simulated(fence).seen if one.coupon]
    assert (coupon.message, coupon.push) == (MessageOutcome.BARRED, None)


@pytest.mark.parametrize("cap", [1, 19])
def test_a_visitor_leaves_no_trace_in_it(fence: Geofence, store: Store, cap: int) -> None:
    """Somebody comes and takes the last of few places: the next simulation reads as the one before."""
    offer = make_offer(store, cap=cap)
    for _ in range(cap - 1):
        make_coupon(offer)
    before = simulated(fence)
    real_walk(before)
    assert OfferBudget.objects.get().reserved == cap
    after = simulated(fence)
    assert [one.coupon for one in after.seen] == [one.coupon for one in before.seen]
    assert simulated_choices(after) == simulated_choices(before)
