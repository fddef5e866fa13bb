"""Matching at 10k, 100k and 1M fences, beside what else could do it, and beside what this machine could do at best.

`make bench` runs it at 10k and 100k; `python benchmarks/matching.py 1000000` takes some four minutes, ten gigabytes of
memory and, with PostGIS, three of disk. All on one thread, in turns, so that noise falls on all alike; ratios are what
to trust. Every answer is compared with the slow exact one.

The peers: the best plain pattern with shapely (a tree of boxes, the geodesic for circles, prepared polygons), PostGIS
and Tile38 where they are installed, and a C program of our own steps with prefetches where there is a compiler. That
one stops where ours goes on: what is left open is not settled, and nothing is given back as ids. Many positions are
timed by the processor's own time, of the server where there is one, so that a busy machine does not count, nor what it
costs to hand rows to a client; one position by what a caller waits.
"""

import argparse
import contextlib
import shutil
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tqdm import tqdm  # noqa: E402

from benchmarks import peers, postgis, second_process, tile38  # noqa: E402
from benchmarks.engines import Engine  # noqa: E402
from benchmarks.workload import Workload, judged, workload  # noqa: E402
from geooffers.matching import batches, earth, nearness  # noqa: E402
from geooffers.matching.areas import Circle, Fence  # noqa: E402
from geooffers.matching.columns import Floats, Ints  # noqa: E402
from geooffers.matching.index import Index  # noqa: E402

ROUNDS = 7
POINTS = 200_000
REGIONS = 20
# How many times as fast the compiled one is to be.
GOALS = {"shapely": 8.0, "PostGIS": 100.0, "Tile38": 25.0, "C": 0.6}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("fences", nargs="*", type=int, default=[10_000, 100_000])
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # or a database would stay behind
    began = time.monotonic()
    for count in parser.parse_args().fences:
        one_size(count)
    print(f"\n{time.monotonic() - began:.0f} s in all")


def one_size(count: int) -> None:
    print(f"\n{count:,} fences, {POINTS:,} points")
    with timed("the workload"):
        work = workload(fences=count, points=POINTS)
    with timed("the exact answers, slowly"):
        right = judged(work.fences, work.lat, work.lon)
    print(f"  {len(work.fences.vertices):,} vertices; {len(right) / POINTS:.2f} fences a point")
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        index = built(work, Path(folder) / "base")
        second_process.told(Path(folder) / "base", lat=work.lat, lon=work.lon)
        one_position(index, work)
        how_near(index, work)
        one_change(index)
        found = list(engines(index, work, stack))
        in_bulk(found, work, right)
        for engine in found:
            beside(engine, work)


def built(work: Workload, directory: Path) -> Index:
    # The builder is NumPy alone, so the two are alike.
    for name, with_or_without in (
        ("build, without Numba", second_process.without_numba),
        ("build", contextlib.nullcontext),
    ):
        with with_or_without():
            cpu, wall = time.process_time(), time.perf_counter()
            index = Index.of(work.fences)
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        print(f"  {name:32s} {wall:10.2f} s; of the processor {cpu:.2f} s")
    base = index._base.base
    size = sum(getattr(base, field.name).nbytes for field in fields(base))
    print(f"  {'memory besides vertices':32s} {(size - base.vertices.nbytes) / len(index):10.0f} bytes a fence")
    print(f"  {'memory with vertices':32s} {size / len(index):10.0f} bytes a fence")
    with timed("save"):
        index.save(directory)
    began = time.perf_counter()
    index = Index.open(directory)
    print(f"  {'open':32s} {(time.perf_counter() - began) * 1e3:10.1f} ms")
    return index


def engines(index: Index, work: Workload, stack: contextlib.ExitStack) -> Iterator[Engine]:
    """Ours first."""
    base = index._base.base

    def compiled(lat: Floats, lon: Floats, first: int) -> tuple[Ints, Ints]:
        pairs = index.inside(lat=lat, lon=lon)
        return pairs.point, pairs.fence

    def plain(lat: Floats, lon: Floats, first: int) -> tuple[Ints, Ints]:
        points, numbers = batches.inside_one_by_one(index._base, lat=lat, lon=lon)
        return points, base.ids[numbers]

    if batches.has_kernel():
        yield Engine(name="compiled", pairs=compiled, points=POINTS)
    yield Engine(name="plain Python", pairs=plain, points=20_000)
    with timed("shapely's objects and tree"):
        objects = peers.Shapely(work.fences)
    yield objects.engine()
    compiler = shutil.which("cc")
    if compiler is not None and base.slab_edges.dtype == np.uint16:
        yield peers.Limit(base, compiler, stack.enter_context(tempfile.TemporaryDirectory())).engine()
    for name, why_not, loaded in (
        ("PostGIS", postgis.why_not(), lambda: postgis.loaded(work.fences, work.lat, work.lon)),
        ("Tile38", tile38.why_not(), lambda: tile38.loaded(work.fences)),
    ):
        if why_not is not None:
            print(f"  {name:32s}    not run: {why_not}")
            continue
        with timed(f"{name}, loaded"):
            yield stack.enter_context(loaded())


