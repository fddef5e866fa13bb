"""Jumps that nothing moves fast enough for, and signs of a made-up position."""

import pytest

from geooffers.visits.engine.observations import Ignored
from geooffers.visits.engine.transition_events import Change
from geooffers.visits.engine.transitions import State
from tests.unit.visits.sightings import CAFE, NOON, advance, after, changes, seconds, sighting, walk


def inside() -> State:
    return after(sighting(NOON), *[sighting(seconds(at), CAFE, speed_mps=0.5) for at in (10, 20, 30)])


def test_a_jump_is_set_aside_and_forgotten_when_the_next_fix_is_back() -> None:
    jumped = advance(inside(), sighting(seconds(40), north_m=700, accuracy_m=5, speed_mps=0.5))
    assert jumped.steps[0].code == Ignored.SET_ASIDE
    assert jumped.known.place == inside().known.place
    back = advance(jumped.state, sighting(seconds(50), CAFE, speed_mps=0.5))
    assert back.known.aside is None
    assert back.transitions == ()
    assert not back.known.is_suspicious


def test_a_jump_counts_from_its_own_time_once_a_second_fix_agrees() -> None:
    gone = [sighting(seconds(at), north_m=700 + at, accuracy_m=5, speed_mps=1) for at in (40, 50)]
    taken = walk(inside(), gone)
    assert changes(taken.transitions) == [(Change.LEFT, CAFE)]
    assert taken.transitions[0].at == seconds(40)


def test_two_jumps_that_do_not_agree_are_two_errors() -> None:
    astray = [
        sighting(seconds(40), north_m=700, accuracy_m=5, speed_mps=0.5),
        sighting(seconds(50), north_m=-700, accuracy_m=5, speed_mps=0.5),
    ]
    assert walk(inside(), astray).transitions == ()


def test_a_phone_that_is_suddenly_elsewhere_is_suspicious_and_not_pushed() -> None:
    teleported = [sighting(seconds(at), CAFE, lat=50.1, lon=8.6) for at in (60, 75)]
    taken = walk(after(sighting(NOON)), teleported)
    assert changes(taken.transitions) == [(Change.ENTERED, CAFE)]
    assert not taken.transitions[0].pushable


@pytest.mark.parametrize(
    ("speed_mps", "after_s", "north_m", "suspicious"),
    [
        (None, 60, 3_000, False),  # 50 m/s: a motorway
        (None, 60, 6_000, True),  # 100 m/s on the ground
        (95.0, 60, 6_000, False),  # 100 m/s, and the receiver agrees: a fast train
        (None, 3_600, 900_000, False),  # 250 m/s in an hour: a flight
        (None, 3_600, 1_800_000, True),  # 500 m/s
        (None, 0.5, 900, False),  # two fixes of one second have no speed
    ],
)
def test_travel_is_impossible_by_its_speed_and_by_what_else_it_could_be(
    speed_mps: float | None, after_s: float, north_m: float, suspicious: bool
) -> None:
    state = after(sighting(NOON, lat=40.0, speed_mps=speed_mps))
    arrived = [
        sighting(seconds(after_s + more), lat=40.0, speed_mps=speed_mps).fix.lat + north_m / 111_200 for more in (0, 10)
    ]
    seen = [
        sighting(seconds(after_s + more), lat=lat, speed_mps=speed_mps)
        for more, lat in zip((0, 10), arrived, strict=True)
    ]
    assert walk(state, seen).known.is_suspicious is suspicious


@pytest.mark.parametrize(("north_m", "suspicious"), [(700, False), (7_000, True)])
def test_two_reflections_to_one_place_accuse_nobody(north_m: float, suspicious: bool) -> None:
    """Nothing could have accelerated for it. But reflections leap by some hundred metres, and now and then twice."""
    leapt = [sighting(seconds(at), north_m=north_m) for at in (4, 8)]
    assert walk(after(sighting(NOON)), leapt).known.is_suspicious is suspicious


def test_the_accuracies_of_both_fixes_are_given_away() -> None:
    near = [sighting(seconds(at), north_m=4_000, accuracy_m=500) for at in (50, 60)]
    assert not walk(after(sighting(NOON, accuracy_m=500)), near).known.is_suspicious


def test_the_same_digits_from_a_receiver_that_moves_add_up() -> None:
    frozen = [sighting(seconds(at), speed_mps=1.5) for at in range(0, 50, 10)]
    assert walk(State(), frozen[:2]).known.suspicion > 0
    assert not walk(State(), frozen[:2]).known.is_suspicious
    assert walk(State(), frozen).known.is_suspicious
    lying_still = [sighting(seconds(at), speed_mps=0) for at in range(0, 500, 10)]
    assert walk(State(), lying_still).known.suspicion == 0


def test_suspicion_fades_with_time() -> None:
    state = after(sighting(NOON, mock=True))
    assert state.known.is_suspicious
    assert state.known.suspicion == 1
    later = advance(state, sighting(seconds(50 * 60)))
    assert later.known.is_suspicious
    assert not advance(later.state, sighting(seconds(100 * 60))).known.is_suspicious
