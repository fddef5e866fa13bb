"""A phone that sleeps: it reports once it has moved as far, or waited as long, as the last answer said.

The answer is the product's own (`geooffers.visits.engine.next_report`), with the settings' defaults. The phone watches
its own movement between fixes, and reports at the first one at which it has moved so far, or at which so long has
passed.

Beside it stands the ideal phone, which knows the distance to the nearest boundary exactly and reports at the first fix
at which it may have crossed that, no sooner; and the phone that reports every fix, whose entries are the measure.

Walked are recorded traces (../shared/data/traces, where they are) and days of our own, each with fences around and
with none nearer than two kilometres.
"""

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
from benchmarks.visit_engine import STALE_AFTER, Eye, moment, told, walked  # noqa: E402
from geooffers.visits.engine.next_report import NextReport, Pace, due_s, next_report  # noqa: E402
from geooffers.visits.engine.observations import to_ms  # noqa: E402
from geooffers.visits.engine.transitions import State, Walk  # noqa: E402

# The settings' defaults.
PACE = Pace(least_m=25, most_m=5_000, soon_s=30)
FARTHEST_M = 20_004_000.0
# What we ask of ourselves.
OF_THE_IDEAL = 1.25
FEWER_WHEN_FAR = 10.0
LATER_REPORTS = 1

# What the answer says of the next report: after the rules took the fix, which is so far from the nearest boundary.
Advice = Callable[[Walk, Report, float], NextReport]


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
    advice = as_answered(PACE)
    print(f"\nsleeping: {PACE.least_m} m at least, {PACE.most_m} m at most, soon is {PACE.soon_s} s")
    print(
        f"  {'':34}{'days':>6}{'fixes':>9}{'reports':>9}{'ideal':>8}{'of ideal':>10}{'fewer':>8}"
        f"{'entries':>9}{'later':>7}{'missed':>8}"
    )
    sums: dict[str, Sum] = {}
    for day in [*days(), *recorded_days(ROOT.parent / "shared" / "data")]:
        sums.setdefault(day.kind, Sum()).add(one_day(day, advice=advice))
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


def one_day(day: Day, *, advice: Advice) -> Sum:
    eye = Eye(day.fences)
    every = sent(day.reports, eye=eye, advice=None)
    ours = sent(day.reports, eye=eye, advice=advice)
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


def as_answered(pace: Pace) -> Advice:
    """As `usecases.location.advise_next_report` puts it together, from the fences here instead of the live ones."""

    def advice(walk: Walk, report: Report, clearance_m: float) -> NextReport:
        known = walk.known
        waits_s = None
        if known.at_ms is not None:
            waits_s = due_s(stays=known.stays.values(), at_ms=known.at_ms, stale_after=STALE_AFTER)
        used = known.place is not None and known.place.at_ms == to_ms(moment(report.at_s))
        return next_report(
            distance_m=min(clearance_m, pace.most_m) if used else None,
            accuracy_m=report.accuracy_m,
            pending=known.is_pending,
            due_s=waits_s,
            pace=pace,
        )

    return advice


def sent(reports: Sequence[Report], *, eye: Eye, advice: Advice | None) -> Sent:
    """What a phone that obeys sends, and what the rules make of it. Told nothing, it sends every fix."""
    state, last, told_last = State(), reports[0], NextReport(move_m=0, after_s=None)
    numbers: list[int] = []
    begun: dict[int, int] = {}
    visits: list[Visit] = []
    for number, report in enumerate(reports):
        if advice is not None and not is_due(told_last, last=last, report=report):
            continue
        numbers.append(number)
        walk = walked(state, eye=eye, report=report, number=number)
        state, last = walk.state, report
        for event in told(walk.transitions, fix=number, at_s=report.at_s):
            if event.enters:
                begun[event.fence] = number
            elif event.fence in begun:
                visits.append(Visit(fence=event.fence, begins=begun.pop(event.fence), ends=number))
        if advice is not None:
            told_last = advice(
                walk, report, eye.index.clearance_m(lat=report.lat, lon=report.lon, at_most_m=FARTHEST_M)
            )
    visits += [Visit(fence=fence, begins=begins, ends=math.inf) for fence, begins in begun.items()]
    return Sent(reports=tuple(numbers), visits=tuple(visits))


def is_due(said: NextReport, *, last: Report, report: Report) -> bool:
    """Who was told nothing at all reports the next fix."""
    if said.move_m is None and said.after_s is None:
        return True
    has_moved = said.move_m is not None and apart_m(last, report) >= said.move_m
    return has_moved or (said.after_s is not None and report.at_s - last.at_s >= said.after_s)


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
