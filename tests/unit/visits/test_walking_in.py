"""What somebody on foot has to prove before a visit begins or ends: the rules of docs/visits.md, one sentence each."""

from datetime import timedelta

import pytest

from geooffers.visits.engine import tuning
from geooffers.visits.engine.observations import RegionChange, Sighting
from geooffers.visits.engine.transition_events import Change
from geooffers.visits.engine.transitions import State
from tests.unit.visits.sightings import CAFE, NOON, advance, after, changes, seconds, sighting, told, walk

ENTERED, LEFT = [(Change.ENTERED, CAFE)], [(Change.LEFT, CAFE)]


def outside_at_noon() -> State:
    return after(sighting(NOON))


def inside() -> State:
    """Entered ten seconds after noon; last seen a minute after noon."""
    return after(sighting(NOON), *[sighting(seconds(at), CAFE) for at in (10, 20, 30, 40, 50, 60)])


# --- entering --------------------------------------------------------------------------------------------------


def test_one_fix_inside_is_an_attempt_and_told_to_nobody() -> None:
    taken = advance(outside_at_noon(), sighting(seconds(10), CAFE))
    assert taken.transitions == ()
    assert taken.known.is_pending
    assert not taken.state.inside


def test_a_second_firm_fix_proves_an_entry_at_the_time_of_the_first() -> None:
    taken = walk(outside_at_noon(), [sighting(seconds(10), CAFE), sighting(seconds(20), CAFE)])
    [entry] = taken.transitions
    assert (entry.change, entry.at, entry.proven_at) == (Change.ENTERED, seconds(10), seconds(20))
    assert entry.confidence == 0.92


def test_two_fixes_near_the_boundary_prove_nothing_until_25_seconds_have_passed() -> None:
    near = [sighting(seconds(at), CAFE, depth_m=3) for at in (10, 20, 30)]
    assert walk(outside_at_noon(), near).transitions == ()
    taken = walk(outside_at_noon(), [*near, sighting(seconds(40), CAFE, depth_m=3)])
    assert changes(taken.transitions) == ENTERED
    assert taken.transitions[0].confidence < 0.95


def test_one_fix_that_a_walk_leads_to_is_proof() -> None:
    walking = [sighting(seconds(at), CAFE, depth_m=8, north_m=at, speed_mps=1.1) for at in (15, 30)]
    [entry] = walk(outside_at_noon(), walking).transitions
    assert (entry.change, entry.at, entry.proven_at) == (Change.ENTERED, seconds(15), seconds(15))


@pytest.mark.parametrize(
    "seen",
    [
        sighting(seconds(15), CAFE, depth_m=4, speed_mps=1.1),  # near the boundary
        sighting(seconds(15), CAFE, depth_m=50, accuracy_m=25, speed_mps=1.1),  # from under a roof
        sighting(seconds(15), CAFE, depth_m=50, north_m=200, speed_mps=1.1),  # a reflection
        sighting(seconds(15), CAFE, depth_m=50, speed_mps=0.1),  # stands
    ],
)
def test_one_fix_of_another_kind_is_none(seen: Sighting) -> None:
    assert advance(outside_at_noon(), seen).transitions == ()
    unknown_before = advance(State(), sighting(seconds(15), CAFE, speed_mps=1.1))
    assert unknown_before.transitions == ()


def test_rough_fixes_that_err_alike_have_to_be_surer_together() -> None:
    roofed = [sighting(seconds(at), CAFE, depth_m=8, accuracy_m=25) for at in (10, 40)]
    assert walk(outside_at_noon(), roofed).transitions == ()
    street = [sighting(seconds(at), CAFE, depth_m=4, accuracy_m=12) for at in (10, 40)]
    assert changes(walk(outside_at_noon(), street).transitions) == ENTERED


def test_a_fix_wider_than_the_fence_is_not_firm_however_deep_its_centre_lies() -> None:
    wide = [sighting(seconds(at), CAFE, depth_m=49, accuracy_m=200, size_m=50) for at in (10, 20)]
    assert walk(outside_at_noon(), wide).transitions == ()


