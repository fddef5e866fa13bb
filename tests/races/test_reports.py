"""Reports that meet: of one phone, of two phones of one shopper, of many at once.

Each guard has a twin that leaves it out and shows what would happen.
"""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from django.db import OperationalError, connection, transaction

from geooffers.api.edge import clock
from geooffers.callers import device_lookup
from geooffers.coupons.models import Coupon
from geooffers.shoppers.identity import tokens
from geooffers.shoppers.models import Device
from geooffers.statements.inserts import insert_new
from geooffers.usecases.location import report_positions
from geooffers.visits import recording
from geooffers.visits.engine import transitions
from geooffers.visits.engine.observations import Fix, Sighting, Touch
from geooffers.visits.engine.transition_events import Change
from geooffers.visits.engine.transitions import Transition
from geooffers.visits.engine.tuning import DRIVE_BY
from geooffers.visits.models import DeviceState, EndReason, Presence, Visit
from geooffers.visits.state import staleness
from merchants.live_fences import live_fences
from merchants.models import Geofence
from tests import states
from tests.cast import NOON, make_device, make_fence, make_offer, make_shopper, make_store
from tests.races.together import Another, together
from tests.walker import AT_AINO, DOWN_THE_STREET, Walker, fix

# Near enough to be at Café Aino within the minute.
A_FEW_STREETS_AWAY = (60.1745, 24.9525)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]

ROUNDS = 8


def make_aino(*, cap: int = 1000) -> Geofence:
    store = make_store()
    fence = make_fence(store)
    make_offer(store, cap=cap, per_shopper_limit=1000)
    live_fences.matcher().refresh()
    return fence


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def a_fix(when: datetime, place: tuple[float, float], *, uuid: UUID) -> Fix:
    lat, lon = place
    return Fix(uuid=uuid, recorded_at=when, lat=lat, lon=lon, accuracy_m=10, background=False)


# --- two phones leaving together -------------------------------------------------------------------------------


def test_two_phones_that_leave_together_end_the_visit() -> None:
    make_aino()
    shopper = make_shopper()
    phones = [Walker(shopper=shopper) for _ in range(2)]
    now = NOON
    for _ in range(ROUNDS):
        now += timedelta(minutes=2)
        for phone in phones:
            phone.be_at(AT_AINO, now)
        assert Visit.objects.get(ended_at=None).presences.count() == 2
        now += timedelta(minutes=2)
        together(*[partial(phone.be_at, DOWN_THE_STREET, now) for phone in phones])
        assert not Presence.objects.exists()
        assert not Visit.objects.filter(ended_at=None).exists()
    assert Visit.objects.filter(end_reason=EndReason.LEFT).count() == ROUNDS


def test_without_the_visits_lock_two_phones_that_leave_together_leave_it_open(requires_postgresql: None) -> None:
    """The twin: each deletes its own presence and still sees the other's, which is about to be deleted."""
    fence, shopper = make_aino(), make_shopper()
    devices = [make_device(shopper) for _ in range(2)]
    visit = Visit.objects.create(shopper=shopper, fence=fence, began_at=NOON)
    for device in devices:
        Presence.objects.create(visit=visit, device=device, since=NOON)
    both_have_left = threading.Barrier(2)

    def leave(device: Device) -> None:
        with transaction.atomic():
            Presence.objects.filter(visit=visit, device=device).delete()
            both_have_left.wait(10)
            is_empty = not visit.presences.exists()
            both_have_left.wait(10)  # neither commits before the other has looked
            if is_empty:
                Visit.objects.filter(pk=visit.pk).update(ended_at=NOON, end_reason=EndReason.LEFT)

    together(*[partial(leave, device) for device in devices])
    assert not Presence.objects.exists()
    assert Visit.objects.get().is_open, "nobody is there, and the visit goes on"


# --- two reports of one device in the same minute --------------------------------------------------------------


