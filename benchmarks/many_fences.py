"""A report over HTTP with few fences and with many: the real API on the real rows, two servers called in turn.

`make bench` compares 10k with 100k; `python benchmarks/many_fences.py 10000 1000000` takes some ten minutes, eight
gigabytes of memory and as many of disk (`--postgresql` for rows there, in databases of its own; else SQLite). On the
way it builds the base from the rows (`manage.py buildindex`), and edits a fence among them all.

What matching takes of a report is timed in the server: an endpoint beside the product's own asks the process's index
about the same fix and says how long that took, so caches are as cold as a request finds them.
"""

import argparse
import contextlib
import json
import os
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks import report  # noqa: E402
from benchmarks.report import BENCH_DIR, CALLS, PHONES, ROUNDS, Client, Phone  # noqa: E402
from benchmarks.workload import workload  # noqa: E402
from geooffers.matching.columns import Floats  # noqa: E402

AT_MOST_TIMES, AT_MOST_SHARE = 1.1, 0.05
EDITS = 15


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("fences", nargs="*", type=int, default=[10_000, 100_000])
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--world", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.world is not None:
        make_world(asked.fences[0], asked.world)
        return
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # or servers would stay behind
    began = time.monotonic()
    shutil.rmtree(BENCH_DIR, ignore_errors=True)
    with contextlib.ExitStack() as stack:
        worlds = {count: made(count, stack, postgresql=asked.postgresql) for count in asked.fences}
        compare({count: stack.enter_context(served(count, world)) for count, world in worlds.items()})
        for count in worlds:
            shutil.rmtree(BENCH_DIR / str(count))
    print(f"\n{time.monotonic() - began:.0f} s in all")


def made(count: int, stack: contextlib.ExitStack, *, postgresql: bool) -> dict[str, str]:
    """The environment of a world with so many fences, made by a process of its own."""
    folder = BENCH_DIR / str(count)
    folder.mkdir(parents=True)
    url = f"sqlite:///{folder / 'bench.sqlite3'}"
    if postgresql:
        from benchmarks import postgis

        url = stack.enter_context(postgis.database(f"geooffers_bench_{os.getpid()}_{count}"))
    environment = environment_of(folder, url=url)
    print(f"\n{count:,} fences", flush=True)
    command = [sys.executable, __file__, str(count), "--world", str(folder)]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    return environment


def environment_of(folder: Path, *, url: str) -> dict[str, str]:
    return {
        **os.environ,
        "GEOOFFERS_SANDBOX": "1",
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
        "GEOOFFERS_FENCE_BASES_DIR": str(folder / "bases"),
        "GEOOFFERS_LOG_LEVEL": "WARNING",
    }


def make_world(count: int, folder: Path) -> None:
    import django

    django.setup()
    from django.core.management import call_command

    from benchmarks import fence_rows
    from merchants.live_fences.live_fences import STORED_FROM

    call_command("migrate", interactive=False, verbosity=0)
    work = workload(fences=count, points=10_000)
    with timed("rows written"):
        fence_rows.load(work.fences)
    if count >= STORED_FROM:
        build_index()
    edit_among_them()
    places = zip(work.lat.tolist(), work.lon.tolist(), work.accuracy_m.tolist(), strict=True)
    phones = [
        {"token": report.register_phone(), "lat": lat, "lon": lon, "accuracy_m": accuracy_m}
        for lat, lon, accuracy_m in list(places)[:PHONES]
    ]
    (folder / "phones.json").write_text(json.dumps(phones))


def build_index() -> None:
    """As an operator would, in a process of its own; its bar is the terminal's."""
    with timed("manage.py buildindex"):
        subprocess.run([sys.executable, "manage.py", "buildindex"], cwd=ROOT, check=True)
    most_kb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(f"  {'its memory at most':32s} {most_kb / 1024:10,.0f} MB", flush=True)


