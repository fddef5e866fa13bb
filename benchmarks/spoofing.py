"""Who is called a spoofer: 500 labelled tracks, a hundred each of walks, drives, flights, tunnels and teleports.

At least 99 of 100 teleports are to be flagged, at the first made-up fix or later, and at most one honest track of 200,
counted by tracks and not by fixes: one flag is enough to lose a shopper their push. Then the honest tracks arrive as
they do from real phones, permuted, doubled and late, and no more of them may be flagged by that.

Beside our engine stands the plain rule: faster than 70 m/s between two fixes, both accuracies taken off.
"""

import argparse
import itertools
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.tracks import made  # noqa: E402
from benchmarks.tracks.ground import GEODESIC  # noqa: E402
from benchmarks.tracks.labels import Kind, Report, Track  # noqa: E402
from benchmarks.visit_engine import Eye, walked  # noqa: E402
from geooffers.visits.engine.transitions import State  # noqa: E402

CORPUS = (Kind.WALK_IN, Kind.DRIVE_BY, Kind.PLANE, Kind.TUNNEL, Kind.TELEPORT)
EACH = 100
FLAGGED_AT_LEAST = 0.99
HONEST_AT_MOST = 0.005
PLAIN_MPS = 70.0
SHUFFLES = 4


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """A fix as it reaches the server: `number` is the report's in its track, the same for a repeat."""

    number: int
    report: Report
    received_s: float


# Of a track and its fixes in the order of arrival: which of them are called suspicious.
Judge = Callable[[Track, Sequence[Arrival]], Sequence[bool]]


@dataclass(frozen=True, kw_only=True)
class Called:
    """`flagged` of each class, in tracks; `fixes` of the honest tracks' `honest_fixes` were flagged."""

    flagged: dict[Kind, int]
    tracks: dict[Kind, int]
    fixes: int
    honest_fixes: int

    @property
    def honest(self) -> int:
        return sum(count for kind, count in self.flagged.items() if kind is not Kind.TELEPORT)

    @property
    def honest_tracks(self) -> int:
        return sum(count for kind, count in self.tracks.items() if kind is not Kind.TELEPORT)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--each", type=int, default=EACH, help="tracks of each class")
    parser.add_argument("--tuning", action="store_true", help="the seeds that may be looked at while tuning")
    asked = parser.parse_args()
    tracks = corpus(each=asked.each, tuning=asked.tuning)
    print(f"\nspoofing: {len(tracks)} tracks, {'tuning' if asked.tuning else 'test'} seeds; tracks flagged")
    print(f"  {'':34}" + "".join(f"{kind:>12}" for kind in CORPUS) + f"{'honest fixes':>18}")
    told: dict[str, Called] = {}
    for name, judge in (("geooffers", by_engine), ("70 m/s between two fixes", by_plain_speed)):
        for way, arrive in (("", in_order), (", disturbed", disturbed)):
            told[name + way] = called = judged(judge, tracks, arrive=arrive)
            fixes = f"{called.fixes} of {called.honest_fixes:,}"
            print(f"  {name + way:34}" + "".join(f"{called.flagged[kind]:12}" for kind in CORPUS) + f"{fixes:>18}")
    for text, holds in verdicts(told["geooffers"], told["geooffers, disturbed"]):
        print(f"  {'holds' if holds else 'FAILS'}  {text}")


def corpus(*, each: int, tuning: bool) -> list[Track]:
    return [track for kind in CORPUS for track in made.tracks(kind=kind, count=each, tuning=tuning)]


def judged(judge: Judge, tracks: Iterable[Track], *, arrive: "Callable[[Track], Iterable[list[Arrival]]]") -> Called:
    flagged, count = dict.fromkeys(CORPUS, 0), dict.fromkeys(CORPUS, 0)
    fixes = honest_fixes = 0
    for track in tracks:
        count[track.kind] += 1
        # Of a teleport, a flag before the first lie does not count for it.
        begin = min(track.lies, default=0)
        called = 0
        for arrivals in arrive(track):
            verdict = judge(track, arrivals)
            called += sum(
                suspicious for arrival, suspicious in zip(arrivals, verdict, strict=True) if arrival.number >= begin
            )
            honest_fixes += 0 if track.lies else len(arrivals)
        flagged[track.kind] += called > 0
        fixes += 0 if track.lies else called
    return Called(flagged=flagged, tracks=count, fixes=fixes, honest_fixes=honest_fixes)


def verdicts(in_order: Called, disturbed: Called) -> Iterator[tuple[str, bool]]:
    found, of = in_order.flagged[Kind.TELEPORT], in_order.tracks[Kind.TELEPORT]
    yield f"teleports flagged: {found} of {of}; at least {FLAGGED_AT_LEAST:.0%}", found >= FLAGGED_AT_LEAST * of
    found, of = in_order.honest, in_order.honest_tracks
    yield f"honest tracks flagged: {found} of {of}; at most {HONEST_AT_MOST:.1%}", found <= HONEST_AT_MOST * of
    yield (
        f"honest tracks flagged when permuted, doubled and late: {disturbed.honest}; at most {found}",
        disturbed.honest <= found,
    )


def in_order(track: Track) -> Iterator[list[Arrival]]:
    yield [Arrival(number=number, report=report, received_s=report.at_s) for number, report in enumerate(track.reports)]


def disturbed(track: Track) -> Iterator[list[Arrival]]:
    """Some ways to arrive. Each fix is late by up to a minute, some by up to ten, and one of ten comes twice."""
    for turn in range(SHUFFLES):
        chance = np.random.default_rng([track.seed, turn])
        arrivals = []
        for number, report in enumerate(track.reports):
            for _ in range(2 if chance.random() < 0.1 else 1):
                late_s = chance.uniform(0, 600 if chance.random() < 0.1 else 60)
                arrivals.append(Arrival(number=number, report=report, received_s=report.at_s + late_s))
        yield sorted(arrivals, key=lambda arrival: arrival.received_s)


def by_engine(track: Track, arrivals: Sequence[Arrival]) -> list[bool]:
    eye, state = Eye(track.fences), State()
    verdict = []
    for arrival in arrivals:
        walk = walked(state, eye=eye, report=arrival.report, number=arrival.number, received_s=arrival.received_s)
        state = walk.state
        verdict.append(walk.known.is_suspicious)
    return verdict


def by_plain_speed(track: Track, arrivals: Sequence[Arrival]) -> list[bool]:
    """Against the fix that arrived before; a second of difference is the least that can be told."""
    verdict = [False]
    for before, after in itertools.pairwise(arrivals):
        one, other = before.report, after.report
        _, _, metres = GEODESIC.inv(one.lon, one.lat, other.lon, other.lat)
        seconds = max(abs(other.at_s - one.at_s), 1.0)
        verdict.append(metres - one.accuracy_m - other.accuracy_m > PLAIN_MPS * seconds)
    return verdict


if __name__ == "__main__":
    main()