def entering_and_passing(device: Device) -> tuple[list[Fix], list[Fix]]:
    """Of the same minute: ten seconds after the one, the other finds the phone inside."""
    passing = [a_fix(at(40), DOWN_THE_STREET, uuid=UUID(int=1))]
    entering = [a_fix(at(50), AT_AINO, uuid=UUID(int=2))]
    return entering, passing


@pytest.mark.parametrize("enters_first", [True, False])
def test_two_reports_of_one_minute_that_read_the_same_state_both_count(enters_first: bool) -> None:
    """Both have read the state before either writes: the second to write finds another version, and starts over."""
    fence, walker = make_aino(), Walker()
    walker.be_at(A_FEW_STREETS_AWAY, at(5))
    entering, passing = entering_and_passing(walker.device)
    token_hash = tokens.hash_of(walker.phone.token)
    readers = [(device_lookup.find(token_hash=token_hash, now=at(50)), fixes) for fixes in (entering, passing)]
    for caller, fixes in readers if enters_first else reversed(readers):
        report_positions.report_positions(
            reporter=caller,
            consents=caller.given,
            fixes=fixes,
            now=at(55),
        )
    assert Visit.objects.get().is_open
    row = DeviceState.objects.get(device=walker.device)
    state = states.state_in(row)
    assert list(state.inside) == [fence.pk]
    assert state.newest_at == at(50)


def test_two_reports_of_one_minute_at_once_leave_a_visit_and_a_state_that_agree() -> None:
    fence, walkers = make_aino(), [Walker() for _ in range(ROUNDS)]
    for walker in walkers:
        walker.be_at(A_FEW_STREETS_AWAY, at(5))
        reports = [fix(at(50), AT_AINO), fix(at(40), DOWN_THE_STREET)]
        together(*[partial(walker.report, one, now=at(55)) for one in reports])
        state = states.state_in(DeviceState.objects.get(device=walker.device))
        assert list(state.inside) == [fence.pk]
        assert Visit.objects.get(shopper=walker.device.shopper).is_open


def test_a_compare_and_set_on_the_minute_loses_the_entry() -> None:
    """The twin: both reports of the minute find the minute they had read, so the second overwrites the first."""
    fence, walker = make_aino(), Walker()
    walker.be_at(A_FEW_STREETS_AWAY, at(5))
    row = DeviceState.objects.get(device=walker.device)
    entering, passing = entering_and_passing(walker.device)

    def set_if_the_minute_is_the_same(fixes: list[Fix]) -> bool:
        known = states.state_in(row)  # what both have read
        touch = Touch(fence=fence.pk, inside=True, sureness=1, distance_m=150, dwell_s=300, tuning=DRIVE_BY)
        walk = transitions.walk(
            state=known,
            sightings=[Sighting(fix=one, touches=(touch,) if fixes is entering else ()) for one in fixes],
            now=at(55),
            stale_after=timedelta(minutes=60),
        )
        with transaction.atomic():
            written = DeviceState.objects.filter(pk=row.pk, last_fix_at=row.last_fix_at).update(
                packed=states.sealed(walk.state, device_id=row.pk),
                last_fix_at=staleness.minute_of(walk.state.newest_at),
            )
            recording.apply(
                device=walker.device,
                shopper_id=walker.device.shopper_id,
                found=walk.transitions,
                is_gone=lambda fence: False,
            )
        return bool(written)

    assert set_if_the_minute_is_the_same(entering)
    assert set_if_the_minute_is_the_same(passing), "the second write had nothing to stop it"
    assert Visit.objects.get().is_open
    state = states.state_in(DeviceState.objects.get(device=walker.device))
    assert not state.inside, "the visit is open, the state knows nothing of it: nobody will ever leave"


# --- many reports of the same entry ----------------------------------------------------------------------------


def report_as(walker: Walker, one: Fix) -> Any:
    """Read as the API does, then report; 64 calls of one phone in a second would be refused over HTTP."""
    caller = device_lookup.find(token_hash=tokens.hash_of(walker.phone.token), now=one.recorded_at)
    return report_positions.report_positions(
        reporter=caller,
        consents=caller.given,
        fixes=[one],
        now=one.recorded_at,
    )


