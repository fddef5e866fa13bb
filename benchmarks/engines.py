"""What the benchmark of matching asks of each that can match: many positions, one position, one change."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from geooffers.matching.columns import Floats, Ints


@dataclass(frozen=True, kw_only=True)
class Engine:
    """`pairs` gets latitudes, longitudes and the row of the first of them in the workload; it answers points, counted
    from there, and fences, in any order and perhaps twice; or None when it does not say.
    """

    name: str
    pairs: Callable[[Floats, Floats, int], tuple[Ints, Ints] | None]
    # Counts the seconds that are its own; without one those on the wall.
    clock: Callable[[], float] | None = time.thread_time
    # Slower ones get fewer points; each is past the size from which it gains nothing more.
    points: int = 5_000
    one: Callable[[float, float], object] | None = None
    change: Callable[[int], object] | None = None
    bytes_in_all: int | None = None


def processor_time_of(pid: int) -> Callable[[], float]:
    """Of a process of this machine, all its threads together, in steps of some milliseconds."""
    stat, tick = Path(f"/proc/{pid}/stat"), 1 / os.sysconf("SC_CLK_TCK")

    def seconds() -> float:
        # The name, in brackets, may hold anything; after it user and system time are the 12th and 13th.
        words = stat.read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) * tick

    return seconds
