"""What a phone tells, and what matching says of it: fixes, events of the phone's own region monitoring, touches.

Plain Python. Times are whole milliseconds since 1970 once they are in here: they are compared, subtracted and packed
far more often than shown.
"""

import enum
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from geooffers.visits.engine.tuning import WALK_IN, Tuning

TOO_OLD_AFTER = timedelta(hours=24)
CLOCK_AHEAD_BY = timedelta(minutes=2)
# Past this age a fix still records a visit, but no message is owed for it.
PUSHABLE_WITHIN = timedelta(minutes=5)
# A circle of uncertainty this large says which town, not which shop.
TOO_COARSE_OVER_M = 5_000.0
# Past this a fix begins no visit and pushes nothing; it may still end one.
COARSE_OVER_M = 1_000.0

# For a client that does not say. A circle of 100 m lies inside no shop's fence of the usual size, so that nobody is
# surprised by what such a fix sets off; and it is far from so coarse that a fix would be ignored.
UNKNOWN_ACCURACY_M = 100.0
# As POST /positions takes it. What is coarser says nothing in either case.
COARSEST_M = 100_000.0
# Faster than any airliner: a receiver that says so knows no speed.
FASTEST_MPS = 400.0

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


# Milliseconds since 1970, whether it is an event, its folded uuid.
Order = tuple[int, bool, int]


class Status(enum.StrEnum):
    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    LATE = "late"
    IGNORED = "ignored"


class Ignored(enum.StrEnum):
    """Why a well-formed fix was not used. Listed in docs/location-report.md: update that page too."""

    CONSENT_MISSING = "consent_missing"
    TOO_OLD = "too_old"
    CLOCK_AHEAD = "clock_ahead"
    TOO_COARSE = "too_coarse"
    NULL_ISLAND = "null_island"
    # A place where nobody is tracked. The code in the answer says nothing about the place.
    NOT_USED = "not_used"
    # A region this phone was never told of, or one that is gone.
    UNKNOWN_REGION = "unknown_region"
    # Accepted, but too far away to be reached so fast: it counts once a second fix agrees.
    SET_ASIDE = "set_aside"


class RegionChange(enum.StrEnum):
    """What the phone's own monitoring of a region says."""

    ENTER = "enter"
    DWELL = "dwell"
    EXIT = "exit"


@dataclass(frozen=True, kw_only=True, slots=True)
class Fix:
    """One position of one device. `recorded_at` is aware and holds whole milliseconds, as the packed state does.

    `speed_mps` as the receiver says, None when it does not know; `mock`: the phone says that an app made it up.
    """

    uuid: UUID
    recorded_at: datetime
    lat: float
    lon: float
    accuracy_m: float
    background: bool
    speed_mps: float | None = None
    mock: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class RegionEvent:
    """The phone's system saw it cross the border of a region that we had told it to watch.

    `exact`: the region watched is the fence. A polygon's circle, or a small fence's larger one, holds more than it.
    """

    uuid: UUID
    recorded_at: datetime
    fence: int
    change: RegionChange
    exact: bool
    dwell_s: int
    tuning: Tuning = WALK_IN
    background: bool = True
    mock: bool = False


class Touch(NamedTuple):
    """A fence that a fix is in, or so near that its circle of uncertainty and the fence's margin meet.

    A tuple, for every fix makes some.

    `sureness` is -1 outside, 0 unsure, 1 inside. `distance_m` is to the boundary, negative outside; None: nobody
    measured, for the fix is surely inside. `size_m`: the radius, or that of a circle of the same area.
    """

    fence: int
    inside: bool
    sureness: int
    distance_m: float | None
    dwell_s: int
    size_m: float = 100.0
    tuning: Tuning = WALK_IN


@dataclass(frozen=True, kw_only=True, slots=True)
class Sighting:
    """A fix and what matching said of it, or an event. `excluded`: it lies where nobody is tracked."""

    fix: Fix | RegionEvent
    touches: tuple[Touch, ...] = ()
    excluded: bool = False

    @property
    def at_ms(self) -> int:
        return to_ms(self.fix.recorded_at)

    @property
    def order(self) -> Order:
        """By when it was on the phone. Of one millisecond fixes first: an event finds the fix that came with it;
        then by uuid, so that the order of arrival never matters.
        """
        return to_ms(self.fix.recorded_at), isinstance(self.fix, RegionEvent), fold(self.fix.uuid)


def why_unusable(*, fix: Fix | RegionEvent, now: datetime) -> Ignored | None:
    """What can be said without matching; a fix that says nothing is not matched at all."""
    if fix.recorded_at - now > CLOCK_AHEAD_BY:
        return Ignored.CLOCK_AHEAD
    if now - fix.recorded_at > TOO_OLD_AFTER:
        return Ignored.TOO_OLD
    if isinstance(fix, RegionEvent):
        return None
    if fix.lat == 0 and fix.lon == 0:
        # What broken receivers report; a real phone there would be on a buoy.
        return Ignored.NULL_ISLAND
    return Ignored.TOO_COARSE if fix.accuracy_m > TOO_COARSE_OVER_M else None


def fold(uuid: UUID) -> int:
    """64 bits are plenty to tell one phone's last fixes apart, and half as long to keep."""
    return (uuid.int >> 64) ^ (uuid.int & 0xFFFF_FFFF_FFFF_FFFF)


def to_milliseconds(moment: datetime) -> datetime:
    """Times are kept in whole milliseconds; a finer one would not survive the packing."""
    moment = moment.astimezone(UTC)
    spare = moment.microsecond % 1000
    return moment.replace(microsecond=moment.microsecond - spare) if spare else moment


def to_ms(moment: datetime) -> int:
    return (moment - EPOCH) // _MILLISECOND


def to_moment(ms: int) -> datetime:
    return EPOCH + timedelta(milliseconds=ms)