def test_64_reports_of_the_same_entry_make_one_visit_and_one_coupon() -> None:
    make_aino()
    walker = Walker()
    walker.be_at(DOWN_THE_STREET, NOON)
    entry = a_fix(at(60), AT_AINO, uuid=UUID(int=7))
    reports = together(*[partial(report_as, walker, entry)] * 64)
    assert Visit.objects.count() == 1
    assert Coupon.objects.count() == 1
    assert sum(len(report.transitions) for report in reports) == 1
    # Everybody learns of the coupon, whoever brought it.
    assert {coupon.pk for report in reports for coupon in report.coupons} == {Coupon.objects.get().pk}
    assert all(report.coupons for report in reports)


def test_64_phones_of_one_shopper_that_enter_together_make_one_visit_and_one_coupon() -> None:
    make_aino()
    shopper = make_shopper()
    walkers = [Walker(shopper=shopper) for _ in range(64)]
    together(*[partial(walker.be_at, AT_AINO, NOON) for walker in walkers])
    visit = Visit.objects.get()
    assert visit.presences.count() == 64
    assert Coupon.objects.count() == 1


def test_without_the_constraint_every_phone_has_a_visit_of_its_own() -> None:
    """The twin: who enters first is decided by the constraint alone."""
    fence, shopper = make_aino(), make_shopper()
    devices = [make_device(shopper) for _ in range(4)]
    constraint = next(one for one in Visit._meta.constraints if one.name == "one_open_visit_per_shopper_and_fence")
    entry = Transition(change=Change.ENTERED, fence=fence.pk, at=NOON, pushable=True)

    def enter(device: Device) -> None:
        with transaction.atomic():
            recording.apply(device=device, shopper_id=shopper.pk, found=[entry], is_gone=lambda fence: False)

    with connection.schema_editor() as editor:
        editor.remove_constraint(Visit, constraint)
    try:
        together(*[partial(enter, device) for device in devices])
        assert Visit.objects.filter(shopper=shopper, fence=fence, ended_at=None).count() == 4
    finally:
        Visit.objects.all().delete()
        with connection.schema_editor() as editor:
            editor.add_constraint(Visit, constraint)


