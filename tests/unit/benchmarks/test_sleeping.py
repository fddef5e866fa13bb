"""The phone that sleeps, on ways so simple that the reports can be counted by hand."""

import pytest

from benchmarks import recorded, sleeping
from benchmarks.days import FAR_M, Day, days
from benchmarks.sleeping import Sent, Visit
from benchmarks.tracks.ground import Ground
from benchmarks.tracks.labels import Report
from benchmarks.visit_engine import Eye
from geooffers.matching.areas import Circle, Fence

GROUND = Ground(lat=60.0, lon=25.0)


def walk_east(*metres: float, accuracy_m: float = 5.0) -> tuple[Report, ...]:
    """A fix a minute."""
    return tuple(
        Report(at_s=60.0 * number, lat=lat, lon=lon, accuracy_m=accuracy_m, speed_mps=1.0)
        for number, (lat, lon) in enumerate(GROUND.degrees_of(x, 0) for x in metres)
    )


def shop(*, x: float, radius_m: float = 100.0) -> Fence:
    lat, lon = GROUND.degrees_of(x, 0)
    return Fence(id=1, area=Circle(lat=lat, lon=lon, radius_m=radius_m))


def test_the_ideal_phone_reports_when_it_may_have_crossed_and_no_sooner():
    eye = Eye([shop(x=1_000)])  # begins at 900
    assert sleeping.ideal_reports(walk_east(0, 300, 600, 899), eye=eye) == 1
    assert sleeping.ideal_reports(walk_east(0, 300, 600, 901), eye=eye) == 2


def test_a_phone_that_obeys_is_silent_until_the_boundary_may_be_behind_it():
    eye = Eye([shop(x=1_000)])
    may_move = sleeping.as_answered(floor_m=25, cap_m=5_000)
    reports = walk_east(0, 300, 600, 890, 894, 896, 898, 950, 960)
    sent = sleeping.sent(reports, eye=eye, may_move=may_move)
    # 895 m at first, less than which the fix at 894 has moved; then only as far as the distance that is left.
    assert sent.reports[:3] == (0, 5, 7)
    assert sleeping.sent(reports, eye=eye, may_move=None).reports == tuple(range(len(reports)))


@pytest.mark.parametrize(("clearance_m", "allowed_m"), [(500, 480), (30, 25), (10, 10), (90_000, 5_000)])
def test_the_answer_lies_within_floor_and_cap_and_never_past_the_boundary(clearance_m, allowed_m):
    report = walk_east(0, accuracy_m=20)[0]
    eye = Eye([shop(x=10_000)])
    walk = sleeping.walked(sleeping.State(), eye=eye, report=report, number=0)
    assert sleeping.as_answered(floor_m=25, cap_m=5_000)(walk, report, clearance_m) == allowed_m


def every(begins: int) -> Sent:
    return Sent(reports=tuple(range(20)), visits=(Visit(fence=1, begins=begins, ends=15),))


@pytest.mark.parametrize(
    ("visits", "late", "missed"),
    [
        ([Visit(fence=1, begins=8, ends=15)], 0, 0),
        ([Visit(fence=1, begins=3, ends=15)], 0, 0),
        ([Visit(fence=1, begins=10, ends=15)], 1, 0),
        ([Visit(fence=1, begins=12, ends=15)], 0, 1),
        ([Visit(fence=1, begins=1, ends=4)], 0, 1),
        ([Visit(fence=2, begins=8, ends=15)], 0, 1),
        ([], 0, 1),
    ],
)
def test_an_entry_is_due_with_the_first_report_and_late_with_the_second(visits, late, missed):
    ours = Sent(reports=(0, 3, 8, 10, 12), visits=tuple(visits))
    assert sleeping.held_against(every=every(begins=5), ours=ours) == (late, missed)


def test_an_entry_after_the_last_report_is_missed():
    assert sleeping.held_against(every=every(begins=13), ours=Sent(reports=(0, 3), visits=())) == (0, 1)


@pytest.fixture(scope="module")
def far_days() -> list[Day]:
    return [day for day in days() if day.kind.endswith("far")][::4]


def test_far_means_two_kilometres_or_more(far_days):
    for day in far_days:
        eye = Eye(day.fences)
        for report in day.reports[::20]:
            (nearest,) = eye.index.nearest(lat=report.lat, lon=report.lon, limit=1)
            assert nearest.distance_m > FAR_M


def test_recorded_days_keep_their_shops_two_kilometres_away(shared_data):
    seen = 0
    for day in recorded.recorded_days(shared_data):
        if day.kind.endswith("far"):
            eye = Eye(day.fences)
            assert all(
                eye.index.nearest(lat=one.lat, lon=one.lon, limit=1)[0].distance_m >= FAR_M - 0.01
                for one in day.reports[::20]
            )
            seen += 1
    assert seen > 50


def test_whole_minutes_are_spread_in_order_and_other_times_are_kept():
    assert recorded.spread([0.0, 60.0, 60.0, 60.0, 120.0]) == [0.0, 60.0, 80.0, 100.0, 120.0]
    assert recorded.spread([0.0, 61.0, 61.0]) == [0.0, 61.0, 61.0]