def test_two_fixes_outside_end_an_attempt() -> None:
    seen = [sighting(seconds(10), CAFE), sighting(seconds(20)), sighting(seconds(30)), sighting(seconds(40), CAFE)]
    assert walk(outside_at_noon(), seen).transitions == ()


def test_one_fix_outside_does_not_end_an_attempt() -> None:
    astray = sighting(seconds(20), north_m=40)
    taken = walk(outside_at_noon(), [sighting(seconds(10), CAFE), astray, sighting(seconds(30), CAFE)])
    assert changes(taken.transitions) == ENTERED


def test_a_place_of_a_kilometre_shows_no_walk_from_it() -> None:
    from_somewhere_in_town = after(sighting(NOON, accuracy_m=900, north_m=700))
    reflected = sighting(seconds(60), CAFE, depth_m=50, speed_mps=1.1)
    assert walk(from_somewhere_in_town, [reflected]).transitions == ()


def test_who_drives_through_has_not_walked_in() -> None:
    driving = [sighting(seconds(at), CAFE, speed_mps=25, north_m=25 * at) for at in (10, 20, 30, 40, 50)]
    assert walk(outside_at_noon(), driving).transitions == ()


def test_a_speed_that_the_receiver_does_not_tell_is_taken_from_the_places() -> None:
    driving = [sighting(seconds(at), CAFE, north_m=25 * at) for at in (10, 20, 30, 40, 50)]
    assert walk(outside_at_noon(), driving).transitions == ()


def test_who_stops_inside_has_entered_when_the_car_did() -> None:
    seen = [
        sighting(seconds(10), CAFE, speed_mps=20),
        sighting(seconds(20), CAFE, speed_mps=1, north_m=100),
        sighting(seconds(30), CAFE, speed_mps=0, north_m=100),
    ]
    [entry] = walk(outside_at_noon(), seen).transitions
    assert (entry.change, entry.at, entry.proven_at) == (Change.ENTERED, seconds(10), seconds(30))


def test_who_drives_around_inside_for_minutes_is_there_anyhow() -> None:
    driving = [sighting(seconds(at), CAFE, speed_mps=15, north_m=15 * at) for at in range(10, 260, 10)]
    taken = walk(outside_at_noon(), driving)
    assert changes(taken.transitions) == ENTERED
    assert taken.transitions[0].proven_at == seconds(250)


def test_a_coarse_fix_neither_begins_a_visit_nor_ends_one() -> None:
    coarse = [sighting(seconds(at), CAFE, depth_m=40, accuracy_m=1_001) for at in (70, 80, 140)]
    assert walk(outside_at_noon(), coarse).transitions == ()
    around = [sighting(seconds(at), CAFE, depth_m=-40, accuracy_m=1_001) for at in (70, 80, 700)]
    assert walk(inside(), around).transitions == ()


def test_who_is_first_known_inside_appeared_there_once_it_is_proven() -> None:
    taken = walk(State(), [sighting(NOON, CAFE), sighting(seconds(10), CAFE)])
    assert changes(taken.transitions) == [(Change.APPEARED_INSIDE, CAFE)]


# --- staying ---------------------------------------------------------------------------------------------------


def test_a_dwell_is_proven_by_fixes_that_lie_close_in_time() -> None:
    sparse = [sighting(seconds(at), CAFE) for at in (200, 400)]
    assert changes(walk(inside(), sparse).transitions) == [(Change.DWELLED, CAFE)]


def test_the_time_before_a_gap_counts_and_the_gap_does_not() -> None:
    long_after = 60 + 20 * 60
    sparse = [sighting(seconds(at), CAFE) for at in (200, 200 + long_after, 260 + long_after, 320 + long_after)]
    taken = walk(inside(), sparse)
    assert changes(taken.transitions) == [(Change.DWELLED, CAFE)]
    assert taken.transitions[0].at == seconds(320 + long_after)


# --- leaving ---------------------------------------------------------------------------------------------------


