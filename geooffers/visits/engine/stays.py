"""One phone and one fence: from the first fix inside, through the proof of an entry, to the proof of an exit.

A stay that has not begun is an attempt: no transition comes of it, and it is forgotten when the phone is seen outside.
`Stay` is all that is remembered of either.
"""

from typing import NamedTuple

from geooffers.visits.engine import evidence
from geooffers.visits.engine.observations import COARSE_OVER_M, RegionChange, RegionEvent, Touch
from geooffers.visits.engine.transition_events import Change, Happening, Rule
from geooffers.visits.engine.tuning import APART_MS, BELIEVED_AT_MOST, GAP_MS, Tuning

# Fixes of one receiver err together: a second one that agrees is worth this much of an independent one.
INDEPENDENT = 0.5


class Stay(NamedTuple):
    """Times are milliseconds since 1970. `dwell_s` and `tuning` are the fence's when the stay began.

    A tuple, for every fix makes some.
    """

    entered_ms: int
    last_inside_ms: int
    dwell_s: int
    tuning: Tuning
    begun: bool = False
    # Proven by the rules for a phone on foot; at a drive-by fence a stay may begin long before.
    settled: bool = False
    dwelled: bool = False
    appeared: bool = False
    firm: int = 0
    # Since when the phone is inside and slow enough to have stopped; None while it is only seen moving fast.
    slow_since_ms: int | None = None
    # How much of the stay is proven: times between fixes inside that lie no farther apart than GAP_MS.
    present_ms: int = 0
    # The probability, 0 to 1, that all of the fixes that speak for it err: 1 before the first, less with each.
    doubt: float = 1.0
    # Since when it is only seen outside, how often in a row, and how often clearly so.
    outside_since_ms: int | None = None
    misses: int = 0
    clear: int = 0
    # The same of the fixes that say it is outside, 0 to 1.
    doubt_outside: float = 1.0


def seen_inside(
    known: Stay | None,
    *,
    touch: Touch,
    at_ms: int,
    accuracy_m: float,
    slow: bool,
    anew: bool,
    walks: bool = False,
) -> tuple[Stay | None, list[Happening]]:
    """The centre of a fix is inside. `walks`: on foot, from the place before."""
    if accuracy_m > COARSE_OVER_M:
        # It says which part of town. It neither begins a stay nor speaks against one.
        return known, []
    tuning = touch.tuning if known is None else known.tuning
    certainty = evidence.inside(distance_m=touch.distance_m, accuracy_m=accuracy_m, size_m=touch.size_m)
    stay = known or _attempt(at_ms=at_ms, dwell_s=touch.dwell_s, tuning=tuning, anew=anew)
    # A fix that was set aside may be older than an event that was told meanwhile.
    gap_ms = max(at_ms - stay.last_inside_ms, 0)
    stay = stay._replace(
        last_inside_ms=max(at_ms, stay.last_inside_ms),
        present_ms=stay.present_ms + (gap_ms if gap_ms <= GAP_MS else 0),
        firm=_counted(stay.firm, slow and certainty >= tuning.firm_from, passed_ms=at_ms - stay.entered_ms),
        slow_since_ms=(at_ms if stay.slow_since_ms is None else stay.slow_since_ms) if slow else None,
        doubt=_doubted(stay.doubt, certainty, first=known is None),
        outside_since_ms=None,
        misses=0,
        clear=0,
        doubt_outside=1.0,
    )
    is_rough = accuracy_m > tuning.rough_over_m
    walked = walks and not is_rough and certainty >= tuning.walked_from
    return _judged(stay, fence=touch.fence, at_ms=at_ms, walked=walked, is_rough=is_rough)


