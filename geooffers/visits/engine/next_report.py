"""How far a phone may move, and how long it may wait, before it should report again. Plain Python.

A phone that lies still, or is far from everything, has nothing to say: its next report could only say so again. It may
move until it could have crossed the nearest boundary, the boundary of a fence that it is in included. Time matters
where a fix is needed although nobody moves: a stay is proven by a fix, and a phone that says nothing for too long is
taken to be gone.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from geooffers.visits.engine.stays import Stay
from geooffers.visits.engine.tuning import GAP_MS


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """Limits. `least_m`: a coarse fix is no reason to report more often, unless the boundary itself is nearer.

    `soon_s`: nobody who has not moved is asked sooner, where time matters.
    """

    least_m: int
    most_m: int
    soon_s: int


@dataclass(frozen=True, kw_only=True, slots=True)
class NextReport:
    """When one of them is reached. None: it does not matter how far, or how long."""

    move_m: int | None
    after_s: int | None


def next_report(
    *, distance_m: float | None, accuracy_m: float, pending: bool, due_s: float | None, pace: Pace
) -> NextReport:
    """`distance_m` is from the newest used fix to the nearest boundary; None when there is no such fix.

    `pending`: something is about to be decided, and the next fix may decide it. `due_s`: when a fix is wanted at the
    latest.
    """
    waits = [max(math.ceil(due_s), pace.soon_s)] if due_s is not None else []
    move_m = None
    if distance_m is not None:
        # Never beyond the boundary: who sat down behind a door that was 20 m away would not be seen. Rounded down: a
        # centimetre too far may be across.
        move_m = math.floor(min(max(distance_m - accuracy_m, pace.least_m), distance_m, pace.most_m))
    if pending:
        # The very next fix: who only runs an errand has left before 25 m or half a minute more could settle anything.
        waits.append(pace.soon_s)
        move_m = 0 if move_m is not None else None
    return NextReport(move_m=move_m, after_s=min(waits, default=None))


def due_s(*, stays: Iterable[Stay], at_ms: int, stale_after: timedelta) -> float | None:
    """Counted from `at_ms`, the newest fix: when a stay will be proven, or half of the silence that would end it."""
    dues = []
    for stay in stays:
        if not stay.begun:
            continue
        dues.append(stale_after.total_seconds() / 2)
        if not stay.dwelled:
            # What is proven already does not have to be sat out again; what is not lies between two fixes.
            proven_s = (stay.present_ms + at_ms - stay.last_inside_ms) / 1000
            dues.append(min(stay.dwell_s - proven_s, GAP_MS / 1000))
    return min(dues, default=None)
