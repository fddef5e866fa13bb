"""What visits and presence say after a phone's transitions."""

import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import transaction

from geooffers import events
from geooffers.shoppers.models import Device, Shopper
from geooffers.visits import recording
from geooffers.visits.engine.corrections import CorrectedStay, Correction
from geooffers.visits.engine.observations import to_ms
from geooffers.visits.engine.plausibility import PlaceSeen
from geooffers.visits.engine.stays import Stay
from geooffers.visits.engine.timeline import Known
from geooffers.visits.engine.transition_events import Change
from geooffers.visits.engine.transitions import State, Transition
from geooffers.visits.engine.tuning import DRIVE_BY
from geooffers.visits.models import DeviceState, EndReason, Presence, Visit
from tests import states
from tests.cast import NOON, make_device, make_fence, make_shopper, make_store
from tests.statements import listed

pytestmark = [pytest.mark.django_db, pytest.mark.both]


def apply(device: Device, *found: Transition, gone: Iterable[int] = ()) -> list[recording.Recorded]:
    with transaction.atomic():
        return recording.apply(
            device=device, shopper_id=device.shopper_id, found=found, is_gone=lambda fence: fence in set(gone)
        )


def change(what: Change, fence: int, *, minutes: float = 0, stale: bool = False) -> Transition:
    return Transition(change=what, fence=fence, at=NOON + timedelta(minutes=minutes), pushable=True, stale=stale)


def remember(device: Device, fence: int, *, last_inside_at: datetime) -> None:
    """The state as a report leaves it: inside `fence` since noon."""
    newest_ms = to_ms(last_inside_at)
    stay = Stay(entered_ms=to_ms(NOON), last_inside_ms=newest_ms, dwell_s=300, tuning=DRIVE_BY, begun=True)
    place = PlaceSeen(at_ms=newest_ms, lat=60.169, lon=24.952, accuracy_m=10, speed_mps=None)
    known = Known(at_ms=newest_ms, place=place, stays={fence: stay})
    state = State(known=known, base=known, remembered=(11, 12))
    DeviceState.objects.filter(device=device).update(
        packed=states.sealed(state, device_id=device.pk), last_fix_at=last_inside_at.replace(second=0), version=3
    )


def test_an_entry_begins_a_visit_with_the_phone_in_it() -> None:
    device, fence = make_device(), make_fence(make_store())
    [entry] = apply(device, change(Change.ENTERED, fence.pk))
    assert entry.is_news
    visit = Visit.objects.get()
    assert (visit.began_at, visit.appeared_inside, visit.is_open) == (NOON, False, True)
    assert Presence.objects.get().device == device


def test_the_second_phone_of_a_shopper_joins_the_visit_and_is_no_news() -> None:
    shopper, fence = make_shopper(), make_fence(make_store())
    first, second = make_device(shopper), make_device(shopper)
    apply(first, change(Change.ENTERED, fence.pk))
    [entry] = apply(second, change(Change.ENTERED, fence.pk, minutes=1))
    assert not entry.is_news
    assert Visit.objects.get().presences.count() == 2


def test_another_shopper_has_a_visit_of_their_own() -> None:
    fence = make_fence(make_store())
    apply(make_device(), change(Change.ENTERED, fence.pk))
    apply(make_device(), change(Change.ENTERED, fence.pk))
    assert Visit.objects.count() == 2


def test_a_visit_ends_when_the_last_phone_has_left() -> None:
    shopper, fence = make_shopper(), make_fence(make_store())
    first, second = make_device(shopper), make_device(shopper)
    apply(first, change(Change.ENTERED, fence.pk))
    apply(second, change(Change.ENTERED, fence.pk))
    [left] = apply(first, change(Change.LEFT, fence.pk, minutes=10))
    assert not left.is_news
    assert Visit.objects.get().is_open
    [left] = apply(second, change(Change.LEFT, fence.pk, minutes=12))
    assert left.is_news
    visit = Visit.objects.get()
    assert (visit.ended_at, visit.end_reason) == (NOON + timedelta(minutes=12), EndReason.LEFT)
    assert not Presence.objects.exists()


def test_a_visit_dwells_once_for_all_phones() -> None:
    shopper, fence = make_shopper(), make_fence(make_store())
    first, second = make_device(shopper), make_device(shopper)
    for device in (first, second):
        apply(device, change(Change.ENTERED, fence.pk))
    [one] = apply(first, change(Change.DWELLED, fence.pk, minutes=5))
    [other] = apply(second, change(Change.DWELLED, fence.pk, minutes=6))
    assert (one.is_news, other.is_news) == (True, False)
    assert Visit.objects.get().dwelled_at == NOON + timedelta(minutes=5)


