"""The confidence that is told: what fixes say, held against how often the rule was right."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geooffers.visits.engine import evidence
from geooffers.visits.engine.transition_events import Rule

certainties = st.floats(0, 1)


@pytest.mark.parametrize("rough", [False, True])
@pytest.mark.parametrize("rule", evidence.OFFSETS)
@given(less=certainties, more=certainties)
def test_it_is_a_probability_and_grows_with_what_fixes_say(rule: Rule, rough: bool, less: float, more: float) -> None:
    less, more = sorted((less, more))
    low, high = (evidence.calibrated(one, rule=rule, rough=rough) for one in (less, more))
    assert 0 < low <= high < 1


@pytest.mark.parametrize(
    ("rule", "rough", "certainty", "confidence"),
    [
        # By hand: 1 / (1 + exp(-(offset + slope * ln(c / (1 - c))))).
        (Rule.FIRM_FIXES, False, 0.5, 0.485),
        (Rule.FIRM_FIXES, False, 0.99, 0.8375),
        (Rule.FIRM_FIXES, True, 0.99, 0.6155),
        (Rule.HELD_OUTSIDE, True, 0.99, 0.3814),
        (Rule.WALKED_INSIDE, False, 0.9, 0.9839),
    ],
)
def test_the_published_formula(rule: Rule, rough: bool, certainty: float, confidence: float) -> None:
    assert evidence.calibrated(certainty, rule=rule, rough=rough) == pytest.approx(confidence, abs=0.0005)


@pytest.mark.parametrize("rule", [None, *(rule for rule in Rule if rule not in evidence.OFFSETS)])
def test_what_other_rules_settle_is_told_as_it_is(rule: Rule | None) -> None:
    assert evidence.calibrated(0.73, rule=rule, rough=True) == 0.73
