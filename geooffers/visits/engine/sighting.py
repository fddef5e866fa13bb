"""What matching says of a fix: the fences that it touches or nearly touches, and whether it counts at all.

Plain Python: over whatever index it is given, the process's own or one of a few fences from a file.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from geooffers.matching.index import Match, Sureness
from geooffers.visits.engine import observations
from geooffers.visits.engine.observations import Fix, RegionEvent, Sighting, Touch
from geooffers.visits.engine.tuning import DRIVE_BY, MARGIN_MOST_M, WALK_IN


class FenceKnown(Protocol):
    """What the rules of a stay need to know of a fence."""

    @property
    def dwell_s(self) -> int: ...
    @property
    def is_drive_by(self) -> bool: ...
    @property
    def size_m(self) -> float: ...


class Matcher(Protocol):
    """An index, or a `Following` of one phone with it."""

    def match_one(self, *, lat: float, lon: float, accuracy_m: float) -> tuple[Match, ...]: ...


def reach_m(fix: Fix) -> float:
    """So far out is looked that a fence which is not among the touches is farther than any margin."""
    return fix.accuracy_m + MARGIN_MOST_M


def see(
    *, fix: Fix | RegionEvent, index: Matcher, fence: Callable[[int], FenceKnown | None], now: datetime
) -> Sighting:
    """What the fix touches. A zone's id is below zero; of a fix that may have been in one nothing is kept."""
    if isinstance(fix, RegionEvent) or observations.why_unusable(fix=fix, now=now) is not None:
        return Sighting(fix=fix)
    touches = []
    for match in index.match_one(lat=fix.lat, lon=fix.lon, accuracy_m=reach_m(fix)):
        if match.fence < 0:
            if match.inside or match.distance_m >= -fix.accuracy_m:  # its circle of uncertainty touches the zone
                return Sighting(fix=fix, touches=(), excluded=True)
            continue
        known = fence(match.fence)
        if known is not None:
            touches.append(
                Touch(
                    fence=match.fence,
                    inside=match.inside,
                    sureness=match.sureness,
                    # Measuring how deep in a large polygon a fix is would cost more than all of matching.
                    distance_m=None if match.sureness is Sureness.INSIDE else match.distance_m,
                    dwell_s=known.dwell_s,
                    size_m=known.size_m,
                    tuning=DRIVE_BY if known.is_drive_by else WALK_IN,
                )
            )
    return Sighting(fix=fix, touches=tuple(touches))
