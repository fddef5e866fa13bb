"""What holds for every report, and the rules of a stay at a drive-by fence, where the centre decides at once.

What somebody on foot has to prove stands in test_walking_in.py.
"""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from geooffers.visits.engine import transitions
from geooffers.visits.engine.observations import Ignored, Sighting, Status
from geooffers.visits.engine.transition_events import Change
from geooffers.visits.engine.transitions import State
from tests.unit.visits.sightings import CAFE, MALL, NOON, advance, after, changes, driving_by, seconds, walk


def outside_at_noon() -> State:
    return after(driving_by(NOON))


def inside_since_noon(dwell_s: int = 300) -> State:
    """Long enough before to have settled as well."""
    return after(
        driving_by(seconds(-60)), driving_by(NOON, CAFE, dwell_s=dwell_s), driving_by(seconds(6), CAFE, dwell_s=dwell_s)
    )


def test_the_first_fix_inside_is_an_entry_at_its_time() -> None:
    taken = advance(outside_at_noon(), driving_by(seconds(30), CAFE))
    assert [step.status for step in taken.steps] == [Status.ACCEPTED]
    [entry] = taken.transitions
    assert (entry.change, entry.fence, entry.at, entry.pushable) == (Change.ENTERED, CAFE, seconds(30), True)


def test_the_first_fix_known_inside_appeared_there() -> None:
    taken = advance(State(), driving_by(NOON, CAFE))
    assert changes(taken.transitions) == [(Change.APPEARED_INSIDE, CAFE)]
    assert taken.state.inside[CAFE].appeared


def test_who_is_seen_inside_again_on_foot_has_settled() -> None:
    taken = advance(after(driving_by(seconds(-60)), driving_by(NOON, CAFE)), driving_by(seconds(10), CAFE))
    assert changes(taken.transitions) == [(Change.SETTLED, CAFE)]


def test_driving_out_is_a_leaving_on_the_very_next_fix() -> None:
    taken = advance(inside_since_noon(), driving_by(seconds(120)))
    assert changes(taken.transitions) == [(Change.LEFT, CAFE)]
    assert not taken.state.inside


def test_staying_inside_changes_nothing() -> None:
    taken = advance(inside_since_noon(), driving_by(seconds(120), CAFE))
    assert taken.transitions == ()
    stay = taken.state.inside[CAFE]
    assert (stay.entered_ms, stay.last_inside_ms) == (NOON.timestamp() * 1000, seconds(120).timestamp() * 1000)


def test_the_centre_decides_what_the_circle_leaves_open() -> None:
    taken = advance(outside_at_noon(), driving_by(seconds(60), CAFE, depth_m=-1))
    assert taken.transitions == ()
    assert not taken.state.known.stays


def test_from_one_fence_into_another_leaves_and_enters() -> None:
    taken = advance(inside_since_noon(), driving_by(seconds(120), MALL))
    assert sorted(changes(taken.transitions)) == [(Change.ENTERED, MALL), (Change.LEFT, CAFE)]


@pytest.mark.parametrize(("after_s", "dwelled"), [(299, False), (300, True), (301, True)])
def test_a_stay_dwells_at_its_fences_value(after_s: int, dwelled: bool) -> None:
    taken = advance(inside_since_noon(dwell_s=300), driving_by(seconds(after_s), CAFE))
    assert changes(taken.transitions) == ([(Change.DWELLED, CAFE)] if dwelled else [])


def test_a_stay_dwells_once() -> None:
    state = advance(inside_since_noon(), driving_by(seconds(360), CAFE)).state
    assert advance(state, driving_by(seconds(900), CAFE)).transitions == ()


def test_a_gap_proves_no_presence() -> None:
    long_after = seconds(20 * 60)
    state = inside_since_noon(dwell_s=300)
    assert advance(state, driving_by(long_after, CAFE)).transitions == ()


def test_an_edited_dwell_time_holds_from_the_next_stay_on() -> None:
    state = inside_since_noon(dwell_s=300)
    assert advance(state, driving_by(seconds(100), CAFE, dwell_s=30)).transitions == ()


def test_a_repeated_fix_is_a_duplicate_whatever_its_body() -> None:
    uuid = uuid4()
    state = advance(outside_at_noon(), driving_by(seconds(60), uuid=uuid)).state
    taken = advance(state, driving_by(seconds(120), CAFE, uuid=uuid))
    assert [step.status for step in taken.steps] == [Status.DUPLICATE]
    assert taken.state is state


