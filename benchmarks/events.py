"""What an event costs who appends it, and how fast a follower reads: `python benchmarks/events.py`.

On an SQLite file under var/bench. `python benchmarks/events.py postgresql` starts a cluster of its own, for a follower
waits for the transactions of all databases of a cluster.

The kinds of transactions are played in turn, so that a busy machine slows all of them: an insert of a row (what a visit
or a coupon writes) by itself, and the same with one event, or ten, appended. The ratio is what an event adds.
"""

import os
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
BENCH_DIR = ROOT / "var" / "bench"
TURNS, TRANSACTIONS = 15, 200
TO_READ = 20_000


def main() -> None:
    os.environ["GEOOFFERS_SANDBOX"], os.environ["DJANGO_SETTINGS_MODULE"] = "1", "geooffers.settings"
    if "postgresql" in sys.argv:
        from tests.running_postgresql import RunningPostgresql, programs

        found = programs()
        assert found is not None, "no initdb and no pg_ctl"
        cluster = RunningPostgresql(found)
        try:
            _measure(cluster.url())
        finally:
            cluster.close()
    else:
        shutil.rmtree(BENCH_DIR, ignore_errors=True)
        BENCH_DIR.mkdir(parents=True)
        _measure(f"sqlite:///{BENCH_DIR / 'events.sqlite3'}")


def _measure(url: str) -> None:
    os.environ["DATABASE_URL"] = url
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", "events", verbosity=0)
    print(f"{connection.vendor}, {TURNS} turns of {TRANSACTIONS} transactions")
    _appending()
    _following()
    connection.close()


def _appending() -> None:
    from django.db import transaction

    from geooffers import events
    from geooffers.events.models import EventCount

    now = datetime.now(UTC)
    one = events.Happened(kind=events.EventKind.COUPON_ISSUED, at=now, shopper_id=uuid4(), coupon_id=uuid4())
    number = iter(range(10**9))

    def insert(*happened: events.Happened) -> None:
        with transaction.atomic():
            EventCount(kind=f"b{next(number)}", hour=now).save(force_insert=True)
            if happened:
                events.append(*happened)

    ways: dict[str, Callable[[], None]] = {
        "an insert alone": insert,
        "and one event": lambda: insert(one),
        "and ten events": lambda: insert(*[one] * 10),
    }
    turns: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(TURNS):
        for name, way in ways.items():
            turns[name].append(_seconds(way))
    alone = turns["an insert alone"]
    for name, seconds in turns.items():
        ratios = sorted(each / base for each, base in zip(seconds, alone, strict=True))
        added = statistics.median(each - base for each, base in zip(seconds, alone, strict=True))
        print(
            f"  {name:16} {1e6 * statistics.median(seconds) / TRANSACTIONS:7.0f} us a transaction, "
            f"{1e6 * added / TRANSACTIONS:+6.0f} us, ratio {statistics.median(ratios):.2f} "
            f"({ratios[1]:.2f} to {ratios[-2]:.2f})"
        )


def _seconds(way: Callable[[], None]) -> float:
    began = time.perf_counter()
    for _ in range(TRANSACTIONS):
        way()
    return time.perf_counter() - began


def _following() -> None:
    from django.db import transaction

    from geooffers import events
    from geooffers.events import counting, following
    from geooffers.events.following import Follower
    from geooffers.events.horizon import Horizon
    from geooffers.events.models import Event

    Event.objects.all().delete()
    now = datetime.now(UTC)
    for _ in range(TO_READ // 1_000):
        with transaction.atomic():
            events.append(
                *[events.Happened(kind=events.EventKind.COUPON_SEEN, at=now, shopper_id=uuid4(), coupon_id=uuid4())]
                * 1_000
            )
    horizon = Horizon()
    began = time.perf_counter()
    last = Event.objects.latest("pk").pk
    while horizon.look(now=now) < last:
        pass
    print(f"  a look at the horizon until all could be read: {1e3 * (time.perf_counter() - began):.1f} ms")

    def nothing(found: Sequence[Event], /) -> None:
        pass

    for name, handle in (("reads only", nothing), ("the figures", counting.count)):
        following.prepare(names=[name])
        lease = following.take(name=name, holder="bench")
        assert lease is not None
        follower = Follower(name=name, handle=handle)
        began, read = time.perf_counter(), 0
        while more := following.deliver(follower=follower, lease=lease, horizon=horizon):
            read += more
        print(f"  {name:16} {read / (time.perf_counter() - began):7.0f} events a second")


if __name__ == "__main__":
    main()
