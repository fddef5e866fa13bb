"""The rules of a stay, one sentence each, and what holds for every report."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geooffers.visits import transitions
from geooffers.visits.transitions import (
    Change,
    Fix,
    Ignored,
    Sighting,
    State,
    Status,
    Step,
    Touch,
    Transition,
    Walk,
)

NOON = datetime(2026, 6, 2, 12, 0, tzinfo=UTC)
STALE_AFTER = timedelta(minutes=60)
CAFE, MALL = 7, 8


def sighting(
    at: datetime,
    *fences: int,
    uuid: UUID | None = None,
    excluded: bool = False,
    lat: float = 60.1,
    lon: float = 24.9,
    accuracy_m: float = 10,
    dwell_s: int = 300,
    centre_inside: bool = True,
) -> Sighting:
    fix = Fix(uuid=uuid or uuid4(), recorded_at=at, lat=lat, lon=lon, accuracy_m=accuracy_m, background=False)
    touches = tuple(
        Touch(fence=fence, inside=centre_inside, sureness=0, distance_m=5 if centre_inside else -5, dwell_s=dwell_s)
        for fence in fences
    )
    return Sighting(fix=fix, touches=touches, excluded=excluded)


def advance(state: State, seen: Sighting, *, now: datetime | None = None) -> Step:
    return transitions.advance(state=state, sighting=seen, now=now or seen.fix.recorded_at, stale_after=STALE_AFTER)


def walk(state: State, seen: Iterable[Sighting], *, now: datetime) -> Walk:
    return transitions.walk(state=state, sightings=list(seen), now=now, stale_after=STALE_AFTER)


def outside_at_noon() -> State:
    return advance(State(), sighting(NOON)).state


def inside_since_noon(dwell_s: int = 300) -> State:
    before = advance(State(), sighting(NOON - timedelta(minutes=1))).state
    return advance(before, sighting(NOON, CAFE, dwell_s=dwell_s)).state


def changes(found: Iterable[Transition]) -> list[tuple[Change, int]]:
    return [(transition.change, transition.fence) for transition in found]


def test_walking_in_is_an_entry_at_the_time_of_the_fix() -> None:
    at = NOON + timedelta(seconds=30)
    step = advance(outside_at_noon(), sighting(at, CAFE))
    assert step.status == Status.ACCEPTED
    assert step.transitions == (Transition(change=Change.ENTERED, fence=CAFE, at=at, pushable=True),)


def test_the_first_fix_known_inside_appeared_there() -> None:
    step = advance(State(), sighting(NOON, CAFE))
    assert changes(step.transitions) == [(Change.APPEARED_INSIDE, CAFE)]
    assert step.state.inside[CAFE].appeared


def test_walking_out_is_a_leaving_on_the_very_next_fix() -> None:
    step = advance(inside_since_noon(), sighting(NOON + timedelta(minutes=2)))
    assert changes(step.transitions) == [(Change.LEFT, CAFE)]
    assert not step.state.inside


def test_staying_inside_changes_nothing() -> None:
    step = advance(inside_since_noon(), sighting(NOON + timedelta(minutes=2), CAFE))
    assert step.transitions == ()
    assert step.state.inside[CAFE].entered_at == NOON
    assert step.state.inside[CAFE].last_inside_at == NOON + timedelta(minutes=2)


def test_unsure_is_decided_by_the_centre() -> None:
    step = advance(outside_at_noon(), sighting(NOON + timedelta(minutes=1), CAFE, centre_inside=False))
    assert step.transitions == ()
    assert not step.state.inside


def test_from_one_fence_into_another_leaves_and_enters() -> None:
    step = advance(inside_since_noon(), sighting(NOON + timedelta(minutes=2), MALL))
    assert sorted(changes(step.transitions)) == [(Change.ENTERED, MALL), (Change.LEFT, CAFE)]


@pytest.mark.parametrize(("after_s", "dwelled"), [(299, False), (300, True), (301, True)])
def test_a_stay_dwells_at_its_fences_value(after_s: int, dwelled: bool) -> None:
    step = advance(inside_since_noon(dwell_s=300), sighting(NOON + timedelta(seconds=after_s), CAFE))
    assert changes(step.transitions) == ([(Change.DWELLED, CAFE)] if dwelled else [])


def test_a_stay_dwells_once() -> None:
    state = advance(inside_since_noon(), sighting(NOON + timedelta(minutes=6), CAFE)).state
    assert advance(state, sighting(NOON + timedelta(minutes=20), CAFE)).transitions == ()


def test_an_edited_dwell_time_holds_from_the_next_stay_on() -> None:
    state = inside_since_noon(dwell_s=300)
    assert advance(state, sighting(NOON + timedelta(seconds=100), CAFE, dwell_s=30)).transitions == ()


def test_a_late_fix_begins_nothing_and_ends_nothing() -> None:
    state = inside_since_noon()
    for seen in (sighting(NOON - timedelta(seconds=1), MALL, CAFE), sighting(NOON - timedelta(seconds=1))):
        step = advance(state, seen, now=NOON)
        assert step.status == Status.LATE
        assert step.state is state
        assert step.transitions == ()


def test_a_repeated_fix_is_a_duplicate_whatever_its_body() -> None:
    uuid = uuid4()
    state = advance(outside_at_noon(), sighting(NOON + timedelta(minutes=1), uuid=uuid)).state
    step = advance(state, sighting(NOON + timedelta(minutes=2), CAFE, uuid=uuid))
    assert step.status == Status.DUPLICATE
    assert step.state is state


def test_a_fix_after_a_silence_ends_what_was_open_at_the_last_time_known_and_begins_anew() -> None:
    back_at = NOON + timedelta(minutes=90)
    step = advance(inside_since_noon(), sighting(back_at, CAFE))
    assert step.transitions == (
        Transition(change=Change.LEFT, fence=CAFE, at=NOON, pushable=False, stale=True),
        Transition(change=Change.APPEARED_INSIDE, fence=CAFE, at=back_at, pushable=True),
    )


@pytest.mark.parametrize(("minutes", "anew"), [(59, False), (60, False), (61, True), (62, True)])
def test_silence_is_counted_from_the_end_of_the_minute_last_written(minutes: int, anew: bool) -> None:
    step = advance(inside_since_noon(dwell_s=86_400), sighting(NOON + timedelta(minutes=minutes), CAFE))
    assert bool(step.transitions) is anew


def test_a_state_at_rest_remembers_what_was_sent_but_not_where() -> None:
    uuid = uuid4()
    state = transitions.at_rest(advance(inside_since_noon(), sighting(NOON + timedelta(minutes=1), uuid=uuid)).state)
    assert state.cell is None
    assert not state.inside
    now = NOON + timedelta(hours=2)
    assert advance(state, sighting(NOON + timedelta(minutes=1), CAFE, uuid=uuid), now=now).status == Status.DUPLICATE
    assert advance(state, sighting(NOON, CAFE), now=now).status == Status.LATE
    step = advance(state, sighting(NOON + timedelta(minutes=10), CAFE), now=now)
    assert changes(step.transitions) == [(Change.APPEARED_INSIDE, CAFE)]


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        (sighting(NOON + timedelta(minutes=10), CAFE), Ignored.CLOCK_AHEAD),
        (sighting(NOON - timedelta(days=2), CAFE), Ignored.TOO_OLD),
        (sighting(NOON, CAFE, lat=0, lon=0), Ignored.NULL_ISLAND),
        (sighting(NOON, CAFE, accuracy_m=5_001), Ignored.TOO_COARSE),
        (sighting(NOON, CAFE, excluded=True), Ignored.NOT_USED),
    ],
)
def test_a_fix_that_says_nothing_is_ignored_and_leaves_no_trace(seen: Sighting, code: Ignored) -> None:
    state = inside_since_noon()
    step = advance(state, seen, now=NOON)
    assert (step.status, step.code) == (Status.IGNORED, code)
    assert step.state is state


@pytest.mark.parametrize("at", [NOON + timedelta(minutes=2), NOON - timedelta(hours=24)])
def test_the_limits_of_a_fixs_age_belong_to_what_is_taken(at: datetime) -> None:
    assert advance(State(), sighting(at), now=NOON).status == Status.ACCEPTED


@pytest.mark.parametrize(("age", "pushable"), [(timedelta(minutes=5), True), (timedelta(minutes=5, seconds=1), False)])
def test_an_older_fix_records_but_does_not_push(age: timedelta, pushable: bool) -> None:
    step = advance(State(), sighting(NOON - age, CAFE), now=NOON)
    assert [transition.pushable for transition in step.transitions] == [pushable]


def test_standing_still_within_the_minute_is_not_worth_a_write() -> None:
    state = inside_since_noon()
    after = advance(state, sighting(NOON + timedelta(seconds=50), CAFE)).state
    assert not transitions.is_worth_a_write(before=state, after=after)


@pytest.mark.parametrize(
    "seen",
    [
        sighting(NOON + timedelta(seconds=60), CAFE),
        sighting(NOON + timedelta(seconds=5), CAFE, lat=60.102),
        sighting(NOON + timedelta(seconds=5)),
        sighting(NOON + timedelta(seconds=5), CAFE, MALL),
    ],
    ids=["another minute", "another cell", "left", "entered"],
)
def test_a_new_minute_a_new_cell_or_a_transition_is_worth_a_write(seen: Sighting) -> None:
    state = inside_since_noon()
    assert transitions.is_worth_a_write(before=state, after=advance(state, seen).state)


def test_a_dwell_within_the_minute_is_worth_a_write() -> None:
    state = inside_since_noon(dwell_s=30)
    after = advance(state, sighting(NOON + timedelta(seconds=40), CAFE)).state
    assert transitions.is_worth_a_write(before=state, after=after)


def test_writes_are_counted_by_the_minute_of_the_server() -> None:
    state = outside_at_noon()
    for second in (1, 2, 59):
        state = transitions.with_write_counted(state, now=NOON + timedelta(seconds=second))
    assert state.writes == 3
    assert transitions.with_write_counted(state, now=NOON + timedelta(seconds=60)).writes == 1


# --- whatever the report ---------------------------------------------------------------------------------------

paths = st.lists(
    st.tuples(
        st.integers(min_value=0, max_value=3 * 3600), st.sets(st.sampled_from([CAFE, MALL, 9]), max_size=3), st.uuids()
    ),
    min_size=1,
    max_size=25,
    unique_by=(lambda step: step[0], lambda step: step[2]),
)


def as_sightings(path: list[tuple[int, set[int], UUID]]) -> list[Sighting]:
    return [sighting(NOON + timedelta(seconds=at), *sorted(fences), uuid=uuid) for at, fences, uuid in path]


@given(path=paths, data=st.data())
def test_the_order_of_sending_within_a_report_does_not_matter(
    path: list[tuple[int, set[int], UUID]], data: st.DataObject
) -> None:
    now = NOON + timedelta(hours=3)
    seen = as_sightings(path)
    shuffled = data.draw(st.permutations(seen))
    one, other = walk(State(), seen, now=now), walk(State(), shuffled, now=now)
    assert one.state == other.state
    assert one.transitions == other.transitions
    by_uuid = {item.fix.uuid: step.status for item, step in zip(seen, one.steps, strict=True)}
    assert by_uuid == {item.fix.uuid: step.status for item, step in zip(shuffled, other.steps, strict=True)}


@given(path=paths, data=st.data())
def test_repeating_any_of_the_fixes_changes_nothing(
    path: list[tuple[int, set[int], UUID]], data: st.DataObject
) -> None:
    now = NOON + timedelta(hours=3)
    seen = as_sightings(path)
    again = data.draw(st.lists(st.sampled_from(seen), max_size=40))
    plain = walk(State(), seen, now=now)
    assert walk(State(), [*seen, *again], now=now).transitions == plain.transitions
    later = walk(plain.state, again, now=now)
    assert later.state == plain.state
    assert later.transitions == ()
    assert {step.status for step in later.steps} <= {Status.DUPLICATE, Status.LATE}


@given(path=paths, data=st.data())
def test_cutting_a_path_into_reports_does_not_change_what_happened(
    path: list[tuple[int, set[int], UUID]], data: st.DataObject
) -> None:
    now = NOON + timedelta(hours=3)
    seen = sorted(as_sightings(path), key=lambda item: item.fix.recorded_at)
    cut = data.draw(st.integers(min_value=0, max_value=len(seen)))
    whole = walk(State(), seen, now=now)
    first = walk(State(), seen[:cut], now=now)
    second = walk(first.state, seen[cut:], now=now)
    assert first.transitions + second.transitions == whole.transitions
    assert second.state == whole.state


@given(path=paths)
def test_every_stay_begins_once_dwells_at_most_once_and_ends_at_most_once(
    path: list[tuple[int, set[int], UUID]],
) -> None:
    taken = walk(State(), as_sightings(path), now=NOON + timedelta(hours=3))
    open_stays: dict[int, bool] = {}
    for transition in taken.transitions:
        if transition.change in (Change.ENTERED, Change.APPEARED_INSIDE):
            assert transition.fence not in open_stays
            open_stays[transition.fence] = False
        elif transition.change == Change.DWELLED:
            assert open_stays[transition.fence] is False
            open_stays[transition.fence] = True
        else:
            del open_stays[transition.fence]
    assert open_stays == {fence: stay.dwelled for fence, stay in taken.state.inside.items()}