def test_a_whole_story_in_one_report_keeps_its_order() -> None:
    device, store = make_device(), make_store()
    cafe, mall = make_fence(store), make_fence(store)
    found = [
        change(Change.ENTERED, mall.pk),
        change(Change.ENTERED, cafe.pk, minutes=1),
        change(Change.LEFT, mall.pk, minutes=2),
        change(Change.LEFT, cafe.pk, minutes=3),
        change(Change.ENTERED, cafe.pk, minutes=4),
    ]
    assert [entry.transition for entry in apply(device, *found)] == found
    assert list(Visit.objects.order_by("began_at").values_list("fence_id", "ended_at")) == [
        (mall.pk, NOON + timedelta(minutes=2)),
        (cafe.pk, NOON + timedelta(minutes=3)),
        (cafe.pk, None),
    ]


def test_leaving_a_fence_that_was_archived_says_so() -> None:
    device, fence = make_device(), make_fence(make_store())
    apply(device, change(Change.ENTERED, fence.pk))
    apply(device, change(Change.LEFT, fence.pk, minutes=1), gone=[fence.pk])
    assert Visit.objects.get().end_reason == EndReason.FENCE_GONE


def test_leaving_a_visit_that_others_ended_writes_nothing() -> None:
    device, fence = make_device(), make_fence(make_store())
    apply(device, change(Change.ENTERED, fence.pk))
    recording.end_presence_of_device(device=device, now=NOON, reason=EndReason.WITHDRAWN)
    assert apply(device, change(Change.LEFT, fence.pk, minutes=1)) == []
    assert Visit.objects.get().end_reason == EndReason.WITHDRAWN


def test_withdrawing_ends_the_phones_presence_and_empties_its_state() -> None:
    shopper, fence = make_shopper(), make_fence(make_store())
    first, second = make_device(shopper), make_device(shopper)
    for device in (first, second):
        apply(device, change(Change.ENTERED, fence.pk))
        remember(device, fence.pk, last_inside_at=NOON)
    assert recording.end_presence_of_device(device=first, now=NOON, reason=EndReason.WITHDRAWN) == 0
    state = DeviceState.objects.get(device=first)
    assert (bytes(state.packed), state.last_fix_at, state.version) == (b"", None, 4)
    assert Visit.objects.get().is_open
    assert recording.end_presence_of_device(device=second, now=NOON, reason=EndReason.WITHDRAWN) == 1
    assert Visit.objects.get().end_reason == EndReason.WITHDRAWN


def test_a_silent_phones_visit_ends_at_the_last_time_known() -> None:
    device, fence = make_device(), make_fence(make_store())
    apply(device, change(Change.ENTERED, fence.pk))
    last_inside_at = NOON + timedelta(minutes=20, seconds=30)
    remember(device, fence.pk, last_inside_at=last_inside_at)
    assert recording.close_stale(now=NOON + timedelta(minutes=80), limit=10) == 0
    assert Visit.objects.get().is_open
    assert recording.close_stale(now=NOON + timedelta(minutes=81), limit=10) == 1
    visit = Visit.objects.get()
    assert (visit.ended_at, visit.end_reason) == (last_inside_at, EndReason.STALE)
    assert recording.close_stale(now=NOON + timedelta(minutes=82), limit=10) == 0


def test_the_state_of_a_silent_phone_keeps_no_place() -> None:
    device, fence = make_device(), make_fence(make_store())
    remember(device, fence.pk, last_inside_at=NOON)
    recording.close_stale(now=NOON + timedelta(hours=2), limit=10)
    row = DeviceState.objects.get(device=device)
    state = states.state_in(row)
    assert (row.last_fix_at, row.version) == (None, 4)
    nothing = Known(at_ms=to_ms(NOON))
    assert state == State(known=nothing, base=nothing, remembered=(11, 12))


def test_a_phone_that_goes_silent_does_not_end_the_visit_before_another_was_seen_to_leave() -> None:
    shopper, fence = make_shopper(), make_fence(make_store())
    silent, leaving = make_device(shopper), make_device(shopper)
    for device in (silent, leaving):
        apply(device, change(Change.ENTERED, fence.pk))
    remember(silent, fence.pk, last_inside_at=NOON + timedelta(minutes=5))
    apply(leaving, change(Change.LEFT, fence.pk, minutes=30))
    recording.close_stale(now=NOON + timedelta(minutes=90), limit=10)
    assert Visit.objects.get().ended_at == NOON + timedelta(minutes=30)


def test_the_stale_round_takes_a_batch_at_a_time() -> None:
    fence = make_fence(make_store())
    for _ in range(3):
        remember(make_device(), fence.pk, last_inside_at=NOON)
    late = NOON + timedelta(hours=2)
    assert [recording.close_stale(now=late, limit=2) for _ in range(3)] == [2, 1, 0]


def test_presence_that_a_damaged_state_forgot_is_ended() -> None:
    device, store = make_device(), make_store()
    here, elsewhere = make_fence(store), make_fence(store)
    for fence in (here, elsewhere):
        apply(device, change(Change.ENTERED, fence.pk))
    recording.end_forgotten_presence(device=device, now=NOON + timedelta(minutes=1), inside={here.pk})
    assert [visit.fence_id for visit in Visit.objects.filter(ended_at=None)] == [here.pk]


