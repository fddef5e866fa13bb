"""A worker's parts do not wait for each other, and a task that takes too long is seen and never runs twice at once."""

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from django.db import transaction
from django.db.models.functions import Now

from geooffers import events
from geooffers.events import EventKind, Happened, counting
from geooffers.events.models import EventCount
from geooffers.worker import leases, runner, running
from geooffers.worker.models import TaskLease
from geooffers.worker.runner import Part, Worker
from geooffers.worker.running import BATCH, Tasks
from geooffers.worker.timetable import FOLLOWERS, Task
from notifications.channels import fcm
from notifications.models import Delivery, DeliveryState
from tests.crashes.worker_process import wait_until
from tests.integration.conftest import SOON
from tests.races.events.test_followers import Threads
from tests.running_sandbox import RunningSandbox

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]


class Held:
    """A task that goes on until the test lets it go: one of a minute, or of an hour."""

    def __init__(self, does: int = 0) -> None:
        self._does = does
        self.began, self.let_go = threading.Event(), threading.Event()
        self.runs = 0
        self.sent_when_it_ended: int | None = None  # of its first run

    def __call__(self, *, now: datetime, limit: int) -> int:
        self.runs += 1
        self.began.set()
        assert self.let_go.wait(60)
        if self.sent_when_it_ended is None:
            self.sent_when_it_ended = Delivery.objects.filter(state=DeliveryState.SENT).count()
        return self._does


@pytest.fixture
def held() -> Iterator[Held]:
    task = Held()
    yield task
    task.let_go.set()


class OnTheSendersThread(Worker):
    """The twin: as it was once."""

    def _send(self, what: str) -> float:
        self._run_task()
        return super()._send(what)


def make(
    sandbox: RunningSandbox,
    *tasks: Task,
    kind: type[Worker] = Worker,
    followers=(),
    stop: threading.Event | None = None,
) -> Worker:
    return kind(
        transport=sandbox.transport(),
        clock=lambda: SOON,
        stop=threading.Event(),
        batch=10,
        connections=2,
        lease_s=fcm.LIMITS.lease_s,
        tasks=tasks,
        followers=followers,
    )


def task(run: Callable[..., int], *, name: str = "long") -> Task:
    return Task(name=name, every_s=0.01, run=run)


def run(threads: Threads, one: Worker, **options) -> None:
    threads.start(lambda: one.run(poll_s=0.01, **options))


def is_sent() -> bool:
    return Delivery.objects.get().state == DeliveryState.SENT


def test_a_due_push_leaves_while_a_task_goes_on(sandbox: RunningSandbox, held: Held, request) -> None:
    one = make(sandbox, task(held))
    with Threads() as threads:
        run(threads, one)
        try:
            assert held.began.wait(60)
            request.getfixturevalue("announced")
            wait_until(is_sent)
            assert one.tasks.names_running() == ["long"]
        finally:
            held.let_go.set()
            one._stop.set()
    assert held.sent_when_it_ended == 1


def test_on_the_senders_own_thread_it_would_not_leave(sandbox: RunningSandbox, held: Held, request) -> None:
    one = make(sandbox, task(held), kind=OnTheSendersThread)
    with Threads() as threads:
        run(threads, one, parts={Part.SEND})
        try:
            assert held.began.wait(60)
            request.getfixturevalue("announced")
            assert not threading.Event().wait(0.5)
        finally:
            held.let_go.set()
            wait_until(is_sent)
            one._stop.set()
    assert held.sent_when_it_ended == 0


def test_another_task_goes_on_beside_it(sandbox: RunningSandbox, held: Held) -> None:
    done = threading.Event()

    def quick(*, now: datetime, limit: int) -> int:
        done.set()
        return 0

    one = make(sandbox, task(held), task(quick, name="quick"))
    with Threads() as threads:
        run(threads, one, parts={Part.TASKS})
        assert held.began.wait(60)
        done.clear()
        assert done.wait(60)
        held.let_go.set()
        one._stop.set()


