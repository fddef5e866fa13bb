"""A report over HTTP, beside the same server's empty endpoint and its single indexed SELECT.

`make bench` runs it. Granian serves one worker on loopback, a fresh SQLite file lies under var/bench (or DATABASE_URL
names another database); one client keeps one connection and calls what is compared in turn, so that noise falls on all
alike. Prints medians of the rounds, and the ratios, which are what to trust.

What is said to change nothing is held to it: no packed state may have been written while it was timed.

`--against ../another-checkout` compares with the server of that checkout instead: against.py.
"""

import argparse
import http.client
import itertools
import json
import os
import secrets
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

ROOT = Path(__file__).resolve().parent.parent
BENCH_DIR = ROOT / "var" / "bench"
ROUNDS, CALLS = 9, 300
PHONES = 300  # each calls about ten times in all, spread over the run
BATCH, BATCH_CALLS = 100, 20
OPEN_VISITS = (0, 1, 5, 20)
WALKERS = 20  # in each round

sys.path.insert(0, str(ROOT))


def prepare() -> None:
    shutil.rmtree(BENCH_DIR, ignore_errors=True)
    BENCH_DIR.mkdir(parents=True)
    os.environ["GEOOFFERS_SANDBOX"] = "1"
    os.environ.setdefault("DATABASE_URL", f"sqlite:///{BENCH_DIR / 'bench.sqlite3'}")
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", interactive=False, verbosity=0)


def serve(
    url: str, *, environment: dict[str, str] | None = None, log: Path | None = None, root: Path = ROOT
) -> subprocess.Popen[bytes]:
    """`root`: of the checkout whose server it is."""
    port, log = str(urlsplit(url).port), log or BENCH_DIR / "web.log"
    server = subprocess.Popen(
        [sys.executable, "manage.py", "runweb", "--no-migrate", "--port", port, "--workers", "1"],
        cwd=root,
        env=environment,
        stdout=log.open("wb"),
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=2)
        try:
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return server
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.2)
    server.terminate()
    raise SystemExit(f"the server was not ready:\n{log.read_text()}")


@dataclass(frozen=True, kw_only=True)
class Phone:
    """One that lies on a table: after its first report nothing changes. By itself far from every fence."""

    token: str
    lat: float = 61.5
    lon: float = 23.75
    accuracy_m: float = 12.5


class Client:
    """One kept connection, and enough registered phones that none of them reports too often."""

    def __init__(self, url: str, phones: Sequence[Phone]) -> None:
        self.phones = itertools.cycle(phones)
        # Each fix is a millisecond after the phone's last, and all are of one minute: in another one it is written.
        self.minute = datetime.now(UTC).replace(second=0, microsecond=0)
        self.told: Counter[str] = Counter()
        self.connection = http.client.HTTPConnection("127.0.0.1", urlsplit(url).port or 80)

    def body(self, phone: Phone, fixes: int) -> bytes:
        told = self.told[phone.token]
        self.told[phone.token] += fixes
        times = [self.minute + timedelta(milliseconds=told + number) for number in range(fixes)]
        return body_of(phone, times)

    def seconds(self, path: str, calls: int, fixes: int) -> float:
        """Seconds a call, the bodies made beforehand."""
        requests = [(self.body(phone, fixes), headers(phone.token)) for phone in itertools.islice(self.phones, calls)]
        began = time.perf_counter()
        for body, head in requests:
            self.call(path, body, head)
        return (time.perf_counter() - began) / calls

    def matched(self, calls: int) -> list[tuple[float, float, float]]:
        """Seconds in the server for one fix of so many phones: which fences, what the rules are told of them, and how
        far the phone may move.
        """
        told = [
            json.loads(self.call("/peers/matched", self.body(phone, 1), headers(phone.token)))
            for phone in itertools.islice(self.phones, calls)
        ]
        return [(one["fences"], one["touches"], one["boundary"]) for one in told]

    def call(self, path: str, body: bytes, head: dict[str, str]) -> bytes:
        self.connection.request("POST", path, body, head)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{path} answered {answer.status}: {text[:300]!r}")
        return text


