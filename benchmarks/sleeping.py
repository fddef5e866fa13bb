"""A phone that sleeps: it reports only when it has moved as far as the last answer allowed, and what that costs.

The answer's number is the distance to the nearest boundary less the fix's accuracy, within a floor and a cap; but never
more than that distance, and nothing at all while the rules wait for one more fix to settle something. The phone watches
its own movement between fixes and reports at the first one at which it may have crossed a boundary.

Beside it stands the ideal phone, which knows the distance to the nearest boundary exactly and reports at the first fix
at which it may have crossed that, no sooner; and the phone that reports every fix, whose entries are the measure.

Walked are recorded traces (../shared/data/traces, where they are) and days of our own, each with fences around and
with none nearer than two kilometres.
"""

import argparse
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.days import Day, days  # noqa: E402
from benchmarks.recorded import recorded_days  # noqa: E402
from benchmarks.tracks.ground import GEODESIC  # noqa: E402
from benchmarks.tracks.labels import Report  # noqa: E402
from benchmarks.visit_engine import Eye, is_pending, told, walked  # noqa: E402
from geooffers.visits.transitions import State, Walk  # noqa: E402

FLOOR_M, CAP_M = 25.0, 5_000.0
FARTHEST_M = 20_004_000.0
# What we ask of ourselves.
OF_THE_IDEAL = 1.25
FEWER_WHEN_FAR = 10.0
LATER_REPORTS = 1

