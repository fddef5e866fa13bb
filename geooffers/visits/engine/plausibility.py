"""Whether a fix may be believed: jumps that nothing moves fast enough for, and signs of a made-up position.

None of this bans a phone. A jump is set aside until a second fix agrees with it; a suspicious phone is
shown its offers and is not pushed any. Each sign adds to a suspicion that fades with time.
"""

import math
from enum import Enum
from typing import NamedTuple

from geooffers.matching import earth
from geooffers.visits.engine.observations import Fix

# Nothing on the ground, and what flies as well (the speed of sound): between two fixes, less both of their accuracies.
GROUND_MPS = 70.0
SOUND_MPS = 340.0
# A flight looks like a jump from one airport to the other; no shorter pause does.
FLIGHT_MS = 600_000
# What goes faster than anything on the ground takes its time to get so fast, and to stop: an airliner a third of this.
ACCELERATION_MPS2 = 6.0
# Where both receivers knew a speed, a jump much faster than either is an error of one of the places.
KNOWN_FACTOR, KNOWN_SPARE_MPS, KNOWN_LEAST_MPS = 3.0, 10.0, 15.0
# Faster than standing about, slower than running; a way may take so much more than the receiver says, and no longer.
WALKING_MPS, WALKING_SPARE_MPS, WALKING_MS = (0.7, 3.0), 1.0, 120_000
# From a wider place everything about is a walk away, a reflection as well.
WALKING_FROM_M = 50.0
# No reflection is farther away: what leaps less is an error of the receiver.
LEAP_FROM_M = 2_000.0
# Fixes closer in time than this have no speed: clocks of whole seconds or minutes are common.
SHORTEST_MS = 1_000

# A suspicion is a number from 0 (none) to 1. From here on nothing is pushed; in this time it halves.
SUSPICIOUS_FROM = 0.5
HALF_LIFE_MS = 3_600_000
# How much each sign adds to it.
MOCKED, IMPOSSIBLE, FROZEN = 1.0, 1.0, 0.25
# The app did not vouch for itself. Alone it says little: phones without Google's services cannot. With one other sign
# of the last quarter of an hour it is enough.
UNVOUCHED = 0.3
# Google Play says that the phone is an emulator or was tampered with, or that the app is not ours. It is never the only
# gate: with any other sign it is enough.
UNSOUND = 0.45
MOVING_MPS = 1.0


class PlaceSeen(NamedTuple):
    """Of a fix that is believed. A tuple, for every fix makes one."""

    at_ms: int
    lat: float
    lon: float
    accuracy_m: float
    speed_mps: float | None
    # How fast the phone came here: what the receiver said, else what follows from the place before.
    pace_mps: float | None = None


class Plausibility(Enum):
    BELIEVED = "believed"
    # Too far in too short a time for what it is, but not for everything.
    JUMP = "jump"
    IMPOSSIBLE = "impossible"


class Judged(NamedTuple):
    """`speed_mps`: how fast the phone is, by what it says itself, else by what follows from the places. `needed_mps`:
    what the way takes at least, less both accuracies; None where the fixes are too close in time to tell."""

    verdict: Plausibility
    speed_mps: float | None
    needed_mps: float | None


def place_of(fix: Fix, *, at_ms: int) -> PlaceSeen:
    return PlaceSeen(at_ms=at_ms, lat=fix.lat, lon=fix.lon, accuracy_m=fix.accuracy_m, speed_mps=fix.speed_mps)


def judge(before: PlaceSeen, after: PlaceSeen) -> Judged:
    """On going from one to the other."""
    passed_ms = after.at_ms - before.at_ms
    if passed_ms < SHORTEST_MS:
        return Judged(Plausibility.BELIEVED, after.speed_mps, None)
    distance_m = apart_m(before, after)
    passed_s = passed_ms / 1000
    needed_mps = max(0.0, distance_m - before.accuracy_m - after.accuracy_m) / passed_s
    own_mps = after.speed_mps
    if own_mps is None:
        # The likeliest, not the least that is possible: less both accuracies, a car in town was on foot every few
        # seconds. Errors of consecutive fixes are much alike, so only half of what two strangers would differ by.
        own_mps = max(0.0, distance_m - math.hypot(before.accuracy_m, after.accuracy_m) / 2) / passed_s
    known = [speed for speed in (before.speed_mps, after.speed_mps) if speed is not None]
    if needed_mps > SOUND_MPS:
        return Judged(Plausibility.IMPOSSIBLE, own_mps, needed_mps)
    if needed_mps > GROUND_MPS and passed_ms < FLIGHT_MS and 2 * max(known, default=0.0) < needed_mps:
        return Judged(Plausibility.JUMP, own_mps, needed_mps)
    if len(known) == 2 and needed_mps > max(KNOWN_LEAST_MPS, KNOWN_FACTOR * max(known) + KNOWN_SPARE_MPS):
        return Judged(Plausibility.JUMP, own_mps, needed_mps)
    return Judged(Plausibility.BELIEVED, own_mps, needed_mps)


def is_walk(before: PlaceSeen, after: PlaceSeen, *, needed_mps: float | None) -> bool:
    """Whether the receiver gives a walking speed, and the place before is no farther away than that allows."""
    if after.speed_mps is None or needed_mps is None or not WALKING_MPS[0] <= after.speed_mps <= WALKING_MPS[1]:
        return False
    if before.accuracy_m > WALKING_FROM_M:
        return False
    return needed_mps <= after.speed_mps + WALKING_SPARE_MPS and after.at_ms - before.at_ms <= WALKING_MS


def is_leap(before: PlaceSeen, first: PlaceSeen, second: PlaceSeen) -> bool:
    """Whether nothing could have gone from one place to the next and be as slow as it was before and is afterwards.

    To cover the way in the time, beginning and ending at those speeds, takes a steady acceleration and as steady a
    braking; which is too much for anything that flies.
    """
    passed_s = (first.at_ms - before.at_ms) / 1000
    if passed_s * 1000 < SHORTEST_MS:
        return False
    way_m = apart_m(before, first)
    needed_mps = max(0.0, way_m - before.accuracy_m - first.accuracy_m) / passed_s
    afterwards_mps = judge(first, second).speed_mps or 0.0
    earlier_mps = afterwards_mps if before.pace_mps is None else before.pace_mps
    acceleration = (4 * needed_mps - 2 * earlier_mps - 2 * afterwards_mps) / passed_s
    return way_m > LEAP_FROM_M and needed_mps > GROUND_MPS and acceleration > ACCELERATION_MPS2


def is_frozen(before: PlaceSeen, after: PlaceSeen) -> bool:
    """The same digits once more, from a receiver that says it is moving."""
    return (
        (before.lat, before.lon, before.accuracy_m) == (after.lat, after.lon, after.accuracy_m)
        and after.at_ms - before.at_ms >= SHORTEST_MS
        and (after.speed_mps or 0.0) > MOVING_MPS
    )


def faded(suspicion: float, *, passed_ms: int) -> float:
    """What is left of a suspicion, 0 to 1, after this time."""
    return float(suspicion * 0.5 ** (passed_ms / HALF_LIFE_MS)) if suspicion else 0.0


def apart_m(one: PlaceSeen, other: PlaceSeen) -> float:
    """Along the chord: a tenth of a percent short at 1,000 km, which does not matter."""
    here, there = earth.here(lat=one.lat, lon=one.lon), earth.here(lat=other.lat, lon=other.lon)
    return math.dist(here[2:], there[2:])