def test_what_happens_is_followed_by_the_worker(sandbox: RunningSandbox) -> None:
    with transaction.atomic():
        events.append(Happened(kind=EventKind.COUPON_REDEEMED, at=SOON))
    one = make(sandbox, followers=FOLLOWERS)
    with Threads() as threads:
        run(threads, one, parts={Part.FOLLOW})
        try:
            wait_until(lambda: EventCount.objects.filter(kind="coupon_redeemed", count=1).exists())
        finally:
            one._stop.set()
    assert counting.NAME in {each.name for each in FOLLOWERS}


def test_a_worker_with_a_part_that_broke_stops_and_says_so(sandbox: RunningSandbox, held: Held, caplog) -> None:
    class Broken(Worker):
        def _send(self, what: str) -> float:
            raise ZeroDivisionError

    held.let_go.set()
    one = make(sandbox, task(held), kind=Broken)
    assert one.run(poll_s=0.01) is False
    assert "ZeroDivisionError" in caplog.text


def test_a_task_that_hangs_does_not_keep_the_worker_from_stopping(
    sandbox: RunningSandbox, held: Held, monkeypatch, caplog
) -> None:
    monkeypatch.setattr(runner, "TASKS_STOP_WITHIN_S", 0.0)
    one = make(sandbox, task(held))
    with Threads() as threads:
        run(threads, one)
        assert held.began.wait(60)
        one._stop.set()
    assert "the task long has not ended" in caplog.text
    held.let_go.set()
    wait_until(lambda: one.tasks.names_running() == [])


# -- a task that outlasts its lease


@pytest.fixture
def two() -> tuple[Tasks, Tasks]:
    """The tasks of two workers. Leases end here by the test's hand."""
    leases.prepare(names=["long"])
    first, second = (
        Tasks((), holder=name, clock=lambda: SOON, stop=threading.Event(), lease_s=60) for name in ("first", "second")
    )
    return first, second


def test_it_keeps_its_lease_while_its_process_lives_and_is_seen_once(two, held: Held, caplog) -> None:
    first, second = two
    with Threads() as threads:
        threads.start(lambda: first.run(task(held), every_s=0))
        assert held.began.wait(60)
        first._running["long"].began -= 61
        TaskLease.objects.update(until=Now() + timedelta(seconds=1))
        first.renew()
        first.renew()
        assert TaskLease.objects.filter(until__gt=Now() + timedelta(seconds=30), overruns=1).exists()
        second.run(task(held), every_s=0)
        held.let_go.set()
    assert held.runs == 1
    assert caplog.text.count("longer than its lease") == 1
    row = TaskLease.objects.get()
    assert (row.until, row.started_at, row.overran_at is None) == (None, None, False)


def test_what_was_taken_over_ends_with_the_batch_at_hand_and_settles_nothing(two, caplog) -> None:
    """The process stood still for longer than its lease. It finds out, and begins no other batch."""
    first, second = two
    slept, quick = Held(does=BATCH), Held()
    quick.let_go.set()
    with Threads() as threads:
        threads.start(lambda: first.run(task(slept), every_s=0))
        assert slept.began.wait(60)
        TaskLease.objects.update(until=Now() - timedelta(seconds=1))
        second.run(task(quick), every_s=0)
        assert "was not given back by first; taken over" in caplog.text
        after = TaskLease.objects.values().get()
        first.renew()
        assert "runs here while another worker has taken it over" in caplog.text
        slept.let_go.set()
    assert (slept.runs, quick.runs) == (1, 1)
    assert "ended after another worker had taken it over" in caplog.text
    assert TaskLease.objects.values().get() == after


def test_unless_it_was_taken_over_it_goes_on_while_there_is_more(two) -> None:
    """The twin: it is the loss of the lease that ends it."""
    first, _ = two
    left = iter([BATCH, BATCH, 0])
    first.run(task(lambda *, now, limit: next(left)), every_s=0)
    assert next(left, None) is None
    assert TaskLease.objects.get().done_at is not None
    assert running.LEASE_S == 300