# --- many at once ----------------------------------------------------------------------------------------------

CHANGES = (Change.ENTERED, Change.APPEARED_INSIDE, Change.SETTLED, Change.DWELLED, Change.LEFT, Change.CROSSED)


def rows_of(shopper: Shopper) -> list[tuple[object, ...]]:
    """Visits in their order, with the phones in them; without ids, which are always new."""
    return [
        (
            visit.fence_id,
            visit.began_at,
            visit.appeared_inside,
            visit.settled_at,
            visit.dwelled_at,
            visit.confidence,
            visit.seen_until,
            visit.ended_at,
            visit.end_reason,
            sorted((one.device.push_address[-1], one.since) for one in visit.presences.select_related("device")),
        )
        for visit in Visit.objects.filter(shopper=shopper).order_by("fence_id", "began_at", "ended_at", "pk")
    ]


def two_phones() -> list[Device]:
    shopper = make_shopper()
    return [make_device(shopper, push_address=f"{uuid4()}-{number}") for number in (1, 2)]


@pytest.mark.parametrize("seed", range(12))
def test_a_report_is_written_as_if_each_of_its_transitions_had_come_by_itself(seed: int) -> None:
    """Two shoppers with two phones each live the same story: the one's reports come whole, the other's in pieces."""
    chance, store = random.Random(seed), make_store()
    fences = [make_fence(store).pk for _ in range(4)]
    whole, pieces = two_phones(), two_phones()
    minute = 0
    for _ in range(12):
        phone, found = chance.randrange(2), []
        for _ in range(chance.randrange(1, 9)):
            minute += 1
            one = change(chance.choice(CHANGES), chance.choice(fences), minutes=minute, stale=chance.random() < 0.2)
            found.append(replace(one, confidence=chance.choice([0.5, 0.75, 1.0])))
        gone = chance.sample(fences, chance.randrange(2))
        together = apply(whole[phone], *found, gone=gone)
        one_by_one = [each for one in found for each in apply(pieces[phone], one, gone=gone)]
        assert [(each.transition, each.is_news) for each in together] == [
            (each.transition, each.is_news) for each in one_by_one
        ]
        assert rows_of(whole[0].shopper) == rows_of(pieces[0].shopper)


def test_a_correction_is_written_between_what_came_before_it_and_after_it() -> None:
    device, store = make_device(), make_store()
    cafe, mall = make_fence(store), make_fence(store)
    told = CorrectedStay(entered_ms=to_ms(NOON), appeared=False)
    over = replace(told, left_ms=to_ms(NOON + timedelta(minutes=2)))
    correction = Correction(before=(told,), after=(over,))
    apply(
        device,
        change(Change.ENTERED, cafe.pk),
        change(Change.ENTERED, mall.pk),
        replace(change(Change.CORRECTED, cafe.pk, minutes=3), correction=correction),
        change(Change.ENTERED, cafe.pk, minutes=4),
    )
    assert list(Visit.objects.order_by("began_at", "fence_id").values_list("fence_id", "ended_at")) == [
        (cafe.pk, NOON + timedelta(minutes=2)),
        (mall.pk, None),
        (cafe.pk, None),
    ]
    assert set(Presence.objects.values_list("visit__fence", "visit__ended_at")) == {(cafe.pk, None), (mall.pk, None)}


@pytest.mark.parametrize("count", [1, 2, 20])
def test_any_number_of_visits_is_written_by_the_same_few_statements(count: int) -> None:
    shopper, store = make_shopper(), make_store()
    first, second = make_device(shopper), make_device(shopper)
    fences = [make_fence(store).pk for _ in range(count)]

    def cost(device: Device, what: Change, minutes: int) -> list[str]:
        found = [change(what, fence, minutes=minutes) for fence in fences]
        with listed() as statements, transaction.atomic(), events.in_one_statement():
            recording.apply(device=device, shopper_id=shopper.pk, found=found, is_gone=lambda fence: False)
        return statements

    locked, shared = "SELECT visits_visit", "SELECT visits_presence"
    told = "INSERT events_event"
    entered, joined = ["INSERT visits_visit", "INSERT visits_presence", told], ["INSERT visits_visit", locked]
    left = [locked, shared, "UPDATE visits_visit", "DELETE visits_presence"]
    assert cost(first, Change.ENTERED, 0) == entered
    assert cost(second, Change.ENTERED, 1) == [*joined, "INSERT visits_presence"]
    assert cost(first, Change.SETTLED, 2) == [locked, "UPDATE visits_visit"]
    assert cost(second, Change.SETTLED, 3) == [locked]
    assert cost(first, Change.DWELLED, 5) == [locked, "UPDATE visits_visit"]
    assert cost(first, Change.CROSSED, 6) == ["INSERT visits_visit", told]
    assert cost(first, Change.LEFT, 7) == left
    assert cost(second, Change.LEFT, 8) == [*left, told]
    assert cost(second, Change.LEFT, 9) == [locked]