def in_bulk(found: list[Engine], work: Workload, right: Ints) -> None:
    count = len(work.fences)
    seconds: dict[str, list[float]] = {engine.name: [] for engine in found}
    wrong: dict[str, int | None] = {}
    for turn in tqdm(range(ROUNDS), desc="rounds", disable=None, leave=False):
        for engine in found:
            clock, points = engine.clock or time.perf_counter, engine.points
            begin = turn * points % (POINTS - points + 1)
            lat, lon = work.lat[begin : begin + points], work.lon[begin : begin + points]
            # Once untimed: meanwhile the system took from each what the others wanted, and whoever comes first after a
            # large one would pay for all with page faults.
            engine.pairs(lat, lon, begin)
            began = clock()
            pairs = engine.pairs(lat, lon, begin)
            seconds[engine.name].append((clock() - began) / points)
            if turn == 0:
                expected = right[
                    np.searchsorted(right, begin * count) : np.searchsorted(right, (begin + points) * count)
                ]
                keys = None if pairs is None else np.unique(pairs[0] * count + pairs[1])
                wrong[engine.name] = None if keys is None else len(np.setxor1d(keys, expected - begin * count))
    ours = seconds[found[0].name]
    for name, each in seconds.items():
        # Of each round by itself: what made a round slow made it slow for all.
        times = statistics.median(its / our for its, our in zip(each, ours, strict=True))
        said = "not settled" if wrong[name] is None else f"{wrong[name]} wrong"
        if name in GOALS:
            said += f"   goal {GOALS[name]:g}: {'met' if times >= GOALS[name] else 'NOT MET'}"
        print(f"  {name:32s} {1 / statistics.median(each):12,.0f} points/s   x {times:8.2f}   {said}")


def one_position(index: Index, work: Workload) -> None:
    """As a report asks: which fences, and (touch) how surely given the fix's accuracy."""
    lat, lon, accuracy = (array[:20_000].tolist() for array in (work.lat, work.lon, work.accuracy_m))
    for name, ask in (
        ("one position, plain Python", lambda a, o, m: index.inside_one(lat=a, lon=o)),
        ("the same with sureness", lambda a, o, m: index.match_one(lat=a, lon=o, accuracy_m=m)),
    ):
        told_of_each(name, ask, zip(lat, lon, accuracy, strict=True))


def how_near(index: Index, work: Workload) -> None:
    """How far a phone may move, which every report's answer says; and what a phone is told to watch, now and then."""
    lat, lon = work.lat.tolist(), work.lon.tolist()
    clearance = index.clearance_m(lat=lat[0], lon=lon[0], at_most_m=5_000)  # the geodesic is loaded once
    assert 0 <= clearance <= 5_000
    for name, ask, points in (
        ("nearest boundary within 5 km", lambda a, o: index.clearance_m(lat=a, lon=o, at_most_m=5_000), 10_000),
        ("nearest 100 within 100 km", lambda a, o: index.nearest(lat=a, lon=o, limit=100, at_most_m=1e5), 500),
    ):
        told_of_each(name, ask, zip(lat[:points], lon[:points], strict=True))
    nearest_regions(index, lat, lon)


def nearest_regions(index: Index, lat: list[float], lon: list[float]) -> None:
    """What a phone is told to watch: beside the same fences found by reckoning how far every fence is at least."""

    def ask(a: float, o: float) -> list[tuple[int, float]]:
        return [(one.fence, one.distance_m) for one in index.nearest(lat=a, lon=o, limit=REGIONS, at_most_m=1e5)]

    places = list(zip(lat[:500], lon[:500], strict=True))
    told_of_each("nearest 20 regions", ask, places)
    times = []
    for place in places[:40]:
        began = time.thread_time_ns()
        ours = ask(*place)
        between = time.thread_time_ns()
        theirs = by_looking_at_all(index, *place)
        times.append((time.thread_time_ns() - between) / (between - began))
        assert [fence for fence, _ in ours] == [fence for fence, _ in theirs]
    print(f"  {'the same by looking at all':32s}        x {statistics.median(times):8.2f}")


def by_looking_at_all(index: Index, lat: float, lon: float) -> list[tuple[int, float]]:
    here, (layer, _) = earth.here(lat=lat, lon=lon), index._layers[0]
    inside = layer.inside(lat=lat, lon=lon)
    found = [(0.0, layer.id_of(number)) for number in inside]
    numbers = np.arange(len(layer))
    at_least = nearness.at_least_m(layer, numbers, here, within_m=1e5)
    reaches = nearness.Reaches(here, at_most_m=1e5)
    for number in np.argsort(at_least, kind="stable").tolist():
        found = sorted(found)[:REGIONS]
        if at_least[number] > min(found[-1][0] if len(found) == REGIONS else np.inf, 1e5):
            break
        if number not in inside:
            distance = nearness.distance_m(layer, number, here, at_least=at_least[number], reaches=reaches)
            found.append((distance, layer.id_of(number)))
    return [(fence, distance) for distance, fence in sorted(found)[:REGIONS] if distance <= 1e5]


def told_of_each(name: str, ask: Callable[..., object], questions: Iterable[tuple[float, ...]]) -> None:
    spent = []
    for each in questions:
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


def beside(peer: Engine, work: Workload) -> None:
    """The rest of what a peer can say: one position, one change, memory."""
    if peer.one is not None:
        spent = []
        for lat, lon in zip(work.lat[:2_000].tolist(), work.lon[:2_000].tolist(), strict=True):
            began = time.perf_counter()
            peer.one(lat, lon)
            spent.append((time.perf_counter() - began) * 1e6)
        middle, high = np.percentile(spent[100:], [50, 99])
        print(f"  {f'one position, {peer.name}':32s} {middle:10.1f} us in the middle, {high:.0f} us at 99 %")
    if peer.change is not None:
        spent = []
        for number in range(200):
            began = time.perf_counter()
            peer.change(number)
            spent.append((time.perf_counter() - began) * 1e3)
        print(f"  {f'one change, {peer.name}':32s} {statistics.median(spent):10.2f} ms")
    if peer.bytes_in_all is not None:
        print(f"  {f'memory, {peer.name}':32s} {peer.bytes_in_all / len(work.fences):10.0f} bytes a fence")


@contextlib.contextmanager
def timed(name: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    print(f"  {name:32s} {time.perf_counter() - began:10.2f} s")


if __name__ == "__main__":
    main()
