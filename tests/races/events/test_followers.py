"""Sixteen writers whose commits are delayed at random; followers read meanwhile, and one is killed again and again.

Each follower sees every event once, and no effect before its cause. Two twins follow the same events by what one would
do first: by the number alone, which loses some, and by transaction id, which turns cause and effect round.

Drawn from a seed that is printed: RACE_SEED=… plays it again, RACE_EVENTS=… as many events (`make soak`).
"""

import os
import queue
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import connection, connections, transaction

from geooffers import events
from geooffers.events import EventKind, Happened, appending, following
from geooffers.events.following import Follower
from geooffers.events.horizon import Horizon
from geooffers.events.models import Event, EventFollower
from tests.cast import NOON
from tests.crashes.worker_process import wait_until
from tests.races.events.follower_process import FollowerProcess
from tests.races.events.seeing import POLL_S, follow_for_ever, see, seen_by

pytestmark = pytest.mark.both

EVENTS = int(os.environ.get("RACE_EVENTS", "2000"))
SEED = os.environ["RACE_SEED"]  # tests/conftest.py draws one, and says which
WRITERS = 16
CAUSE, EFFECT = EventKind.COUPON_ISSUED, EventKind.COUPON_REDEEMED


@dataclass(kw_only=True)
class Story:
    """Half of the writers issue coupons; the others redeem those of which they have read that they are committed."""

    issued: "queue.Queue[UUID | None]" = field(default_factory=queue.Queue)
    over: threading.Event = field(default_factory=threading.Event)

    def issue(self, number: int, *, coupons: int) -> None:
        luck = random.Random(f"{SEED} issue {number}")
        while coupons:
            coupon = uuid4()
            if self._write(CAUSE, coupon, luck=luck):
                self.issued.put(coupon)
                coupons -= 1

    def redeem(self, number: int) -> None:
        """On PostgreSQL the transaction has begun, and has its id, before the coupon is there that it redeems."""
        luck = random.Random(f"{SEED} redeem {number}")
        early = connection.vendor == "postgresql"
        while True:
            if not early:
                if (coupon := self.issued.get()) is None:
                    return
                while not self._write(EFFECT, coupon, luck=luck):
                    pass
                continue
            with transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_current_xact_id()")
                if (coupon := self.issued.get()) is None:
                    return
                _append(EFFECT, coupon)
                _dawdle(luck)

    def _write(self, kind: EventKind, coupon: UUID, *, luck: random.Random) -> bool:
        """One in ten is rolled back, and its number is nobody's."""
        with transaction.atomic():
            _append(kind, coupon)
            _dawdle(luck)
            lost = luck.random() < 0.1
            transaction.set_rollback(lost)
        return not lost

    def play(self) -> None:
        writers = [partial(self.issue, number, coupons=events_of() // WRITERS) for number in range(WRITERS // 2)]
        with Threads() as issuing, Threads() as redeeming:
            for number in range(WRITERS - len(writers)):
                redeeming.start(partial(self.redeem, number))
            for writer in writers:
                issuing.start(writer)
            issuing.join()
            for _ in range(WRITERS - len(writers)):
                self.issued.put(None)
            redeeming.join()
        self.over.set()


def events_of() -> int:
    """SQLite's writers wait for each other, and there is less to go wrong."""
    return EVENTS if connection.vendor == "postgresql" else EVENTS // 5


def _append(kind: EventKind, coupon: UUID) -> None:
    events.append(Happened(kind=kind, at=NOON, coupon_id=coupon))


def _dawdle(luck: random.Random) -> None:
    """Most commits follow soon, some late."""
    time.sleep(luck.expovariate(1 / 0.002) if luck.random() < 0.9 else luck.uniform(0.01, 0.05))


class Threads:
    """Each with a connection of its own, closed at its end; whatever fails in one fails the test."""

    def __enter__(self) -> "Threads":
        self._pool, self._running = ThreadPoolExecutor(WRITERS), list[Future[None]]()
        return self

    def start(self, work: Callable[[], None]) -> None:
        self._running.append(self._pool.submit(self._and_close, work))

    def join(self) -> None:
        for one in self._running:
            one.result()

    def __exit__(self, *failure: object) -> None:
        self._pool.shutdown()
        self.join()

    @staticmethod
    def _and_close(work: Callable[[], None]) -> None:
        try:
            work()
        finally:
            connections.close_all()


# -- the twins


class BySnapshotsXmax(Horizon):
    """Takes the snapshot's xmax for higher than every xid that is running."""

    @staticmethod
    def _later_xid() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
            return cursor.fetchone()[0]


class ByNumberAlone(Horizon):
    """What is there with the highest number is taken for the end of what is there."""

    def look(self, *, now: object) -> int:
        self.number = Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        return self.number


def follow_by_transaction_id(name: str, *, until: Callable[[], bool]) -> None:
    """In the order of transactions' ids, each when none below it is running any more: complete, but not causal."""
    last = 0
    while not until():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT id, xmin::text::bigint FROM events_event WHERE xmin::text::bigint > %s"
                " AND xmin::text::bigint < pg_snapshot_xmin(pg_current_snapshot())::text::bigint ORDER BY 2, 1",
                [last],
            )
            rows = cursor.fetchall()
            cursor.executemany("INSERT INTO seen (follower, number) VALUES (%s, %s)", [(name, row[0]) for row in rows])
        last = max((row[1] for row in rows), default=last)
        time.sleep(POLL_S)


# -- what must hold


def effects_before_causes(seen: Sequence[int]) -> list[UUID]:
    told = {number: (kind, coupon) for number, kind, coupon in Event.objects.values_list("pk", "kind", "coupon_id")}
    issued, wrong = set(), []
    for number in seen:
        kind, coupon = told[number]
        if kind == CAUSE:
            issued.add(coupon)
        elif coupon not in issued:
            wrong.append(coupon)
    return wrong


def has_read(more: int, story: Story) -> bool:
    return len(seen_by("killed")) > more or story.over.is_set()


def is_through(name: str, last: int) -> bool:
    return EventFollower.objects.filter(name=name, delivered__gte=last).exists()


@pytest.fixture
def killed(place: str, log: Path) -> Iterator[FollowerProcess]:
    process = FollowerProcess("killed", url=place, log=log)
    yield process
    process.end()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_each_follower_sees_every_event_once_and_no_effect_before_its_cause(killed: FollowerProcess) -> None:
    story, luck, done = Story(), random.Random(SEED), threading.Event()
    names = {"steady": None} | ({"by number": ByNumberAlone()} if connection.vendor == "postgresql" else {})
    killed.start()
    wait_until(lambda: EventFollower.objects.filter(name="killed").exists())
    with Threads() as followers:
        try:
            for name, horizon in names.items():
                follower = Follower(name=name, handle=partial(see, name))
                follow = partial(follow_for_ever, follower, holder=name, clock=lambda: NOON, horizon=horizon)
                followers.start(partial(follow, until=done.is_set))
            if connection.vendor == "postgresql":
                followers.start(partial(follow_by_transaction_id, "by transaction", until=done.is_set))
            with Threads() as writers:
                writers.start(story.play)
                for _ in range(3):
                    read = len(seen_by("killed"))
                    wait_until(partial(has_read, read + luck.randrange(50), story))
                    killed.kill()
                    killed.start()
            written = list(Event.objects.order_by("pk").values_list("pk", flat=True))
            assert len(written) == events_of() // WRITERS * WRITERS
            for name in ("steady", "killed"):
                wait_until(partial(is_through, name, written[-1]))
        finally:
            done.set()
    for name in ("steady", "killed"):
        seen = seen_by(name)
        assert seen == written, f"{name}: every event once, in order"
        assert effects_before_causes(seen) == []
    if connection.vendor == "postgresql":
        lost = set(written) - set(seen_by("by number"))
        assert lost, "by number alone some are lost, or this test shows nothing"
        assert effects_before_causes(seen_by("by transaction")), "by transaction id effects come before causes"


# -- the same in slow motion, on a cluster of its own


@pytest.fixture
def other(own_cluster: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(own_cluster) as connected:
        yield connected


ONE = [["coupon_seen"], [NOON], *([None] for _ in range(6))]


def append_by(other: psycopg.Connection, statement: str = appending._POSTGRESQL) -> None:
    other.execute(statement, ONE)


def append_here() -> int:
    with transaction.atomic():
        events.append(Happened(kind=EventKind.COUPON_SEEN, at=NOON))
    return Event.objects.latest("pk").pk


def test_what_is_not_committed_holds_up_what_came_later(other: psycopg.Connection) -> None:
    horizon = Horizon()
    append_by(other)
    later = append_here()
    assert horizon.look(now=NOON) == 0
    other.commit()
    assert horizon.look(now=NOON) == later
    assert Event.objects.filter(pk__lte=later).count() == 2


@pytest.mark.parametrize("horizon", [Horizon(), BySnapshotsXmax()], ids=["xid of our own", "twin"])
def test_also_the_newest_of_all_transactions_holds_up(other: psycopg.Connection, horizon: Horizon) -> None:
    """No xid above it is over yet, so the snapshot's xmax is its own xid. The twin goes past its number."""
    append_by(other)
    passed = horizon.look(now=NOON)
    assert passed == (1 if isinstance(horizon, BySnapshotsXmax) else 0)
    other.commit()
    assert horizon.look(now=NOON) == 1


def test_a_transaction_that_begins_after_the_note_is_not_waited_for(other: psycopg.Connection) -> None:
    horizon = Horizon()
    append_by(other)
    assert horizon.look(now=NOON) == 0
    with psycopg.connect(other.info.dsn) as late:
        append_by(late)
        other.commit()
        assert horizon.look(now=NOON) == 1, "up to what was noted, whoever has begun since"


def test_a_transaction_in_another_database_of_the_cluster_holds_up_too(other: psycopg.Connection, cluster) -> None:
    horizon = Horizon()
    with psycopg.connect(cluster.url()) as elsewhere:
        elsewhere.execute("SELECT pg_current_xact_id()")
        number = append_here()
        assert horizon.look(now=NOON) == 0
    assert horizon.look(now=NOON) == number


@pytest.mark.parametrize("gated", [True, False])
def test_who_has_taken_a_number_is_seen_running_before_its_row_is_there(other: psycopg.Connection, gated: bool) -> None:
    """A trigger holds the writer between the sequence and the table. Without the gate in the statement (the twin) its
    transaction has no id yet, no snapshot shows it, and the follower goes past its number: the event is lost.

    Number 2, for with its first number, and each thirty-second after it, the sequence writes to the log, which needs an
    id in any case."""
    horizon = Horizon()
    assert append_here() == horizon.look(now=NOON) == 1
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION waits() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN PERFORM pg_advisory_xact_lock_shared(7); RETURN NEW; END $$"
        )
        cursor.execute("CREATE TRIGGER waits BEFORE INSERT ON events_event FOR EACH ROW EXECUTE FUNCTION waits()")
    statement = appending._POSTGRESQL
    if not gated:
        statement = statement.removesuffix(" WHERE pg_current_xact_id() IS NOT NULL")
        assert statement != appending._POSTGRESQL
    with psycopg.connect(other.info.dsn) as holds, Threads() as threads:
        holds.execute("SELECT pg_advisory_xact_lock(7)")
        threads.start(partial(_append_and_commit, other, statement))
        wait_until(partial(_has_a_lock_waiting, holds))
        passed = horizon.look(now=NOON)
        holds.rollback()
    assert passed == (1 if gated else 2), "the twin goes past it"
    assert Event.objects.filter(pk=2).exists(), "it came after all"
    assert horizon.look(now=NOON) == 2


def _append_and_commit(other: psycopg.Connection, statement: str) -> None:
    append_by(other, statement)
    other.commit()


def _has_a_lock_waiting(by: psycopg.Connection) -> bool:
    row = by.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone()
    return row is not None and row[0] == 1


def test_a_number_kept_back_by_a_session_would_be_used_late(other: psycopg.Connection) -> None:
    """Why the sequence has no cache: the twin of the check in tests/integration/events/test_appending.py."""
    other.execute("ALTER SEQUENCE events_event_id_seq CACHE 10")
    other.commit()
    append_by(other)
    other.commit()
    horizon = Horizon()
    passed = horizon.look(now=NOON)
    append_by(other)
    other.commit()
    assert passed == 10
    assert list(Event.objects.filter(pk__gt=1).values_list("pk", flat=True)) == [2], "below what was passed"


def test_a_follower_that_died_in_its_transaction_has_done_nothing(own_cluster: str) -> None:
    number = append_here()
    horizon = Horizon()
    assert horizon.look(now=NOON) == number
    following.prepare(names=["dies"])
    lease = following.take(name="dies", holder="it")
    assert lease is not None

    def die(found: Sequence[Event], /) -> None:
        see("dies", found)
        raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        following.deliver(follower=Follower(name="dies", handle=die), lease=lease, horizon=horizon)
    assert seen_by("dies") == []
    survivor = Follower(name="dies", handle=partial(see, "dies"))
    assert following.deliver(follower=survivor, lease=lease, horizon=horizon) == 1
    assert seen_by("dies") == [number]
