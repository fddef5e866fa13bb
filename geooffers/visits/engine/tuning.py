"""How much proof a fence asks for before it believes an entry or an exit. Data, not code: each fence names its tuning.

What each number costs and buys stands in docs/visits.md: update that page too.
"""

import enum
from dataclasses import dataclass


class TuningName(enum.StrEnum):
    WALK_IN = "walk_in"
    DRIVE_BY = "drive_by"


@dataclass(frozen=True, kw_only=True, slots=True)
class Tuning:
    """Lengths in metres, times in milliseconds, speeds in metres a second.

    A fix is *firm* when its error circle lies mostly inside: the confidence of that place is at least `firm_from`. It
    is *clear* when the circle lies wholly outside, and a margin besides that grows with the fence. It is *rough* when
    its accuracy is that of a receiver under a roof, whose fixes err alike for minutes.
    """

    name: TuningName
    # The centre decides, at once, as the plain inside test does.
    plain: bool = False
    # An entry: so many firm fixes, or the centre inside for so long; neither while moving faster than the gate. Who is
    # inside for `entry_anyhow_ms` has not just driven by.
    firm_from: float = 0.7
    firm_fixes: int = 2
    entry_hold_ms: int = 25_000
    held_from: float = 0.7
    held_from_if_rough: float = 0.9
    rough_over_m: float = 20.0
    gate_mps: float = 8.0
    entry_anyhow_ms: int = 240_000
    # Or a single one that a walk leads to.
    walked_from: float = 0.8
    # So many fixes in a row outside and the attempt is forgotten.
    misses: int = 2
    # An exit: so many clear fixes, or the centre outside for so long.
    clear_fixes: int = 2
    exit_hold_ms: int = 20_000
    left_from: float = 0.98
    margin_share: float = 0.05
    margin_least_m: float = 5.0
    margin_most_m: float = 50.0

    def margin_m(self, *, size_m: float) -> float:
        """How far beyond its own uncertainty a fix must lie outside: it grows with the radius, within bounds."""
        if self.plain:
            return 0.0
        return min(max(self.margin_share * size_m, self.margin_least_m), self.margin_most_m)


WALK_IN = Tuning(name=TuningName.WALK_IN)
DRIVE_BY = Tuning(name=TuningName.DRIVE_BY, plain=True)

TUNINGS = {tuning.name: tuning for tuning in (WALK_IN, DRIVE_BY)}
# Fixes of one moment say one thing: the second that counts is at least so long after the first, the third twice.
APART_MS = 5_000
# No single fix is believed more than so much when it says that somebody has gone: receivers are surest of reflections.
BELIEVED_AT_MOST = 0.95
# Two fixes farther apart than this prove nothing about the time between them.
GAP_MS = 900_000
# No fence has a larger margin: how far beyond its uncertainty a fix is compared with fences.
MARGIN_MOST_M = max(tuning.margin_most_m for tuning in TUNINGS.values())