def seen_outside(
    stay: Stay, *, fence: int, touch: Touch | None, at_ms: int, accuracy_m: float
) -> tuple[Stay | None, list[Happening]]:
    """The centre of a fix is outside. Without a touch it is farther than any margin."""
    tuning = stay.tuning
    since_ms = at_ms if stay.outside_since_ms is None else stay.outside_since_ms
    clear, certainty = True, 1.0
    if touch is not None and touch.distance_m is not None:
        certainty = evidence.outside(distance_m=touch.distance_m, accuracy_m=accuracy_m)
        clear = touch.distance_m < -(accuracy_m + tuning.margin_m(size_m=touch.size_m))
    if not stay.begun:
        if stay.misses + 1 >= tuning.misses:
            return None, []
        return stay._replace(misses=stay.misses + 1, outside_since_ms=since_ms), []
    if tuning.plain:
        rule = Rule.ONE_FIX_OUTSIDE
        return None, [_left(fence=fence, at_ms=at_ms, proven_ms=at_ms, certainty=certainty, rule=rule)]
    stay = stay._replace(
        outside_since_ms=since_ms,
        misses=min(stay.misses + 1, 255),
        clear=_counted(stay.clear, clear, passed_ms=at_ms - since_ms),
        doubt_outside=_doubted(
            stay.doubt_outside, min(certainty, BELIEVED_AT_MOST), first=stay.outside_since_ms is None
        ),
    )
    held = (
        at_ms - since_ms >= tuning.exit_hold_ms
        and 1 - stay.doubt_outside >= tuning.left_from
        and accuracy_m <= COARSE_OVER_M
    )
    if stay.clear >= tuning.clear_fixes or held:
        certainty = 1 - stay.doubt_outside
        rule = Rule.CLEAR_FIXES if stay.clear >= tuning.clear_fixes else Rule.HELD_OUTSIDE
        is_rough = accuracy_m > tuning.rough_over_m
        return None, [
            _left(fence=fence, at_ms=since_ms, proven_ms=at_ms, certainty=certainty, rule=rule, is_rough=is_rough)
        ]
    return stay, []


def told_by_system(
    known: Stay | None, *, event: RegionEvent, at_ms: int, anew: bool
) -> tuple[Stay | None, list[Happening]]:
    """The phone's own monitoring has watched the border all the time, with more fixes than it sends."""
    if event.change is RegionChange.EXIT:
        # It left even what is larger than the fence.
        if known is None or not known.begun:
            return None, []
        since_ms = at_ms if known.outside_since_ms is None else known.outside_since_ms
        certainty, rule = SYSTEM_IS_RIGHT, Rule.SYSTEM_SAW_IT
        return None, [_left(fence=event.fence, at_ms=since_ms, proven_ms=at_ms, certainty=certainty, rule=rule)]
    certainty = SYSTEM_IS_RIGHT if event.exact else 0.5
    stay = known or _attempt(at_ms=at_ms, dwell_s=event.dwell_s, tuning=event.tuning, anew=anew)
    enough = event.exact or event.change is RegionChange.DWELL
    stay = stay._replace(
        # An entry that the system saw was seen, whatever we knew before.
        appeared=stay.appeared and (stay.begun or event.change is not RegionChange.ENTER),
        last_inside_ms=at_ms,
        present_ms=max(stay.present_ms, stay.dwell_s * 1000) if event.change is RegionChange.DWELL else stay.present_ms,
        firm=max(stay.firm + 1, stay.tuning.firm_fixes) if enough else stay.firm + 1,
        slow_since_ms=at_ms if stay.slow_since_ms is None else stay.slow_since_ms,
        doubt=_doubted(stay.doubt, certainty, first=known is None),
        outside_since_ms=None,
        misses=0,
        clear=0,
        doubt_outside=1.0,
    )
    return _judged(stay, fence=event.fence, at_ms=at_ms, by_system=True)


# Platforms say that a region's event may be late or missing, not how often one is wrong. Never seen wrong on the
# recorded phone; taken for a little less.
SYSTEM_IS_RIGHT = 0.95


def gone_silent(stay: Stay, *, fence: int) -> Happening:
    """No fix shows the end, so the stay ends at the last time known."""
    at_ms = stay.last_inside_ms
    return Happening(
        change=Change.LEFT,
        fence=fence,
        at_ms=at_ms,
        proven_ms=at_ms,
        confidence=round(evidence.calibrated(1 - stay.doubt, rule=Rule.SILENCE), 2),
        stale=True,
        rule=Rule.SILENCE,
    )


