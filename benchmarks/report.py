"""A report over HTTP that changes nothing, beside the same server's empty endpoint and its single indexed SELECT.

`make bench` runs it. Granian serves one worker on loopback, a fresh SQLite file lies under var/bench (or DATABASE_URL
names another database); one client keeps one connection and calls the three in turn, so that noise falls on all alike.
Prints medians of the rounds, and the ratios, which are what to trust.
"""

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
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

ROOT = Path(__file__).resolve().parent.parent
BENCH_DIR = ROOT / "var" / "bench"
ROUNDS, CALLS = 9, 300
PHONES = 300  # each calls about ten times in all, spread over the run

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


def serve(url: str, *, environment: dict[str, str] | None = None, log: Path | None = None) -> subprocess.Popen[bytes]:
    port, log = str(urlsplit(url).port), log or BENCH_DIR / "web.log"
    server = subprocess.Popen(
        [sys.executable, "manage.py", "runweb", "--no-migrate", "--port", port, "--workers", "1"],
        cwd=ROOT,
        env=environment,
        stdout=log.open("wb"),
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    deadline = time.monotonic() + 30
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
        self.connection = http.client.HTTPConnection("127.0.0.1", urlsplit(url).port or 80)

    def body(self, phone: Phone, fixes: int) -> bytes:
        now = datetime.now(UTC).isoformat()
        return json.dumps(
            {
                "fixes": [
                    {
                        "uuid": str(uuid4()),
                        "recorded_at": now,
                        "lat": phone.lat,
                        "lon": phone.lon,
                        "accuracy_m": phone.accuracy_m,
                        "background": False,
                    }
                    for _ in range(fixes)
                ]
            }
        ).encode()

    def seconds(self, path: str, calls: int, fixes: int) -> float:
        """Seconds a call, the bodies made beforehand."""
        requests = [(self.body(phone, fixes), headers(phone.token)) for phone in itertools.islice(self.phones, calls)]
        began = time.perf_counter()
        for body, head in requests:
            self.call(path, body, head)
        return (time.perf_counter() - began) / calls

    def matched(self, calls: int) -> list[tuple[float, float]]:
        """Seconds in the server for one fix of so many phones: which fences, and how far the phone may move."""
        told = [
            json.loads(self.call("/peers/matched", self.body(phone, 1), headers(phone.token)))
            for phone in itertools.islice(self.phones, calls)
        ]
        return [(one["fences"], one["boundary"]) for one in told]

    def call(self, path: str, body: bytes, head: dict[str, str]) -> bytes:
        self.connection.request("POST", path, body, head)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{path} answered {answer.status}: {text[:300]!r}")
        return text


def headers(token: str) -> dict[str, str]:
    return {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}


def register_phone() -> str:
    """A phone with every consent; its token."""
    from geooffers.api.auth import hash_token
    from geooffers.shoppers.models import ConsentText, Purpose
    from geooffers.usecases.give_consent import give_consent
    from geooffers.usecases.register_device import register_device

    token, now = secrets.token_urlsafe(32), datetime.now(UTC)
    device = register_device(
        install_id=uuid4(),
        token_hash=hash_token(token),
        platform="android",
        app_version="bench",
        language="en",
        push=None,
        now=now,
    ).device
    for text in ConsentText.objects.filter(language="en"):
        give_consent(device=device, purpose=Purpose(text.purpose), language="en", version=text.version, now=now)
    return token


def main() -> None:
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # or the server would stay behind
    prepare()
    from geooffers.rounds.demo.processes import free_port

    url = f"http://127.0.0.1:{free_port(8200)}"
    server = serve(url)
    paths = {"(a) empty endpoint": "/peers/empty", "(b) one SELECT": "/peers/one-select", "report": "/api/v1/positions"}
    try:
        client = Client(url, [Phone(token=register_phone()) for _ in range(PHONES)])
        for path in paths.values():  # a round to warm up; after it every phone has said where it is
            client.seconds(path, PHONES, 1)
        taken: dict[str, list[float]] = {name: [] for name in paths}
        for _ in range(ROUNDS):
            for name, path in paths.items():
                taken[name].append(client.seconds(path, CALLS, 1))
    finally:
        server.terminate()
        server.wait(timeout=15)
    medians = {name: statistics.median(values) for name, values in taken.items()}
    print(f"{'':22}{'µs a call':>12}{'calls/s':>10}{'of (a)':>9}{'of (b)':>9}")
    for name, median in medians.items():
        of = [medians[peer] / median for peer in list(paths)[:2]]
        print(f"{name:22}{median * 1e6:12.0f}{1 / median:10.0f}{of[0]:9.2f}{of[1]:9.2f}")


if __name__ == "__main__":
    main()
