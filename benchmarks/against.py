"""The reports of this checkout and of another one, as servers of their own with databases of their own, called in turn.

    python benchmarks/report.py --against ../older            SQLite
    python benchmarks/report.py --against ../older --postgresql

Both run with this Python and its packages. In each round one is called first and then the other, in the next round the
other way round, so that a busy machine counts on both sides. Told is the median over the rounds of how many times as
long ours takes, and the interval that holds it in 95 of 100 runs: its ends are two of the rounds' own ratios (of 15 the
fourth and the twelfth), whatever their distribution. Ours is slower where the whole interval lies above 1.05.
"""

import contextlib
import json
import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks import report
from benchmarks.report import BATCH, BATCH_CALLS, BENCH_DIR, CALLS, EMPTY, REPORT, ROOT, Client, Phone
from benchmarks.report_world import CAFE, MALL, MALL_FENCES, OPEN_VISITS, PHONES, THERE

AT_MOST = 1.05
SURE = 0.95
FAR_DEG = 0.0027  # 300 m


@dataclass(frozen=True, kw_only=True)
class Side:
    """One checkout with its server."""

    name: str
    root: Path
    folder: Path
    environment: dict[str, str]
    url: str

    def world(self) -> dict[str, list[list[str]]]:
        found: dict[str, list[list[str]]] = json.loads((self.folder / "world.json").read_text())
        return found

    def asked(self, *words: str) -> str:
        """What the world's own script answers."""
        command = [sys.executable, str(ROOT / "benchmarks" / "report_world.py"), str(self.folder), *words]
        return subprocess.run(
            command, cwd=self.root, env=self.environment, check=True, stdout=subprocess.PIPE, text=True
        ).stdout


def compare(other: Path, *, rounds: int, postgresql: bool) -> None:
    with contextlib.ExitStack() as stack:
        sides = [
            stack.enter_context(_serving(name, root, rounds=rounds, postgresql=postgresql, stack=stack))
            for name, root in (("theirs", other.resolve()), ("ours", ROOT))
        ]
        print(f"\n{'PostgreSQL' if postgresql else 'SQLite':30}{'theirs µs':>12}{'ours µs':>10}{'times':>8}   interval")
        for row in _rows(sides):
            _told(row, rounds=rounds)


@contextlib.contextmanager
def _serving(name: str, root: Path, *, rounds: int, postgresql: bool, stack: contextlib.ExitStack) -> Iterator[Side]:
    from geooffers.worker.demo.processes import free_port

    folder = BENCH_DIR / name
    folder.mkdir(parents=True)
    database = f"sqlite:///{folder / 'bench.sqlite3'}"
    if postgresql:
        from benchmarks import postgis

        database = stack.enter_context(postgis.database(f"geooffers_bench_{os.getpid()}_{name}"))
    environment = {
        **os.environ,
        "GEOOFFERS_SANDBOX": "1",
        "DATABASE_URL": database,
        "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
        "PYTHONPATH": str(root),
        "GEOOFFERS_FENCE_BASES_DIR": str(folder / "bases"),
        "GEOOFFERS_LOG_LEVEL": "WARNING",
    }
    url = f"http://127.0.0.1:{free_port(8200)}"
    side = Side(name=name, root=root, folder=folder, environment=environment, url=url)
    side.asked(str(rounds + 1))  # one to warm up
    server = report.serve(url, environment=environment, log=folder / "web.log", root=root)
    try:
        yield side
    finally:
        server.terminate()
        server.wait(timeout=15)


@dataclass(frozen=True, kw_only=True)
class Row:
    """`seconds`: a call, of each side's next round."""

    name: str
    seconds: Sequence[Callable[[], float]]


def _told(row: Row, *, rounds: int) -> None:
    taken: list[list[float]] = [[] for _ in row.seconds]
    for each in row.seconds:
        each()
    for turn in range(rounds):
        order = list(range(len(row.seconds)))
        for side in order if turn % 2 else reversed(order):
            taken[side].append(row.seconds[side]())
    theirs, ours = taken
    ratios = sorted(mine / its for its, mine in zip(theirs, ours, strict=True))
    low, high = interval(ratios)
    said = "   SLOWER" if low > AT_MOST else ""
    times = statistics.median(ratios)
    middle = [statistics.median(each) * 1e6 for each in taken]
    print(f"{row.name:30}{middle[0]:12.0f}{middle[1]:10.0f}{times:8.2f}   {low:.2f} to {high:.2f}{said}", flush=True)


