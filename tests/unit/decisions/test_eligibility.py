"""May this shopper have this offer now? Each reason, alone and before the others."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geooffers.decisions.eligibility import SHORTEST_USE, Facts, Reason, Standing, judge
from merchants.models import OfferState
from tests.cast import NOON

HOUR = timedelta(hours=1)
GOOD = Facts(
    standing=Standing.LIVE,
    starts_at=NOON - HOUR,
    ends_at=NOON + HOUR,
    open_now=True,
    cap=10,
    taken=9,
    limit=2,
    had=1,
    issued_this_visit=False,
)

# In the order in which they are given as the reason.
SPOILED = {
    Reason.NOT_PUBLISHED: {"standing": Standing.DRAFT},
    Reason.ENDED: {"standing": Standing.ENDED},
    Reason.PAUSED: {"standing": Standing.PAUSED},
    Reason.NOT_STARTED: {"starts_at": NOON + timedelta(seconds=1)},
    Reason.OUTSIDE_SCHEDULE: {"open_now": False},
    Reason.ENDS_TOO_SOON: {"ends_at": NOON + SHORTEST_USE - timedelta(seconds=1)},
    Reason.ALREADY_ISSUED_THIS_VISIT: {"issued_this_visit": True},
    Reason.SHOPPER_LIMIT: {"had": 2},
    Reason.DEVICE_LIMIT: {"device_is_full": True},
    Reason.CAP_REACHED: {"taken": 10},
}


def test_a_good_offer_is_eligible() -> None:
    assert judge(GOOD, now=NOON).is_eligible


@pytest.mark.parametrize("reason", SPOILED)
def test_each_reason_alone_refuses(reason: Reason) -> None:
    verdict = judge(replace(GOOD, **SPOILED[reason]), now=NOON)
    assert not verdict.is_eligible
    assert verdict.refused_for == reason


@pytest.mark.parametrize(
    ("first", "second"),
    [(a, b) for i, a in enumerate(SPOILED) for b in list(SPOILED)[i + 1 :] if not set(SPOILED[a]) & set(SPOILED[b])],
)
def test_the_lasting_reason_is_named_before_the_passing_one(first: Reason, second: Reason) -> None:
    assert judge(replace(GOOD, **SPOILED[first], **SPOILED[second]), now=NOON).refused_for == first


def test_every_refusal_is_tested() -> None:
    of_the_choice = {Reason.BEST, Reason.RANKED_LOWER, Reason.OTHER_MOMENT, Reason.CONTENDED}
    assert set(SPOILED) | of_the_choice == set(Reason)


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (NOON - HOUR - timedelta(microseconds=1), Reason.NOT_STARTED),
        (NOON - HOUR, None),
        (NOON + HOUR - SHORTEST_USE, None),
        (NOON + HOUR - SHORTEST_USE + timedelta(microseconds=1), Reason.ENDS_TOO_SOON),
        (NOON + HOUR, Reason.ENDED),
    ],
)
def test_the_window_is_half_open_and_leaves_time_to_walk_to_the_till(now: datetime, reason: Reason | None) -> None:
    assert judge(GOOD, now=now).refused_for == reason


@given(taken=st.integers(0, 30), had=st.integers(0, 5))
def test_nobody_is_eligible_beyond_cap_or_limit(taken: int, had: int) -> None:
    verdict = judge(replace(GOOD, taken=taken, had=had), now=NOON)
    assert verdict.is_eligible == (taken < GOOD.cap and had < GOOD.limit)


def test_a_window_without_a_time_zone_is_refused_at_the_door() -> None:
    with pytest.raises(ValueError, match="time zone"):
        replace(GOOD, starts_at=NOON.replace(tzinfo=None))


def test_standings_are_the_states_of_an_offer() -> None:
    assert {each.value for each in Standing} == set(OfferState.values)
