"""Matching at 10k, 100k and 1M fences, beside what else could do it, and beside what this machine could do at best.

`make bench` runs it at 10k and 100k; `python benchmarks/matching.py 1000000` takes some minutes and ten gigabytes. All
on one thread, in one process, in turns, so that noise falls on all alike; ratios are what to trust. Every answer is
compared with the slow exact one.

The peers: the best plain pattern with shapely (a tree of boxes, the geodesic for circles, prepared polygons), and a C
program of our own steps with prefetches where there is a compiler. That one stops where ours goes on: what is left open
is not settled, and nothing is given back as ids. Times are the processor's own, so that a busy machine does not count.
"""

import argparse
import contextlib
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks import peers  # noqa: E402
from benchmarks.workload import Workload, judged, workload  # noqa: E402
from geooffers.matching import batches  # noqa: E402
from geooffers.matching.areas import Circle, Fence  # noqa: E402
from geooffers.matching.columns import Ints  # noqa: E402
from geooffers.matching.index import Index  # noqa: E402
from geooffers.progress import Bar  # noqa: E402

ROUNDS = 7
POINTS = 200_000
# Slower ones get fewer points; each is past the size from which it gains nothing more.
FEWER = {"shapely": 40_000, "plain Python": 20_000}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("fences", nargs="*", type=int, default=[10_000, 100_000])
    for count in parser.parse_args().fences:
        one_size(count)


def one_size(count: int) -> None:
    print(f"\n{count:,} fences, {POINTS:,} points")
    with timed("the workload"):
        work = workload(fences=count, points=POINTS)
    with timed("the exact answers, slowly"):
        right = judged(work.fences, work.lat, work.lon)
    print(f"  {len(work.fences.vertices):,} vertices; {len(right) / POINTS:.2f} fences a point")
    with tempfile.TemporaryDirectory() as folder:
        index = built(work, Path(folder) / "base")
        in_bulk(index, work, right)
        one_position(index, work)
        one_change(index)


def built(work: Workload, directory: Path) -> Index:
    cpu = time.process_time()
    with timed("build"):
        index = Index.of(work.fences, told=progress)
    print(f"  {'build, processor alone':32s} {time.process_time() - cpu:10.2f} s")
    base = index._base.base
    size = sum(getattr(base, field.name).nbytes for field in fields(base)) - base.vertices.nbytes
    print(f"  {'memory besides vertices':32s} {size / len(index):10.0f} bytes a fence")
    with timed("save"):
        index.save(directory)
    began = time.perf_counter()
    index = Index.open(directory)
    print(f"  {'open':32s} {(time.perf_counter() - began) * 1e3:10.1f} ms")
    return index


def in_bulk(index: Index, work: Workload, right: Ints) -> None:
    count = len(index)
    engines: dict[str, Callable[[np.ndarray, np.ndarray], Ints | None]] = {
        "plain Python": lambda lat, lon: as_keys(
            count, *ids(index, *batches.inside_one_by_one(index._base, lat=lat, lon=lon))
        )
    }
    if batches.has_kernel():
        engines["compiled"] = lambda lat, lon: as_keys(count, *pairs_of(index, lat, lon))
    engines["shapely"] = peers.Shapely(work.fences).pairs
    with contextlib.ExitStack() as stack:
        engines |= peers.where_there_are_any(index._base.base, stack)
        seconds: dict[str, list[float]] = {name: [] for name in engines}
        wrong: dict[str, int | None] = {}
        for turn in range(ROUNDS):
            progress("rounds", turn / ROUNDS)
            for name, engine in engines.items():
                points = FEWER.get(name, POINTS)
                begin = turn * points % (POINTS - points + 1)
                lat, lon = work.lat[begin : begin + points], work.lon[begin : begin + points]
                engine(lat[:1_000], lon[:1_000])
                began = time.thread_time()
                found = engine(lat, lon)
                seconds[name].append((time.thread_time() - began) / points)
                if turn == 0:
                    expected = right[
                        np.searchsorted(right, begin * count) : np.searchsorted(right, (begin + points) * count)
                    ]
                    wrong[name] = None if found is None else len(np.setxor1d(found, expected - begin * count))
        progress("rounds", 1)
    ours = statistics.median(seconds["compiled" if "compiled" in seconds else "plain Python"])
    for name, each in seconds.items():
        middle = statistics.median(each)
        said = "not settled" if wrong[name] is None else f"{wrong[name]} wrong"
        print(f"  {name:32s} {1 / middle:12,.0f} points/s   x {middle / ours:8.2f}   {said}")


def pairs_of(index: Index, lat: np.ndarray, lon: np.ndarray) -> tuple[Ints, Ints]:
    pairs = index.inside(lat=lat, lon=lon)
    return pairs.point, pairs.fence


def ids(index: Index, points: Ints, numbers: Ints) -> tuple[Ints, Ints]:
    return points, index._base.base.ids[numbers]


def as_keys(count: int, points: Ints, fences: Ints) -> Ints:
    return points * count + fences


def one_position(index: Index, work: Workload) -> None:
    """As a report asks: which fences, and (touch) how surely given the fix's accuracy."""
    lat, lon, accuracy = (array[:20_000].tolist() for array in (work.lat, work.lon, work.accuracy_m))
    for name, ask in (
        ("one position, plain Python", lambda a, o, m: index.inside_one(lat=a, lon=o)),
        ("the same with sureness", lambda a, o, m: index.match_one(lat=a, lon=o, accuracy_m=m)),
    ):
        spent = []
        for each in zip(lat, lon, accuracy, strict=True):
            began = time.thread_time_ns()
            ask(*each)
            spent.append((time.thread_time_ns() - began) / 1e3)
        middle, high = np.percentile(spent, [50, 99])
        print(f"  {name:32s} {middle:10.1f} us in the middle, {high:.0f} us at 99 %")


def one_change(index: Index) -> None:
    """One fence added, moved, removed: how long until this process answers by it, with so many changes before."""
    for before in (1, 100, 1_000):
        changed = index.with_changes(
            put=[
                Fence(id=-number, area=Circle(lat=50, lon=number / 100, radius_m=100))
                for number in range(1, before + 1)
            ]
        )
        spent = []
        for turn in range(15):
            area = Circle(lat=50 + turn / 100, lon=8, radius_m=150)
            began = time.thread_time()
            for change in ({"put": [Fence(id=-1, area=area)]}, {"remove": [turn]}):
                changed = changed.with_changes(**change)
            assert -1 in changed.inside_one(lat=50 + turn / 100, lon=8)
            spent.append((time.thread_time() - began) / 2)
        print(f"  {f'one change after {before}':32s} {statistics.median(spent) * 1e3:10.2f} ms")


progress = Bar()


@contextlib.contextmanager
def timed(name: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    print(f"  {name:32s} {time.perf_counter() - began:10.2f} s")


if __name__ == "__main__":
    main()