def interval(ratios: Sequence[float]) -> tuple[float, float]:
    """Of the median, from the ordered values: each lies on either side of it as a coin falls."""
    count, outside, rank = len(ratios), 0.0, 0
    while outside + math.comb(count, rank) / 2**count <= (1 - SURE) / 2:
        outside += math.comb(count, rank) / 2**count
        rank += 1
    return ratios[max(rank - 1, 0)], ratios[count - max(rank, 1)]


def _rows(sides: Sequence[Side]) -> Iterator[Row]:
    worlds = [side.world() for side in sides]

    def at_rest(name: str, phones: Callable[[dict[str, list[list[str]]]], list[Phone]], **how: object) -> Iterator[Row]:
        clients = [Client(side.url, phones(world)) for side, world in zip(sides, worlds, strict=True)]
        for client in clients:
            for _ in range(3):
                client.seconds(REPORT, how.get("among", PHONES), how.get("fixes", 1))
        before = [side.asked("--writes") for side in sides]
        path, calls, fixes = how.get("path", REPORT), how.get("calls", CALLS), how.get("fixes", 1)
        yield Row(
            name=name, seconds=[lambda client=client: _anew(client).seconds(path, calls, fixes) for client in clients]
        )
        if [side.asked("--writes") for side in sides] != before:
            raise SystemExit(f"{name}: reports that were to change nothing were written")

    def lying(world: dict[str, list[list[str]]]) -> list[Phone]:
        return [Phone(token=token) for token in world["tables"]]

    yield from at_rest("an empty endpoint", lying, path=EMPTY)
    yield from at_rest("changes nothing", lying)
    yield from at_rest(f"{BATCH} fixes, change nothing", lying, calls=BATCH_CALLS, fixes=BATCH)
    for number, count in enumerate(OPEN_VISITS):

        def inside(world: dict[str, list[list[str]]], number: int = number) -> list[Phone]:
            return [Phone(token=token, lat=62.0 + number, lon=26.0) for token in world["inside"][number]]

        yield from at_rest(f"the same, in {count} open visits", inside, among=THERE, calls=THERE)
    for number, (where, fences, name) in enumerate(
        ((CAFE, 1, "a visit"), (MALL, MALL_FENCES, f"{MALL_FENCES} visits"))
    ):
        walks = [
            _Walks(side.url, world["walkers"][number], lat=where["lat"], lon=where["lon"], fences=fences)
            for side, world in zip(sides, worlds, strict=True)
        ]
        yield Row(name=f"begins {name}, brings a coupon", seconds=[walk.enter for walk in walks])
        yield Row(name=f"ends {name}", seconds=[walk.leave for walk in walks])


def _anew(client: Client) -> Client:
    """With a new connection: a server closes one that was idle while the other was called."""
    client.connection.close()
    return client


class _Walks:
    """Walkers who come from outside, go in, and go out again; each round has others. All enter before any leaves."""

    def __init__(self, url: str, rounds: Sequence[Sequence[str]], *, lat: float, lon: float, fences: int) -> None:
        self.client, self.lat, self.fences = Client(url, []), lat, fences
        far = [[Phone(token=token, lat=lat + FAR_DEG, lon=lon) for token in tokens] for tokens in rounds]
        self.outside, self.inside = iter(far), iter(far)

    def enter(self) -> float:
        walkers = next(self.outside)
        self._all(walkers, ago_s=180, change=None)
        return self._all([replace(one, lat=self.lat) for one in walkers], ago_s=90, change="entered")

    def leave(self) -> float:
        return self._all(next(self.inside), ago_s=0, change="left")

    def _all(self, walkers: Sequence[Phone], *, ago_s: int, change: str | None) -> float:
        at = datetime.now(UTC) - timedelta(seconds=ago_s)
        requests = [(report.body_of(one, [at]), report.headers(one.token)) for one in walkers]
        _anew(self.client)
        began = time.perf_counter()
        answers = [self.client.call(REPORT, body, head) for body, head in requests]
        taken = (time.perf_counter() - began) / len(walkers)
        for answer in map(json.loads, answers):
            found = [one["change"] for one in answer["transitions"]]
            if found != [change] * self.fences * (change is not None) or len(answer["coupons"]) != (
                change == "entered"
            ):
                raise SystemExit(f"a walker was to have {change}, and was told {answer!r}")
        return taken
