"""What each class of tracks makes: a path, fences, a phone, and what is done to its fixes afterwards."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.tracks.ground import Ground, Place
from benchmarks.tracks.journeys import Journey
from benchmarks.tracks.labels import Report
from benchmarks.tracks.phones import Phone

# Takes the honest fixes, gives those that arrive and the numbers of those that lie.
Twist = Callable[[np.random.Generator, list[Report]], tuple[list[Report], frozenset[int]]]


@dataclass(frozen=True, kw_only=True)
class Draft:
    ground: Ground
    journey: Journey
    places: tuple[Place, ...]
    phone: Phone
    twist: Twist | None = None
