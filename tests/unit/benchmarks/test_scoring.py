"""The definitions of found, missed and false, one by one."""

import pytest

from benchmarks.scoring import Event, Score, score
from benchmarks.tracks.labels import Inside, Kind, Report, Track, Truth
from geooffers.matching.areas import Circle, Fence

SHOP = Fence(id=1, area=Circle(lat=60.17, lon=24.94, radius_m=100))


def track(*insides: Inside, minutes: int = 60) -> Track:
    """A fix a minute."""
    return Track(
        kind=Kind.WALK_IN,
        seed=0,
        fences=(SHOP,),
        reports=tuple(
            Report(at_s=60.0 * minute, lat=60.17, lon=24.94, accuracy_m=5, speed_mps=None) for minute in range(minutes)
        ),
        insides=insides,
    )


def inside(*, entered: int, left: int, truth: Truth = Truth.STAY, continues: bool = False) -> Inside:
    """In minutes."""
    return Inside(
        fence=1, entered_s=60.0 * entered, left_s=60.0 * left, truth=truth, first_fix=entered, continues=continues
    )


def enter(minute: float, *, suspicious: bool = False) -> Event:
    return Event(enters=True, fence=1, fix=int(minute), at_s=60.0 * minute, suspicious=suspicious)


def leave(minute: float) -> Event:
    return Event(enters=False, fence=1, fix=int(minute), at_s=60.0 * minute)


def counted(track_: Track, *events: Event) -> tuple[int, int, int, int]:
    one = score(track=track_, events=events)
    return one.stays, one.missed, one.false_enters, one.false_leaves


def test_a_stay_that_is_entered_and_left_is_found():
    assert counted(track(inside(entered=10, left=30)), enter(10), leave(31)) == (1, 0, 0, 0)


def test_a_stay_that_nobody_reports_is_missed():
    assert counted(track(inside(entered=10, left=30))) == (1, 1, 0, 0)


def test_an_enter_and_a_leave_where_nobody_is_are_both_false():
    assert counted(track(), enter(10), leave(11)) == (0, 0, 1, 1)


def test_whoever_flaps_once_has_two_false_transitions():
    found = counted(track(inside(entered=10, left=30)), enter(10), leave(20), enter(21), leave(31))
    assert found == (1, 0, 1, 1)


@pytest.mark.parametrize(("minute", "false"), [(8.9, 1), (9.1, 0), (30.9, 0), (31.1, 1)])
def test_an_enter_has_a_minutes_grace_at_both_ends(minute, false):
    assert score(track=track(inside(entered=10, left=30)), events=[enter(minute)]).false_enters == false


@pytest.mark.parametrize(("minute", "false"), [(28.9, 1), (29.1, 0), (59, 0)])
def test_a_leave_is_false_while_truly_inside_and_never_too_late(minute, false):
    events = [enter(10), leave(minute)]
    assert score(track=track(inside(entered=10, left=30)), events=events).false_leaves == false


def test_too_early_is_false_but_the_stay_that_begins_meanwhile_is_not_missed_as_well():
    assert counted(track(inside(entered=10, left=30)), enter(5), leave(31)) == (1, 0, 1, 0)


def test_one_visit_finds_one_stay():
    two = track(inside(entered=10, left=20), inside(entered=30, left=40))
    assert counted(two, enter(10), leave(41)) == (2, 1, 0, 0)


def test_a_brief_time_may_be_reported_once_and_need_not_be():
    brief = track(inside(entered=10, left=11, truth=Truth.BRIEF))
    assert counted(brief) == (0, 0, 0, 0)
    assert counted(brief, enter(10), leave(12)) == (0, 0, 0, 0)
    assert counted(brief, enter(10), leave(10.5), enter(11), leave(12)) == (0, 0, 1, 1)


def test_who_only_passed_has_not_been_there():
    assert counted(track(inside(entered=10, left=11, truth=Truth.PASS)), enter(10), leave(11)) == (0, 0, 1, 1)


def test_across_a_silence_one_visit_may_stand_for_the_whole_stay_or_one_for_each_part():
    stay = track(inside(entered=10, left=15), inside(entered=100, left=120, continues=True), minutes=150)
    assert counted(stay, enter(10), leave(121)) == (1, 0, 0, 0)
    assert counted(stay, enter(10), leave(15), enter(100), leave(121)) == (1, 0, 0, 0)
    assert counted(stay, enter(10), leave(15)) == (1, 0, 0, 0)
    assert counted(stay, enter(10), leave(50), enter(110), leave(111)) == (1, 0, 0, 1)


def test_the_delay_counts_fixes_after_the_first_one_inside():
    stay = track(inside(entered=10, left=30))
    assert [score(track=stay, events=[enter(minute)]).delays for minute in (9.5, 10, 12)] == [[0], [0], [2]]


def test_what_the_engine_itself_suspects_is_neither_false_nor_found():
    assert counted(track(), enter(10, suspicious=True), leave(12)) == (0, 0, 0, 0)
    assert counted(track(inside(entered=10, left=30)), enter(10, suspicious=True)) == (1, 1, 0, 0)


def test_scores_add_up():
    total = Score()
    for events in ([enter(10), leave(31)], [], [enter(13)]):
        total.add(score(track=track(inside(entered=10, left=30)), events=events))
    assert (total.tracks, total.stays, total.missed, total.left_open) == (3, 3, 1, 1)
    assert (total.median_delay, total.p90_delay) == (1.5, 3)
