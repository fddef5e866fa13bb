"""What becomes of stays: the changes that are told, each with the time it is about and the time it was proven."""

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


BEGINNINGS = frozenset({Change.ENTERED, Change.APPEARED_INSIDE})


@dataclass(frozen=True, kw_only=True, slots=True)
class Happening:
    """Milliseconds since 1970. `at_ms`: when it was; `proven_ms`: the fix that settled it, some fixes later.

    `confidence`: how sure, 0 to 1, by the formula of docs/visits.md.
    """

    change: Change
    fence: int
    at_ms: int
    proven_ms: int
    confidence: float
    stale: bool = False
    suspicious: bool = False