# How far the phone may move after this fix before it reports again: the rules' state, the fix, the distance to the
# nearest boundary.
MayMove = Callable[[Walk, Report, float], float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit:
    """Numbers of fixes: with which it was reported to begin and to end."""

    fence: int
    begins: int
    ends: float


@dataclass(frozen=True, kw_only=True)
class Sent:
    """`reports`: the numbers of the fixes that were sent."""

    reports: tuple[int, ...]
    visits: tuple[Visit, ...]


@dataclass(kw_only=True)
class Sum:
    """Over the days of one kind."""

    days: int = 0
    fixes: int = 0
    reports: int = 0
    ideal: int = 0
    entries: int = 0
    late: int = 0
    missed: int = 0

    def add(self, other: "Sum") -> None:
        for name in ("days", "fixes", "reports", "ideal", "entries", "late", "missed"):
            setattr(self, name, getattr(self, name) + getattr(other, name))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--floor", type=float, default=FLOOR_M, help="metres")
    parser.add_argument("--cap", type=float, default=CAP_M, help="metres")
    asked = parser.parse_args()
    may_move = as_answered(floor_m=asked.floor, cap_m=asked.cap)
    print(f"\nsleeping: floor {asked.floor:g} m, cap {asked.cap:g} m")
    print(
        f"  {'':34}{'days':>6}{'fixes':>9}{'reports':>9}{'ideal':>8}{'of ideal':>10}{'fewer':>8}"
        f"{'entries':>9}{'later':>7}{'missed':>8}"
    )
    sums: dict[str, Sum] = {}
    for day in [*days(), *recorded_days(ROOT.parent / "shared" / "data")]:
        sums.setdefault(day.kind, Sum()).add(one_day(day, may_move=may_move))
    for kind, one in sums.items():
        print(line(kind, one))
    for text, holds in verdicts(sums):
        print(f"  {'holds' if holds else 'FAILS'}  {text}")


def line(kind: str, one: Sum) -> str:
    return (
        f"  {kind:34}{one.days:6}{one.fixes:9,}{one.reports:9,}{one.ideal:8,}{one.reports / one.ideal:10.2f}"
        f"{one.fixes / one.reports:7.1f}x{one.entries:9}{one.late:7}{one.missed:8}"
    )


def verdicts(sums: dict[str, Sum]) -> Iterator[tuple[str, bool]]:
    total, far = Sum(), Sum()
    for kind, one in sums.items():
        total.add(one)
        if kind.endswith("far"):
            far.add(one)
    yield (
        f"entries missed beyond {LATER_REPORTS} report of delay: {total.missed} of {total.entries}; at most 0",
        total.missed == 0,
    )
    share = total.reports / total.ideal
    yield f"reports: {share:.3f} of the ideal phone's; at most {OF_THE_IDEAL}", share <= OF_THE_IDEAL
    fewer = far.fixes / far.reports
    yield (
        f"fences two kilometres or more away: {fewer:.1f} times fewer reports; at least {FEWER_WHEN_FAR:g}",
        fewer >= FEWER_WHEN_FAR,
    )


def one_day(day: Day, *, may_move: MayMove) -> Sum:
    eye = Eye(day.fences)
    every = sent(day.reports, eye=eye, may_move=None)
    ours = sent(day.reports, eye=eye, may_move=may_move)
    ideal = ideal_reports(day.reports, eye=eye)
    late, missed = held_against(every=every, ours=ours)
    return Sum(
        days=1,
        fixes=len(day.reports),
        reports=len(ours.reports),
        ideal=ideal,
        entries=len(every.visits),
        late=late,
        missed=missed,
    )


def as_answered(*, floor_m: float, cap_m: float) -> MayMove:
    def may_move(walk: Walk, report: Report, clearance_m: float) -> float:
        if is_pending(walk):
            return 0.0
        # A floor above the distance itself would let it walk in and sit down unseen.
        return min(max(clearance_m - report.accuracy_m, floor_m), clearance_m, cap_m)

    return may_move


def sent(reports: Sequence[Report], *, eye: Eye, may_move: MayMove | None) -> Sent:
    """What a phone that obeys sends, and what the rules make of it. Told nothing, it sends every fix."""
    state, last, allowed_m = State(), reports[0], 0.0
    numbers: list[int] = []
    begun: dict[int, int] = {}
    visits: list[Visit] = []
    for number, report in enumerate(reports):
        if apart_m(last, report) < allowed_m:
            continue
        numbers.append(number)
        walk = walked(state, eye=eye, report=report, number=number)
        state, last = walk.state, report
        for event in told(walk.transitions, fix=number, at_s=report.at_s):
            if event.enters:
                begun[event.fence] = number
            elif event.fence in begun:
                visits.append(Visit(fence=event.fence, begins=begun.pop(event.fence), ends=number))
        if may_move is not None:
            clearance_m = eye.index.clearance_m(lat=report.lat, lon=report.lon, at_most_m=FARTHEST_M)
            allowed_m = may_move(walk, report, clearance_m)
    visits += [Visit(fence=fence, begins=begins, ends=math.inf) for fence, begins in begun.items()]
    return Sent(reports=tuple(numbers), visits=tuple(visits))


def ideal_reports(reports: Sequence[Report], *, eye: Eye) -> int:
    last, allowed_m, count = reports[0], 0.0, 0
    for report in reports:
        if apart_m(last, report) >= allowed_m:
            count += 1
            last = report
            allowed_m = eye.index.clearance_m(lat=report.lat, lon=report.lon, at_most_m=FARTHEST_M)
    return count


def held_against(*, every: Sent, ours: Sent) -> tuple[int, int]:
    """Entries that came one report later than they could have, and those that came later still or never.

    An entry that all fixes show at fix k could come with our first report from k on. It is there if a visit of ours,
    begun by then, goes on past k: an earlier one is none the worse.
    """
    late = missed = 0
    for visit in every.visits:
        possible = [number for number in ours.reports if number >= visit.begins]
        mine = [one for one in ours.visits if one.fence == visit.fence and one.ends > visit.begins]
        if not possible:
            # The day was over before the phone had to report once more.
            mine_in_time = [one for one in mine if one.begins <= visit.begins]
            missed += not mine_in_time
        elif any(one.begins <= possible[0] for one in mine):
            continue
        elif any(one.begins <= possible[min(LATER_REPORTS, len(possible) - 1)] for one in mine):
            late += 1
        else:
            missed += 1
    return late, missed


def apart_m(one: Report, other: Report) -> float:
    return float(GEODESIC.inv(one.lon, one.lat, other.lon, other.lat)[2])


if __name__ == "__main__":
    main()