def ends_before_it_is_locked(visit: Visit) -> Callable[..., Any]:
    """Around each statement: another phone ends the visit just before this one locks what is open."""
    done = []

    def wrapper(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if sql.startswith("SELECT") and 'FROM "visits_visit"' in sql and not done:
            done.append(True)
            ended = Visit.objects.filter(pk=visit.pk)
            together(partial(ended.update, ended_at=NOON, end_reason=EndReason.LEFT))
        return execute(sql, params, many, context)

    return wrapper


def test_an_entry_whose_visit_ended_before_it_was_locked_begins_the_next(requires_postgresql: None) -> None:
    shopper, store = make_shopper(), make_store()
    fence, beside = make_fence(store), make_fence(store)
    device, theirs = make_device(shopper), Visit.objects.create(shopper=shopper, fence=fence, began_at=NOON)
    entries = [Transition(change=Change.ENTERED, fence=one.pk, at=at(60), pushable=True) for one in (fence, beside)]
    with transaction.atomic(), connection.execute_wrapper(ends_before_it_is_locked(theirs)):
        recorded = recording.apply(device=device, shopper_id=shopper.pk, found=entries, is_gone=lambda fence: False)
    assert [one.is_news for one in recorded] == [True, True]
    assert {one.visit for one in recorded} == set(Visit.objects.filter(ended_at=None, presences__device=device))


def test_an_entry_that_looks_once_has_no_visit(requires_postgresql: None) -> None:
    """The twin: the other phone's visit kept ours from being inserted, and then it was over."""
    fence, shopper = make_fence(make_store()), make_shopper()
    theirs = Visit.objects.create(shopper=shopper, fence=fence, began_at=NOON)
    with transaction.atomic(), connection.execute_wrapper(ends_before_it_is_locked(theirs)):
        assert insert_new([Visit(shopper=shopper, fence=fence, began_at=at(60))]) == set()
        assert not Visit.objects.filter(shopper=shopper, fence=fence, ended_at=None).select_for_update().exists()
    assert not Visit.objects.filter(ended_at=None).exists(), "the phone is inside, and there is no visit"


def test_two_phones_crossing_between_two_fences_never_wait_in_a_circle() -> None:
    """Each report leaves one fence and enters the other, in opposite directions, of the same shopper's visits."""
    make_aino()
    there = (AT_AINO[0] + 0.02, AT_AINO[1])
    make_fence(make_store(merchant_name="Kirjakauppa", lat=there[0], lon=there[1]))
    live_fences.matcher().refresh()
    shopper = make_shopper()
    one, other = Walker(shopper=shopper), Walker(shopper=shopper)
    one.be_at(AT_AINO, NOON)
    other.be_at(there, NOON)
    for number in range(1, 2 * ROUNDS):
        now = NOON + timedelta(minutes=number)
        places = (there, AT_AINO) if number % 2 else (AT_AINO, there)
        together(partial(one.be_at, places[0], now), partial(other.be_at, places[1], now))
    for walker in (one, other):
        state = states.state_in(DeviceState.objects.get(device=walker.device))
        present = set(Presence.objects.filter(device=walker.device, visit__ended_at=None).values_list("visit__fence"))
        assert {fence for (fence,) in present} == set(state.inside)


def test_visits_locked_in_the_order_of_the_walk_wait_in_a_circle(requires_postgresql: None) -> None:
    """The twin: each phone locks the visit it enters, then the one it leaves."""
    shopper = make_shopper()
    visits = [Visit.objects.create(shopper=shopper, fence=make_fence(make_store()), began_at=NOON) for _ in range(2)]
    both_hold_one = threading.Barrier(2)

    def cross(enters: Visit, leaves: Visit) -> bool:
        try:
            with transaction.atomic():
                Visit.objects.select_for_update().get(pk=enters.pk)
                both_hold_one.wait(10)
                Visit.objects.select_for_update().get(pk=leaves.pk)
        except OperationalError:
            return False
        return True

    assert sorted(together(partial(cross, *visits), partial(cross, *reversed(visits)))) == [False, True]


# --- a report and the stale round ------------------------------------------------------------------------------


def test_the_stale_round_passes_by_a_phone_that_is_being_reported_for(requires_postgresql: None) -> None:
    make_aino()
    walker = Walker()
    walker.be_at(AT_AINO, NOON)
    back_at = NOON + timedelta(minutes=62)
    with transaction.atomic():
        DeviceState.objects.select_for_update().get(device=walker.device)
        assert together(partial(recording.close_stale, now=back_at, limit=10)) == [0]
    assert Visit.objects.get().is_open


def test_a_stale_round_that_waits_for_the_report_closes_a_phone_that_is_back(requires_postgresql: None) -> None:
    """The twin: it chose the phone before it waited, and did not look again."""
    make_aino()
    walker = Walker()
    walker.be_at(AT_AINO, NOON)
    back_at = NOON + timedelta(minutes=62)

    def close_unguarded(device: Device) -> None:
        with transaction.atomic():
            DeviceState.objects.select_for_update().get(device=device)
            recording.end_presence_of_device(device=device, now=back_at, reason=EndReason.STALE)

    with transaction.atomic():
        DeviceState.objects.select_for_update().get(device=walker.device)
        stale_round = Another(partial(close_unguarded, walker.device))
        stale_round.wait_until_waiting()
        walker.be_at(AT_AINO, back_at)
    stale_round.result()
    assert not Visit.objects.filter(ended_at=None).exists(), "the phone is inside, and nobody knows"


def test_the_clock_of_a_story_is_its_own_threads() -> None:
    """What the races above rest on: two callers at different times do not move each other's clock."""
    with clock.set_to(NOON):
        told = together(clock.now)
    assert told[0] > NOON + timedelta(days=1)