def test_a_fix_after_a_silence_ends_what_was_open_at_the_last_time_known_and_begins_anew() -> None:
    back_at = NOON + timedelta(minutes=90)
    left, appeared = advance(inside_since_noon(), driving_by(back_at, CAFE)).transitions
    assert (left.change, left.at, left.pushable, left.stale) == (Change.LEFT, seconds(6), False, True)
    assert (appeared.change, appeared.at, appeared.pushable) == (Change.APPEARED_INSIDE, back_at, True)


@pytest.mark.parametrize(("minutes", "anew"), [(59, False), (60, False), (61, True), (62, True)])
def test_silence_is_counted_from_the_end_of_the_minute_last_written(minutes: int, anew: bool) -> None:
    taken = advance(inside_since_noon(dwell_s=86_400), driving_by(NOON + timedelta(minutes=minutes), CAFE))
    assert bool(taken.transitions) is anew


def test_a_state_at_rest_remembers_what_was_sent_but_not_where() -> None:
    uuid = uuid4()
    state = transitions.at_rest(advance(inside_since_noon(), driving_by(seconds(60), uuid=uuid)).state)
    assert state.is_at_rest
    assert not state.kept
    now = NOON + timedelta(hours=2)
    repeated, late = driving_by(seconds(60), CAFE, uuid=uuid), driving_by(NOON, CAFE)
    assert advance(state, repeated, now=now).steps[0].status == Status.DUPLICATE
    assert advance(state, late, now=now).steps[0].status == Status.LATE
    taken = advance(state, driving_by(NOON + timedelta(minutes=10), CAFE), now=now)
    assert changes(taken.transitions) == [(Change.APPEARED_INSIDE, CAFE)]


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        (driving_by(NOON + timedelta(minutes=10), CAFE), Ignored.CLOCK_AHEAD),
        (driving_by(NOON - timedelta(days=2), CAFE), Ignored.TOO_OLD),
        (driving_by(NOON, CAFE, lat=0, lon=0), Ignored.NULL_ISLAND),
        (driving_by(NOON, CAFE, accuracy_m=5_001), Ignored.TOO_COARSE),
        (driving_by(NOON, CAFE, excluded=True), Ignored.NOT_USED),
    ],
)
def test_a_fix_that_says_nothing_is_ignored_and_leaves_no_trace(seen: Sighting, code: Ignored) -> None:
    state = inside_since_noon()
    taken = advance(state, seen, now=NOON)
    assert (taken.steps[0].status, taken.steps[0].code) == (Status.IGNORED, code)
    assert taken.state is state


@pytest.mark.parametrize("at", [NOON + timedelta(minutes=2), NOON - timedelta(hours=24)])
def test_the_limits_of_a_fixs_age_belong_to_what_is_taken(at: datetime) -> None:
    assert advance(State(), driving_by(at), now=NOON).steps[0].status == Status.ACCEPTED


@pytest.mark.parametrize(("age", "pushable"), [(timedelta(minutes=5), True), (timedelta(minutes=5, seconds=1), False)])
def test_an_older_fix_records_but_does_not_push(age: timedelta, pushable: bool) -> None:
    taken = advance(State(), driving_by(NOON - age, CAFE), now=NOON)
    assert [one.pushable for one in taken.transitions] == [pushable]


def test_standing_still_within_the_minute_is_not_worth_a_write() -> None:
    assert not transitions.is_worth_a_write(advance(inside_since_noon(), driving_by(seconds(50), CAFE)))


@pytest.mark.parametrize(
    "seen",
    [
        driving_by(seconds(60), CAFE),
        driving_by(seconds(35), CAFE, north_m=200),
        driving_by(seconds(15)),
        driving_by(seconds(15), CAFE, MALL),
    ],
    ids=["another minute", "another cell", "left", "entered"],
)
def test_a_new_minute_a_new_cell_or_a_transition_is_worth_a_write(seen: Sighting) -> None:
    assert transitions.is_worth_a_write(advance(inside_since_noon(), seen))


def test_a_dwell_within_the_minute_is_worth_a_write() -> None:
    assert transitions.is_worth_a_write(advance(inside_since_noon(dwell_s=30), driving_by(seconds(40), CAFE)))


def test_writes_are_counted_by_the_minute_of_the_server() -> None:
    state = outside_at_noon()
    for second in (1, 2, 59):
        state = transitions.with_write_counted(state, now=seconds(second))
    assert state.writes == 3
    assert transitions.with_write_counted(state, now=seconds(60)).writes == 1


def test_somebody_who_came_and_went_within_a_report_is_worth_a_write() -> None:
    state = outside_at_noon()
    taken = walk(state, [driving_by(seconds(10), CAFE), driving_by(seconds(20))])
    assert changes(taken.transitions) == [(Change.ENTERED, CAFE), (Change.LEFT, CAFE)]
    assert transitions.is_worth_a_write(taken)
