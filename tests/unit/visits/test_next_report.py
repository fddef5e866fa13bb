"""When a phone should report again: as late as nothing can have changed, and no later."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geooffers.visits.engine.next_report import NextReport, Pace, due_s, next_report
from geooffers.visits.engine.observations import to_ms
from geooffers.visits.engine.stays import Stay
from geooffers.visits.engine.tuning import WALK_IN

NOON = datetime(2026, 6, 2, 12, 0, tzinfo=UTC)
HOUR = timedelta(minutes=60)
PACE = Pace(least_m=25, most_m=5_000, soon_s=30)


def after(*, distance_m: float | None, accuracy_m: float = 10, pending: bool = False, wait_s: float | None = None):
    return next_report(distance_m=distance_m, accuracy_m=accuracy_m, pending=pending, due_s=wait_s, pace=PACE)


def stay(*, entered: timedelta, dwelled: bool = False, dwell_s: int = 300) -> Stay:
    return Stay(
        entered_ms=to_ms(NOON + entered),
        last_inside_ms=to_ms(NOON),
        present_ms=-entered // timedelta(milliseconds=1),
        dwell_s=dwell_s,
        dwelled=dwelled,
        tuning=WALK_IN,
        begun=True,
    )


@pytest.mark.parametrize(
    ("distance_m", "accuracy_m", "move_m"),
    [
        (420.9, 10, 410),  # down: a centimetre too far may be across
        (30, 10, 25),
        (30, 200, 25),  # it may be across already: the next step says
        (20.9, 5, 20),  # who moves 25 m may be across
        (0, 5, 0),
        (5_000, 10, 4_990),
        (90_000, 10, 5_000),
    ],
)
def test_a_phone_may_move_as_far_as_the_boundary_but_for_its_accuracy(
    distance_m: float, accuracy_m: float, move_m: int
) -> None:
    assert after(distance_m=distance_m, accuracy_m=accuracy_m) == NextReport(move_m=move_m, after_s=None)


def test_without_a_used_fix_nothing_can_be_said() -> None:
    assert after(distance_m=None) == NextReport(move_m=None, after_s=None)
    assert after(distance_m=None, pending=True) == NextReport(move_m=None, after_s=30)


def test_what_the_next_fix_may_decide_is_asked_for_soon() -> None:
    assert after(distance_m=900, pending=True) == NextReport(move_m=0, after_s=30)
    assert after(distance_m=900, pending=True, wait_s=200) == NextReport(move_m=0, after_s=30)


def test_nobody_is_asked_sooner_than_soon() -> None:
    assert after(distance_m=900, wait_s=200.2).after_s == 201
    assert after(distance_m=900, wait_s=3).after_s == 30
    assert after(distance_m=900, wait_s=-500).after_s == 30


def test_a_stay_is_proven_by_a_fix_at_its_dwell() -> None:
    stays = [stay(entered=timedelta(seconds=-100)), stay(entered=timedelta(seconds=-250), dwell_s=600)]
    assert due_s(stays=stays, at_ms=to_ms(NOON), stale_after=HOUR) == 200


def test_a_phone_that_lies_still_in_a_visit_says_so_before_it_is_taken_to_be_gone() -> None:
    proven = stay(entered=timedelta(hours=-5), dwelled=True)
    assert due_s(stays=[proven], at_ms=to_ms(NOON), stale_after=HOUR) == 1_800
    assert due_s(stays=[], at_ms=to_ms(NOON), stale_after=HOUR) is None


@given(
    distance_m=st.floats(0, 1e6),
    accuracy_m=st.floats(0.001, 5_000),
    pending=st.booleans(),
    wait_s=st.one_of(st.none(), st.floats(-1e5, 1e5)),
)
def test_the_answer_keeps_its_limits(distance_m: float, accuracy_m: float, pending: bool, wait_s: float | None) -> None:
    told = after(distance_m=distance_m, accuracy_m=accuracy_m, pending=pending, wait_s=wait_s)
    assert told.move_m is not None
    assert 0 <= told.move_m <= min(5_000, distance_m)
    # Beyond the least, nobody who obeys reaches the boundary unheard, wherever in the circle of uncertainty they were.
    assert told.move_m <= 25 or told.move_m + accuracy_m <= distance_m
    assert told.after_s is None or told.after_s >= 30
    assert (told.after_s is None) == (wait_s is None and not pending)