def body_of(phone: Phone, times: Sequence[datetime]) -> bytes:
    return json.dumps(
        {
            "fixes": [
                {
                    "uuid": str(uuid4()),
                    "recorded_at": at.isoformat(),
                    "lat": phone.lat,
                    "lon": phone.lon,
                    "accuracy_m": phone.accuracy_m,
                    "background": False,
                }
                for at in times
            ]
        }
    ).encode()


def headers(token: str) -> dict[str, str]:
    return {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}


def register_phone() -> str:
    """A phone with every consent; its token."""
    from geooffers.shoppers.identity.tokens import hash_of
    from geooffers.shoppers.models import ConsentText, Purpose
    from geooffers.usecases.identity.register_device import register_device
    from geooffers.usecases.privacy.give_consent import give_consent

    token, now = secrets.token_urlsafe(32), datetime.now(UTC)
    device = register_device(
        install_id=uuid4(),
        token_hash=hash_of(token),
        platform="android",
        app_version="bench",
        language="en",
        push=None,
        now=now,
    ).device
    for text in ConsentText.objects.filter(language="en"):
        give_consent(device=device, purpose=Purpose(text.purpose), language="en", version=text.version, now=now)
    return token


EMPTY, ONE_SELECT, REPORT = "/peers/empty", "/peers/one-select", "/api/v1/positions"
NAMES = {EMPTY: "(a) empty endpoint", ONE_SELECT: "(b) one SELECT", REPORT: "report"}


def writes() -> int:
    """Of packed states, ever."""
    from django.db.models import Sum

    from geooffers.visits.models import DeviceState

    return int(DeviceState.objects.aggregate(Sum("version"))["version__sum"] or 0)


def in_turn(client: Client, paths: Sequence[str], *, calls: int, fixes: int) -> dict[str, float]:
    """Medians of seconds a call, after rounds in which every phone has said where it is; nothing may be written."""
    for _ in range(2):
        client.seconds(REPORT, PHONES, fixes)
    for path in paths:
        client.seconds(path, calls, fixes)
    before = writes()
    taken: dict[str, list[float]] = {path: [] for path in paths}
    for _ in range(ROUNDS):
        for path in paths:
            taken[path].append(client.seconds(path, calls, fixes))
    if writes() != before:
        raise SystemExit(f"{writes() - before} of the reports that were to change nothing were written")
    return {path: statistics.median(values) for path, values in taken.items()}


def table(title: str, rows: dict[str, float], peers: dict[str, float]) -> None:
    print(f"\n{title:30}{'µs a call':>12}{'calls/s':>10}" + "".join(f"{'of ' + name:>9}" for name in peers))
    for name, median in rows.items():
        of = "".join(f"{peer / median:9.2f}" for peer in peers.values())
        print(f"{name:30}{median * 1e6:12.0f}{1 / median:10.0f}{of}", flush=True)


