"""The phone that sleeps, on ways so simple that the reports can be counted by hand."""

from dataclasses import replace

import pytest

from benchmarks import recorded, sleeping
from benchmarks.days import FAR_M, Day, days
from benchmarks.sleeping import Sent, Visit
from benchmarks.tracks.ground import Ground
from benchmarks.tracks.labels import Report
from benchmarks.visit_engine import Eye
from geooffers.matching.areas import Circle, Fence
from geooffers.visits.engine.next_report import NextReport

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
    reports = walk_east(0, 300, 600, 890, 894, 896, 950, 960)
    sent = sleeping.sent(reports, eye=eye, advice=sleeping.as_answered(sleeping.PACE))
    # 895 m at first, less than which the fix at 894 has moved.
    assert sent.reports[:2] == (0, 5)
    assert sleeping.sent(reports, eye=eye, advice=None).reports == tuple(range(len(reports)))


@pytest.mark.parametrize(
    ("said", "moved_m", "waited_min", "due"),
    [
        (NextReport(move_m=100, after_s=None), 99, 900, False),
        (NextReport(move_m=100, after_s=None), 101, 1, True),
        (NextReport(move_m=100, after_s=300), 0, 4, False),
        (NextReport(move_m=100, after_s=300), 0, 5, True),
        (NextReport(move_m=0, after_s=300), 0, 1, True),
        (NextReport(move_m=None, after_s=300), 9_000, 4, False),
        (NextReport(move_m=None, after_s=None), 0, 1, True),
    ],
)
def test_a_report_is_due_by_what_the_last_answer_said(said, moved_m, waited_min, due):
    last, moved = walk_east(0, moved_m)
    report = replace(moved, at_s=60.0 * waited_min)
    assert sleeping.is_due(said, last=last, report=report) == due


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
