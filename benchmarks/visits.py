"""Visits on labelled tracks: our engine beside three peers, counted by the definitions in `benchmarks.tracks`.

`make bench` runs it on the test seeds; `--tuning` counts on those that may be looked at while tuning. The last lines
are what we ask of ourselves, and whether it holds.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tqdm import tqdm  # noqa: E402

from benchmarks.scoring import Event, Score, calibration_error, reliability, score  # noqa: E402
from benchmarks.tracks import made  # noqa: E402
from benchmarks.tracks.labels import Kind, Track  # noqa: E402
from benchmarks.visit_engine import OurEngine  # noqa: E402
from benchmarks.visit_peers import PEERS  # noqa: E402

TRACKS = 500  # of each class
FALSE_AT_MOST = 0.1  # of the best peer's
MISSED_MORE = 0.01  # of the stays
LATER_FIXES = 1.0
CONFIDENCES = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 1.01)


class Engine(Protocol):
    @property
    def name(self) -> str: ...

    def run(self, track: Track) -> Iterable[Event]: ...


ENGINES: tuple[Engine, ...] = (OurEngine(), *PEERS)

# Of each engine, by class.
Table = dict[str, dict[Kind, Score]]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    text: str
    holds: bool


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--tracks", type=int, default=TRACKS, help="of each class")
    parser.add_argument("--tuning", action="store_true", help="the seeds that may be looked at while tuning")
    parser.add_argument("--kinds", nargs="*", type=Kind, default=list(Kind), help="these classes only")
    parser.add_argument("--list", action="store_true", help="each fault of ours by its track's seed; for tuning seeds")
    parser.add_argument("--plot", type=Path, help="a picture of the table (needs matplotlib)")
    asked = parser.parse_args()
    if asked.list and not asked.tuning:
        parser.error("what is wrong with single test tracks is not for looking at: --list goes with --tuning")
    seeds = "tuning" if asked.tuning else "test"
    print(f"\nvisits: {asked.tracks} tracks a class, {seeds} seeds")
    table = counted(kinds=asked.kinds, count=asked.tracks, tuning=asked.tuning)
    for line in lines(table):
        print(line)
    for line in reliabilities(summed(next(iter(table.values())).values())):
        print(line)
    if asked.list:
        print(*summed(next(iter(table.values())).values()).faults, sep="\n")
    for verdict in verdicts(table):
        print(f"  {'holds' if verdict.holds else 'FAILS'}  {verdict.text}")
    if asked.plot:
        from benchmarks.visit_plot import save

        save(table, to=asked.plot, tracks=asked.tracks)


def counted(*, kinds: list[Kind], count: int, tuning: bool) -> Table:
    table: Table = {engine.name: {kind: Score() for kind in kinds} for engine in ENGINES}
    for kind in kinds:
        tracks = made.tracks(kind=kind, count=count, tuning=tuning)
        for track in tqdm(tracks, desc=kind, total=count, disable=None, leave=False):
            for engine in ENGINES:
                table[engine.name][kind].add(score(track=track, events=list(engine.run(track))))
    return table


def lines(table: Table) -> Iterator[str]:
    head = ("stays", "missed", "false", "enters", "leaves", "open", "median", "p90")
    yield f"  {'':18}{'':16}" + "".join(f"{word:>8}" for word in head)
    kinds = next(iter(table.values()))
    for kind in [*kinds, None]:
        for place, (engine, scores) in enumerate(table.items()):
            one = summed(scores.values()) if kind is None else scores[kind]
            figures = (one.stays, one.missed, one.false, one.false_enters, one.false_leaves, one.left_open)
            title = (kind or "all") if place == 0 else ""
            yield (
                f"  {title:18}{engine:16}"
                + "".join(f"{figure:8,}" for figure in figures)
                + f"{one.median_delay:8.1f}{one.p90_delay:8.1f}"
            )


def reliabilities(ours: Score) -> Iterator[str]:
    """What confidence is worth: of the transitions that were told with so much, how many were right."""
    for title, enters in (("enters", True), ("leaves", False)):
        bins = reliability([one for one in ours.judged if one.enters is enters], edges=CONFIDENCES)
        yield f"  {title}: confidence and what was right; calibration error {calibration_error(bins):.3f}"
        for count, said, right in bins:
            yield f"    {count:8,} told with {said:.2f}, {right:.2f} right"


def verdicts(table: Table) -> Iterator[Verdict]:
    ours, *_ = table.values()
    peers = {name: scores for name, scores in table.items() if scores is not ours}
    mine, theirs = summed(ours.values()), {name: summed(scores.values()) for name, scores in peers.items()}
    name, best = min(theirs.items(), key=lambda one: one[1].false)
    share = mine.false / best.false if best.false else float(mine.false > 0)
    yield Verdict(
        text=f"false transitions: {mine.false} of {best.false} ({name}), {share:.1%}; at most {FALSE_AT_MOST:.0%}",
        holds=share <= FALSE_AT_MOST,
    )
    name, best = min(theirs.items(), key=lambda one: one[1].missed)
    most = best.missed + MISSED_MORE * best.stays
    yield Verdict(
        text=f"missed stays: {mine.missed} of {mine.stays}, {mine.missed / max(mine.stays, 1):.2%}; at most {most:.1f}"
        f" ({name}: {best.missed}, and 1 % of the stays)",
        holds=mine.missed <= most,
    )
    name, best = min(theirs.items(), key=lambda one: one[1].median_delay)
    yield Verdict(
        text=f"median delay: {mine.median_delay:.1f} fixes; at most {best.median_delay + LATER_FIXES:.1f} ({name}:"
        f" {best.median_delay:.1f}, and 1)",
        holds=mine.median_delay <= best.median_delay + LATER_FIXES,
    )
    clean = [kind for kind in ours if any(scores[kind].false == 0 for scores in peers.values())]
    not_ours = [kind for kind in clean if ours[kind].false]
    yield Verdict(
        text=f"classes in which a peer has no false transition: {', '.join(clean) or 'none'};"
        f" there we have some in: {', '.join(not_ours) or 'none'}",
        holds=not not_ours,
    )


def summed(scores: Iterable[Score]) -> Score:
    total = Score()
    for one in scores:
        total.add(one)
    return total


if __name__ == "__main__":
    main()
