"""How surely one fix says that a phone is inside a fence, or outside of it: the formula of docs/visits.md.

An accuracy is the radius that holds the true place in 68 of 100 cases (Android's definition; iOS means about the
same). Read as a round Gaussian error of standard deviation s = accuracy / 1.51 along each axis:

    inside = Phi(distance / s) * (1 - exp(-size^2 / (2 s^2)))

The first factor takes the boundary for a straight line, which is right while the error is small beside the fence. The
second is the share of the error that a circle of the fence's size can hold at best: without it a fix of 200 m accuracy
in the middle of a fence of 50 m would be thought as good as one of 20 m.

What the rules of a stay decide by is this. What is told as the confidence of a transition is `calibrated` besides: how
often the rule that settled it was right, with fixes that said so much, on labelled tracks.
"""

import math

from geooffers.visits.engine.transition_events import Rule

# sqrt(-2 ln(1 - 0.68)): the radius in standard deviations that holds 68 % of a round Gaussian.
RADIUS_IN_SIGMAS = math.sqrt(-2 * math.log(1 - 0.68))
_ROOT_HALF = math.sqrt(0.5)

# Fitted by maximum likelihood on the tuning seeds of benchmarks/tracks; docs/visits.md has the reliability that came of
# it. Of each rule the offset, and the offset where the fix that settled it is rough.
OFFSETS = {
    Rule.FIRM_FIXES: (-0.06, -1.23),
    Rule.WALKED_INSIDE: (3.30, 3.30),
    Rule.HELD_INSIDE: (0.94, -2.19),
    Rule.CLEAR_FIXES: (0.49, -0.09),
    Rule.HELD_OUTSIDE: (1.38, -2.55),
    Rule.SILENCE: (-0.85, -0.85),
}
ENTRY_SLOPE, EXIT_SLOPE = 0.37, 0.45
_EXITS = {Rule.CLEAR_FIXES, Rule.HELD_OUTSIDE, Rule.SILENCE}
# No more is believed of any number of fixes.
CERTAIN_AT_MOST = 0.999


def inside(*, distance_m: float | None, accuracy_m: float, size_m: float) -> float:
    """How surely the phone is inside: 0 to 1. `distance_m` as in `Touch`."""
    sigma = max(accuracy_m, 1.0) / RADIUS_IN_SIGMAS
    held = 1 - math.exp(-0.5 * (size_m / sigma) ** 2)
    if distance_m is None:
        # Surely inside: at least its accuracy from the boundary.
        distance_m = accuracy_m
    return phi(distance_m / sigma) * held


def outside(*, distance_m: float, accuracy_m: float) -> float:
    """How surely it is outside: as above, without the second factor. An error never makes the world too small."""
    return phi(-distance_m * RADIUS_IN_SIGMAS / max(accuracy_m, 1.0))


def phi(deviations: float) -> float:
    """The standard normal distribution function."""
    return 0.5 * math.erfc(-deviations * _ROOT_HALF)


def calibrated(certainty: float, *, rule: Rule | None, rough: bool = False) -> float:
    """logistic(offset + slope * logit(certainty)) for the rules that have an offset; of the others what it was."""
    if rule not in OFFSETS:
        return certainty
    held = min(max(certainty, 1 - CERTAIN_AT_MOST), CERTAIN_AT_MOST)
    slope = EXIT_SLOPE if rule in _EXITS else ENTRY_SLOPE
    return 1 / (1 + math.exp(-OFFSETS[rule][rough]) * math.pow((1 - held) / held, slope))