def test_one_fix_outside_however_sure_of_itself_does_not_end_a_visit() -> None:
    away = sighting(seconds(70), accuracy_m=5, north_m=500)
    taken = walk(inside(), [away, sighting(seconds(80), CAFE)])
    assert taken.transitions == ()


def test_two_clear_fixes_end_it_at_the_time_of_the_first_outside() -> None:
    seen = [
        sighting(seconds(70), CAFE, depth_m=-5),
        sighting(seconds(80), north_m=100),
        sighting(seconds(90), north_m=110),
    ]
    [left] = walk(inside(), seen).transitions
    assert (left.change, left.at, left.proven_at) == (Change.LEFT, seconds(70), seconds(90))


def test_outside_by_less_than_its_accuracy_and_the_margin_is_not_clear() -> None:
    doubtful = [sighting(seconds(at), CAFE, depth_m=-14) for at in (70, 77, 83, 89)]
    assert walk(inside(), doubtful).transitions == ()
    clear = [sighting(seconds(at), CAFE, depth_m=-16) for at in (70, 77)]
    assert changes(walk(inside(), clear).transitions) == LEFT


def test_one_astray_fix_and_one_at_the_door_do_not_end_it() -> None:
    """A receiver is surest of reflections: none is believed so much that a doubtful fix after it is enough."""
    seen = [sighting(seconds(70), accuracy_m=5, north_m=500), sighting(seconds(95), CAFE, depth_m=-2)]
    assert walk(inside(), seen).transitions == ()


def test_the_margin_grows_with_the_fence_within_bounds() -> None:
    margin = tuning.WALK_IN.margin_m
    assert [margin(size_m=size) for size in (50, 100, 200, 400, 5_000)] == [5, 5, 10, 20, 50]


def test_who_lingers_outside_near_the_boundary_has_left_in_the_end() -> None:
    lingering = [sighting(seconds(at), CAFE, depth_m=-8) for at in range(70, 250, 30)]
    [left] = walk(inside(), lingering).transitions
    assert (left.change, left.at) == (Change.LEFT, seconds(70))


# --- events of the phone's own monitoring ----------------------------------------------------------------------


def test_an_event_of_the_phones_system_is_proof_enough_by_itself() -> None:
    [entry] = advance(outside_at_noon(), told(seconds(60), RegionChange.ENTER)).transitions
    assert (entry.change, entry.at) == (Change.ENTERED, seconds(60))
    state = after(sighting(NOON), told(seconds(60), RegionChange.ENTER))
    assert changes(advance(state, told(seconds(400), RegionChange.DWELL)).transitions) == [(Change.DWELLED, CAFE)]
    assert changes(advance(state, told(seconds(600), RegionChange.EXIT)).transitions) == LEFT


def test_a_region_larger_than_its_fence_needs_a_fix_or_a_dwell_besides() -> None:
    loose = told(seconds(60), RegionChange.ENTER, exact=False)
    assert advance(outside_at_noon(), loose).transitions == ()
    assert changes(walk(outside_at_noon(), [loose, sighting(seconds(70), CAFE)]).transitions) == ENTERED
    dwelled = told(seconds(400), RegionChange.DWELL, exact=False)
    assert changes(walk(outside_at_noon(), [loose, dwelled]).transitions) == [*ENTERED, (Change.DWELLED, CAFE)]


def test_an_exit_from_where_nobody_was_is_nothing() -> None:
    taken = advance(outside_at_noon(), told(seconds(60), RegionChange.EXIT))
    assert taken.transitions == ()
    assert not taken.state.known.stays


@pytest.mark.parametrize("seen", [sighting(seconds(70), CAFE, mock=True)])
def test_what_the_phone_calls_made_up_is_recorded_and_not_pushed(seen: Sighting) -> None:
    taken = walk(outside_at_noon(), [sighting(seconds(60), CAFE, mock=True), seen])
    assert changes(taken.transitions) == ENTERED
    assert not taken.transitions[0].pushable
    honest = [sighting(NOON + timedelta(hours=3, seconds=at), CAFE) for at in (0, 10)]
    assert [one.pushable for one in walk(after(seen), honest).transitions if not one.stale] == [True]
