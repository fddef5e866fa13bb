"""The words for the engine's codes: one for each, with the numbers of the tuning."""

import pytest

from geooffers.visits.engine import explaining, observations, tuning
from geooffers.visits.engine.observations import Ignored, Status
from geooffers.visits.engine.transition_events import Change, Rule
from geooffers.visits.engine.transitions import Transition
from geooffers.visits.engine.tuning import DRIVE_BY, WALK_IN
from tests.conftest import ROOT
from tests.unit.visits.sightings import CAFE, NOON, after, driving_by, seconds, sighting, told, walk

PAGE = (ROOT / "docs" / "replay.md").read_text()


def words(rule: Rule, *, tuning: tuning.Tuning = WALK_IN) -> str:
    one = Transition(change=Change.ENTERED, fence=CAFE, at=NOON, pushable=True, rule=rule)
    return explaining.why(one, tuning=tuning, dwell_s=300, size_m=100)


@pytest.mark.parametrize("rule", Rule)
def test_every_rule_has_words_of_its_own_and_stands_in_the_page(rule: Rule) -> None:
    assert len([other for other in Rule if words(other) == words(rule)]) == 1
    assert f"`{rule}`" in PAGE


@pytest.mark.parametrize("code", Ignored)
def test_every_reason_for_not_using_a_fix_has_words(code: Ignored) -> None:
    assert explaining.why_dropped(Status.IGNORED, code)


def test_the_words_hold_the_numbers_that_decide() -> None:
    assert "70%" in words(Rule.FIRM_FIXES)
    assert "80%" in words(Rule.WALKED_INSIDE)
    assert "8 m/s" in words(Rule.FIRM_FIXES)
    assert "25 s, with a certainty of 70%" in words(Rule.HELD_INSIDE)
    assert "5 s apart" in words(Rule.FIRM_FIXES)
    assert "4 min" in words(Rule.INSIDE_ANYHOW)
    assert "20 s, with a certainty of 98%" in words(Rule.HELD_OUTSIDE)
    assert "margin of 5 m" in words(Rule.CLEAR_FIXES)
    assert "5 min" in words(Rule.DWELL_REACHED)


def rules(*seen: observations.Sighting) -> list[Rule | None]:
    return [one.rule for one in walk(after(sighting(NOON)), seen).transitions]


def test_each_way_in_and_out_names_its_rule() -> None:
    inside = [sighting(seconds(at), CAFE) for at in (10, 20)]
    assert rules(*inside) == [Rule.FIRM_FIXES]
    assert rules(*[sighting(seconds(at), CAFE, depth_m=3) for at in (10, 25, 40)]) == [Rule.HELD_INSIDE]
    assert rules(sighting(seconds(30), CAFE, speed_mps=1.2)) == [Rule.WALKED_INSIDE]
    driving = [sighting(seconds(at), CAFE, speed_mps=15, north_m=15 * at) for at in range(10, 260, 10)]
    assert rules(*driving) == [Rule.INSIDE_ANYHOW]
    assert rules(driving_by(seconds(10), CAFE), sighting(seconds(20))) == [Rule.ONE_FIX_INSIDE, Rule.ONE_FIX_OUTSIDE]
    assert rules(*inside, sighting(seconds(30)), sighting(seconds(40))) == [Rule.FIRM_FIXES, Rule.CLEAR_FIXES]
    lingering = [sighting(seconds(at), CAFE, depth_m=-8) for at in range(30, 690, 30)]
    assert rules(*inside, *lingering) == [Rule.FIRM_FIXES, Rule.HELD_OUTSIDE]
    assert rules(*inside, sighting(seconds(9_000))) == [Rule.FIRM_FIXES, Rule.SILENCE]
    enter, leave = observations.RegionChange.ENTER, observations.RegionChange.EXIT
    assert rules(told(seconds(10), enter), told(seconds(20), leave)) == [Rule.SYSTEM_SAW_IT, Rule.SYSTEM_SAW_IT]
    assert rules(*inside, sighting(seconds(400), CAFE)) == [Rule.FIRM_FIXES, Rule.DWELL_REACHED]


def test_a_drive_by_fence_is_settled_by_its_own_rule() -> None:
    assert rules(driving_by(seconds(10), CAFE), driving_by(seconds(20), CAFE)) == [
        Rule.ONE_FIX_INSIDE,
        Rule.FIRM_FIXES,
    ]
    assert DRIVE_BY.plain


def test_an_attempt_says_what_it_still_lacks() -> None:
    one = walk(after(sighting(NOON)), [sighting(seconds(10), CAFE)]).known.stays[CAFE]
    assert "1 of 2 firm fixes" in explaining.waits_for(one, at_ms=one.last_inside_ms)
    fast = walk(after(sighting(NOON)), [sighting(seconds(10), CAFE, speed_mps=20)]).known.stays[CAFE]
    assert "faster than 8 m/s" in explaining.waits_for(fast, at_ms=fast.last_inside_ms)
    inside = [sighting(seconds(at), CAFE) for at in (10, 20)]
    begun = walk(after(sighting(NOON)), inside).known.stays[CAFE]
    assert explaining.waits_for(begun, at_ms=begun.last_inside_ms) == ""
    doubted = walk(after(sighting(NOON)), [*inside, sighting(seconds(30))]).known.stays[CAFE]
    assert "seen outside once" in explaining.waits_for(doubted, at_ms=doubted.last_inside_ms)