def walking(client: Client, *, lat: float, lon: float) -> dict[str, float]:
    """Who comes from outside in, and goes out again: a report for each step, a minute and a half between them.

    Seconds a call, and what each answer has to tell. The step before the entry is not timed.
    """
    far = lat + 0.0027  # 300 m
    taken: dict[str, list[float]] = {NAMES[EMPTY]: [], "begins a visit, brings a coupon": [], "ends a visit": []}
    for _ in range(ROUNDS):
        walkers = [Phone(token=register_phone(), lat=far, lon=lon) for _ in range(WALKERS)]
        now = datetime.now(UTC)
        steps = (
            (None, REPORT, far, 180, None),
            (NAMES[EMPTY], EMPTY, lat, 90, None),
            ("begins a visit, brings a coupon", REPORT, lat, 90, "entered"),
            ("ends a visit", REPORT, far, 0, "left"),
        )
        for name, path, at_lat, ago_s, change in steps:
            at = now - timedelta(seconds=ago_s)
            requests = [(body_of(replace(one, lat=at_lat), [at]), headers(one.token)) for one in walkers]
            began = time.perf_counter()
            answers = [client.call(path, body, head) for body, head in requests]
            if name is not None:
                taken[name].append((time.perf_counter() - began) / WALKERS)
            for answer in answers if change is not None else ():
                said = json.loads(answer)
                found = [one["change"] for one in said["transitions"]]
                if found != [change] or len(said["coupons"]) != (change == "entered"):
                    raise SystemExit(f"a walker was to have {change}, and was told {answer!r}")
    return {name: statistics.median(values) for name, values in taken.items()}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--against", type=Path, help="another checkout, whose server is called in turn with ours")
    parser.add_argument("--rounds", type=int, default=15, help="with --against")
    parser.add_argument("--postgresql", action="store_true", help="with --against; else SQLite")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # or the server would stay behind
    if asked.against is not None:
        from benchmarks import against

        shutil.rmtree(BENCH_DIR, ignore_errors=True)
        against.compare(asked.against, rounds=asked.rounds, postgresql=asked.postgresql)
        return
    prepare()
    from benchmarks import places
    from geooffers.worker.demo.processes import free_port

    cafe = places.store(lat=60.1695, lon=24.9525)
    places.fences_around(cafe, count=1)
    places.offer(cafe, cap=100_000, now=datetime.now(UTC))
    lats = {count: 62.0 + number for number, count in enumerate(OPEN_VISITS)}
    for count, lat in lats.items():
        places.fences_around(places.store(lat=lat, lon=26.0), count=count)
    url = f"http://127.0.0.1:{free_port(8200)}"
    server = serve(url)
    try:
        phones = [Phone(token=register_phone()) for _ in range(PHONES)]
        of = in_turn(Client(url, phones), [EMPTY, ONE_SELECT, REPORT], calls=CALLS, fixes=1)
        table("changes nothing", {NAMES[path]: of[path] for path in of}, {"(a)": of[EMPTY], "(b)": of[ONE_SELECT]})

        of = in_turn(Client(url, phones), [EMPTY, ONE_SELECT, REPORT], calls=BATCH_CALLS, fixes=BATCH)
        table(f"{BATCH} fixes, change nothing", {NAMES[path]: of[path] for path in of}, {"(a)": of[EMPTY]})

        rows = walking(Client(url, phones), lat=cafe.lat, lon=cafe.lon)
        table("changes something", rows, {"(a)": rows[NAMES[EMPTY]]})

        clients = {
            count: Client(url, [Phone(token=register_phone(), lat=lat, lon=26.0) for _ in range(60)])
            for count, lat in lats.items()
        }
        visits = by_open_visits(clients)
        table("changes nothing, open visits", visits, {"none": visits["0"]})
    finally:
        server.terminate()
        server.wait(timeout=15)


def by_open_visits(clients: dict[int, Client]) -> dict[str, float]:
    from geooffers.visits.models import Presence

    for client in clients.values():
        for _ in range(3):
            client.seconds(REPORT, 60, 1)
    open_visits = Presence.objects.filter(visit__fence__center_lon=26.0).count()
    if open_visits != 60 * sum(clients):
        raise SystemExit(f"{open_visits} visits are open, not {60 * sum(clients)}")
    before = writes()
    taken: dict[int, list[float]] = {count: [] for count in clients}
    for _ in range(ROUNDS):
        for count, client in clients.items():
            taken[count].append(client.seconds(REPORT, 60, 1))
    if writes() != before:
        raise SystemExit(f"{writes() - before} of the reports that were to change nothing were written")
    return {str(count): statistics.median(values) for count, values in taken.items()}


if __name__ == "__main__":
    main()