def edit_among_them() -> None:
    """From the commit of an edit to the answer of this process, once it asks: what a poll costs, of the processor."""
    from merchants.fences import editing
    from merchants.live_fences.live_fences import LiveFences
    from merchants.models import Geofence, Store, User

    live = LiveFences()
    began = time.perf_counter()
    live.refresh()
    print(f"  {'a process has its index after':32s} {time.perf_counter() - began:10.2f} s")
    operator = User.objects.create(username="operator", is_staff=True, is_superuser=True)
    store = Store.objects.first()
    spent: dict[str, list[float]] = {"added": [], "moved": [], "removed": []}
    for turn in range(EDITS):
        fence = Geofence(store=store, name="door", kind="circle", center_lat=60.17, center_lon=24.95, radius_m=150)
        for what in spent:
            if what == "removed":
                editing.archive_fence(fence=fence)
            else:
                fence.center_lat = 60.17 + (what == "moved") * 0.01 + turn * 1e-5
                editing.put_fence(fence=fence, by=operator)
            lat = fence.center_lat
            began = time.thread_time()
            live.poll()
            assert (fence.pk in live.current().index.inside_one(lat=lat, lon=24.95)) is (what != "removed")
            spent[what].append(time.thread_time() - began)
    for what, each in spent.items():
        print(f"  {f'one fence {what}, visible after':32s} {statistics.median(each) * 1e3:10.2f} ms")
    idle = []
    for _ in range(EDITS):
        began = time.thread_time()
        live.poll()
        idle.append(time.thread_time() - began)
    print(f"  {'a poll that finds nothing':32s} {statistics.median(idle) * 1e3:10.2f} ms", flush=True)


@contextlib.contextmanager
def served(count: int, environment: dict[str, str]) -> Iterator[Client]:
    from geooffers.worker.demo.processes import free_port

    url = f"http://127.0.0.1:{free_port(8200)}"
    phones = json.loads((BENCH_DIR / str(count) / "phones.json").read_text())
    server = report.serve(url, environment=environment, log=BENCH_DIR / f"web-{count}.log")
    try:
        yield Client(url, [Phone(**phone) for phone in phones])
    finally:
        server.terminate()
        server.wait(timeout=15)


def compare(clients: dict[int, Client]) -> None:
    taken: dict[int, list[float]] = {count: [] for count in clients}
    spent: dict[int, list[Floats]] = {count: [] for count in clients}
    for client in clients.values():  # a round to warm up; after it every phone has said where it is
        client.seconds("/api/v1/positions", PHONES, 1)
        client.matched(PHONES)
    for _ in range(ROUNDS):
        for count, client in clients.items():
            taken[count].append(client.seconds("/api/v1/positions", CALLS, 1))
            spent[count].append(np.array(client.matched(PHONES)).mean(axis=0))
    few = next(iter(taken.values()))
    columns = (
        "a report that changes nothing",
        "µs a call",
        "times",
        "which fences",
        "told the rules",
        "how far to move",
    )
    print("\n{:>32}{:>12}{:>8}{:>19}{:>19}{:>19}".format(*columns))
    for count, each in taken.items():
        middle = statistics.median(each)
        times = statistics.median(its / one for its, one in zip(each, few, strict=True))
        # Of each round's own calls, so that a busy machine counts on both sides.
        shares = np.median(np.array(spent[count]) / np.array(each)[:, None], axis=0)
        means = np.median(spent[count], axis=0)
        said = "".join(f"{mean * 1e6:8.0f} µs, {share:6.1%}" for mean, share in zip(means, shares, strict=True))
        print(f"{count:>25,} fences{middle * 1e6:12.0f}{times:8.2f}{said}")
        if times > AT_MOST_TIMES or shares[0] > AT_MOST_SHARE:
            print(f"{'':32}   NOT MET: at most {AT_MOST_TIMES} times, and {AT_MOST_SHARE:.0%} for matching")


@contextlib.contextmanager
def timed(name: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    print(f"  {name:32s} {time.perf_counter() - began:10.2f} s", flush=True)


if __name__ == "__main__":
    main()
