"""The visit engine's codes in words, with the numbers that decided.

Plain Python. docs/replay.md lists the codes; a test keeps the two alike.
"""

from geooffers.visits.engine.observations import CLOCK_AHEAD_BY, TOO_COARSE_OVER_M, TOO_OLD_AFTER, Ignored, Status
from geooffers.visits.engine.stays import Stay
from geooffers.visits.engine.transition_events import Change, Rule
from geooffers.visits.engine.transitions import Transition
from geooffers.visits.engine.tuning import APART_MS, GAP_MS, Tuning

_WHY_DROPPED = {
    Ignored.CONSENT_MISSING: "the shopper has not agreed to this use of the location",
    Ignored.TOO_OLD: f"recorded more than {TOO_OLD_AFTER.total_seconds() / 3600:.0f} hours ago",
    Ignored.CLOCK_AHEAD: f"recorded more than {CLOCK_AHEAD_BY.total_seconds() / 60:.0f} minutes from now",
    Ignored.TOO_COARSE: f"its accuracy is worse than {TOO_COARSE_OVER_M / 1000:.0f} km: a town, not a shop",
    Ignored.NULL_ISLAND: "at (0, 0): what a receiver says that knows nothing",
    Ignored.NOT_USED: "not to be used",
    Ignored.UNKNOWN_REGION: "an event of a region that is not, or no longer, live",
    Ignored.SET_ASIDE: "nothing moves so fast: set aside until a second fix agrees",
}


def why(one: Transition, *, tuning: Tuning, dwell_s: int, size_m: float) -> str:
    """The rule that settled a change, as the tuning and the fence make it."""
    match one.rule:
        case Rule.ONE_FIX_INSIDE:
            return "the centre of one fix is inside, which is enough at a drive-by fence"
        case Rule.FIRM_FIXES:
            return (
                f"{tuning.firm_fixes} fixes are firmly inside, each with a certainty of {tuning.firm_from:.0%} or more,"
                f" {_minutes(APART_MS)} apart or more, and no faster than {tuning.gate_mps:g} m/s"
            )
        case Rule.WALKED_INSIDE:
            return (
                f"a walk leads to one fix inside with a certainty of {tuning.walked_from:.0%} or more: its receiver"
                " tells walking pace, and the place before is no farther away than that"
            )
        case Rule.HELD_INSIDE:
            return (
                f"inside for {_minutes(tuning.entry_hold_ms)}, with a certainty of {tuning.held_from:.0%} or more from"
                f" all fixes together ({tuning.held_from_if_rough:.0%} where they are wider than"
                f" {tuning.rough_over_m:g} m), and no faster than {tuning.gate_mps:g} m/s"
            )
        case Rule.INSIDE_ANYHOW:
            return f"inside for {_minutes(tuning.entry_anyhow_ms)}: nobody drives by for so long"
        case Rule.DWELL_REACHED:
            return (
                f"fixes inside prove a stay of {_minutes(1000 * dwell_s)}; a gap of more than {_minutes(GAP_MS)}"
                " between two of them proves nothing"
            )
        case Rule.SYSTEM_SAW_IT:
            return "the phone's own monitoring of the region says so"
        case Rule.ONE_FIX_OUTSIDE:
            return "the centre of one fix is outside, which is enough at a drive-by fence"
        case Rule.CLEAR_FIXES:
            return (
                f"{tuning.clear_fixes} fixes are clearly outside: by more than their accuracy and a margin of"
                f" {tuning.margin_m(size_m=size_m):.0f} m, and {_minutes(APART_MS)} apart or more"
            )
        case Rule.HELD_OUTSIDE:
            return (
                f"only outside for {_minutes(tuning.exit_hold_ms)}, with a certainty of {tuning.left_from:.0%} or more"
                " from all fixes together, though near the boundary"
            )
        case Rule.SILENCE:
            return "the phone was silent for too long: it left at the last time known inside"
        case Rule.LATE_FIX:
            return "a fix that arrived late shows that it was so"
        case None:
            return "drove through between two fixes" if one.change is Change.CROSSED else str(one.change)


def why_dropped(status: Status, code: Ignored | None) -> str:
    if code is not None:
        return _WHY_DROPPED[code]
    if status is Status.LATE:
        return "older than everything that is remembered of the phone"
    return "known already" if status is Status.DUPLICATE else ""


def waits_for(stay: Stay, *, at_ms: int) -> str:
    """What an attempt, or a doubted stay, still lacks; nothing to say of a settled one that is inside."""
    tuning = stay.tuning
    if stay.begun:
        if stay.outside_since_ms is None:
            return ""
        return (
            f"seen outside {_times(stay.misses)}, clearly so {_times(stay.clear)}: {tuning.clear_fixes} clear fixes, or"
            f" {_minutes(tuning.exit_hold_ms)} surely outside, end the stay"
        )
    if stay.outside_since_ms is not None:
        return f"an attempt, doubted: {tuning.misses} fixes in a row outside and it is forgotten"
    if stay.slow_since_ms is None:
        return f"an attempt: faster than {tuning.gate_mps:g} m/s so far, and who drives by has not walked in"
    return (
        f"an attempt: {stay.firm} of {tuning.firm_fixes} firm fixes, inside for {_minutes(at_ms - stay.slow_since_ms)}"
        f" of {_minutes(tuning.entry_hold_ms)}"
    )


def _times(count: int) -> str:
    return {0: "not once", 1: "once", 2: "twice"}.get(count, f"{count} times")


def _minutes(ms: int) -> str:
    seconds = round(ms / 1000)
    if seconds < 60 or (seconds % 60 and seconds < 120):
        return f"{seconds} s"
    minutes, rest = divmod(seconds, 60)
    return f"{minutes} min" + (f" {rest} s" if rest else "")
