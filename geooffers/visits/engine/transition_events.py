"""The changes of a stay that the engine answers, each with its own time and the time at which it was proven."""

import enum
from dataclasses import dataclass


class Change(enum.StrEnum):
    ENTERED = "entered"
    APPEARED_INSIDE = "appeared_inside"
    # At a drive-by fence, where a stay begins at once: now the rules for somebody on foot are met as well.
    SETTLED = "settled"
    DWELLED = "dwelled"
    LEFT = "left"
    # A late fix showed that what was told had been otherwise.
    CORRECTED = "corrected"
    # Drove through a drive-by fence between two fixes, neither of which was inside.
    CROSSED = "crossed"


class Rule(enum.StrEnum):
    """What settled a change. The codes are stable; docs/replay.md lists them: update that page too."""

    ONE_FIX_INSIDE = "one_fix_inside"
    FIRM_FIXES = "firm_fixes"
    WALKED_INSIDE = "walked_inside"
    HELD_INSIDE = "held_inside"
    INSIDE_ANYHOW = "inside_anyhow"
    DWELL_REACHED = "dwell_reached"
    SYSTEM_SAW_IT = "system_saw_it"
    ONE_FIX_OUTSIDE = "one_fix_outside"
    CLEAR_FIXES = "clear_fixes"
    HELD_OUTSIDE = "held_outside"
    SILENCE = "silence"
    LATE_FIX = "late_fix"


BEGINNINGS = frozenset({Change.ENTERED, Change.APPEARED_INSIDE})


@dataclass(frozen=True, kw_only=True, slots=True)
class Happening:
    """Milliseconds since 1970. `at_ms`: when it was; `proven_ms`: the fix that settled it, some fixes later.

    `confidence`: how sure, 0 to 1, by the formula of docs/visits.md. `rule`: what settled it; None where the change
    says it itself.
    """

    change: Change
    fence: int
    at_ms: int
    proven_ms: int
    confidence: float
    stale: bool = False
    suspicious: bool = False
    rule: Rule | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Crossing:
    """A fence on the straight way between two fixes. `at_ms`: when the phone came in, had it driven evenly."""

    fence: int
    at_ms: int
    certainty: float