def _counted(count: int, one_more: bool, *, passed_ms: int) -> int:
    return min(count + 1, 255) if one_more and passed_ms >= count * APART_MS else count


def _doubted(doubt: float, certainty: float, *, first: bool) -> float:
    """The doubt after one more fix. `certainty`, 0 to 1: of this fix by itself."""
    left: float = (1 - certainty) ** (1.0 if first else INDEPENDENT)
    return doubt * left


def _attempt(*, at_ms: int, dwell_s: int, tuning: Tuning, anew: bool) -> Stay:
    return Stay(entered_ms=at_ms, last_inside_ms=at_ms, dwell_s=dwell_s, tuning=tuning, appeared=anew)


def _inside(
    change: Change, stay: Stay, *, fence: int, at_ms: int, proven_ms: int, rule: Rule, is_rough: bool = False
) -> Happening:
    confidence = round(evidence.calibrated(1 - stay.doubt, rule=rule, rough=is_rough), 2)
    return Happening(change=change, fence=fence, at_ms=at_ms, proven_ms=proven_ms, confidence=confidence, rule=rule)


def _left(*, fence: int, at_ms: int, proven_ms: int, certainty: float, rule: Rule, is_rough: bool = False) -> Happening:
    confidence = round(evidence.calibrated(certainty, rule=rule, rough=is_rough), 2)
    return Happening(
        change=Change.LEFT, fence=fence, at_ms=at_ms, proven_ms=proven_ms, confidence=confidence, rule=rule
    )


def _judged(
    stay: Stay, *, fence: int, at_ms: int, by_system: bool = False, walked: bool = False, is_rough: bool = False
) -> tuple[Stay, list[Happening]]:
    """What the stay's proof has come to, with the fix or event just counted."""
    happened: list[Happening] = []
    settled_by = None if stay.settled else _settled_by(stay, at_ms=at_ms, walked=walked, is_rough=is_rough)
    if settled_by is not None:
        stay = stay._replace(settled=True)
        settled_by = Rule.SYSTEM_SAW_IT if by_system else settled_by
    if not stay.begun and (stay.settled or stay.tuning.plain):
        stay = stay._replace(begun=True)
        change = Change.APPEARED_INSIDE if stay.appeared else Change.ENTERED
        rule = Rule.SYSTEM_SAW_IT if by_system else settled_by or Rule.ONE_FIX_INSIDE
        happened.append(
            _inside(
                change,
                stay,
                fence=fence,
                at_ms=stay.entered_ms,
                proven_ms=at_ms,
                rule=rule,
                is_rough=is_rough,
            )
        )
    elif settled_by is not None:
        happened.append(
            _inside(Change.SETTLED, stay, fence=fence, at_ms=at_ms, proven_ms=at_ms, rule=settled_by, is_rough=is_rough)
        )
    if stay.begun and not stay.dwelled and stay.present_ms >= stay.dwell_s * 1000:
        stay = stay._replace(dwelled=True)
        rule = Rule.SYSTEM_SAW_IT if by_system else Rule.DWELL_REACHED
        happened.append(_inside(Change.DWELLED, stay, fence=fence, at_ms=at_ms, proven_ms=at_ms, rule=rule))
    return stay, happened


def _settled_by(stay: Stay, *, at_ms: int, walked: bool, is_rough: bool) -> Rule | None:
    """The rule that proves that the phone is there on foot; None while nothing proves it."""
    tuning = stay.tuning
    held = 1 - stay.doubt >= (tuning.held_from_if_rough if is_rough else tuning.held_from)
    if stay.slow_since_ms is not None:
        if stay.firm >= tuning.firm_fixes:
            return Rule.FIRM_FIXES
        if walked:
            return Rule.WALKED_INSIDE
        if held and at_ms - stay.slow_since_ms >= tuning.entry_hold_ms:
            return Rule.HELD_INSIDE
    return Rule.INSIDE_ANYHOW if held and stay.present_ms >= tuning.entry_anyhow_ms else None
