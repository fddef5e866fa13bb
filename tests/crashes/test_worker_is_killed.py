"""kill -9 of a worker at each step between claim and settle, then a new one: nothing is lost, nothing stays stuck
past its lease, and no phone shows a second notification.

The worker has no hooks for this. It is held where we want it from outside: the sandbox withholds an answer, or a lock
in the database holds the statement; then it is killed.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, transaction

from notifications.channels import fcm
from notifications.messages import owing
from notifications.models import Delivery, DeliveryState, Kind
from notifications.sandbox.keys import load_keys
from tests.cast import make_coupon, make_device, make_offer, make_store
from tests.crashes.worker_process import WorkerProcess, wait_until
from tests.running_sandbox import RunningSandbox

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.both]


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    """With the keys that `runworker` finds."""
    running = RunningSandbox(load_keys(folder=settings.SANDBOX_DIR))
    yield running
    running.close()


@pytest.fixture
def start(sandbox: RunningSandbox, tmp_path: Path) -> Iterator[Callable[..., WorkerProcess]]:
    started: list[WorkerProcess] = []

    def start(*arguments: str) -> WorkerProcess:
        started.append(WorkerProcess(sandbox, tmp_path / f"worker-{len(started)}.log", *arguments))
        return started[-1]

    yield start
    for worker in started:
        worker.end()


def owe(count: int) -> list[str]:
    """So many phones, each with an open coupon and a push about it. Returns their addresses."""
    now = datetime.now(UTC)
    store = make_store()
    offer = make_offer(store, starts_at=now - timedelta(days=1), ends_at=now + timedelta(days=1))
    for number in range(count):
        phone = make_device(push_address=f"fid-{number}", now=now)
        coupon = make_coupon(offer, shopper=phone.shopper, now=now)
        owing.owe(
            kind=Kind.COUPON_ISSUED,
            shopper=phone.shopper,
            subject=coupon.pk,
            title=coupon.title,
            body=coupon.text,
            expires_at=coupon.expires_at,
            now=now,
        )
    return [f"fid-{number}" for number in range(count)]


def states() -> Counter[str]:
    return Counter(Delivery.objects.values_list("state", flat=True))


def let_the_leases_lapse() -> None:
    Delivery.objects.filter(state=DeliveryState.CLAIMED).update(lease_until=datetime.now(UTC) - timedelta(seconds=1))


def drop_connections_of_the_dead() -> None:
    """A killed process leaves its statement waiting in PostgreSQL; a machine that died would not."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


def a_new_worker_sends_the_rest(start, sandbox, addresses: list[str]) -> Counter[int]:
    """Returns how many phones were reached how often, on the wire; on the screen it must be once."""
    sandbox.order()
    held = states()[DeliveryState.CLAIMED]
    assert start("--once").finish() == 0
    assert states()[DeliveryState.CLAIMED] == held, "a lease that runs is nobody else's"
    let_the_leases_lapse()
    assert start("--once").finish() == 0
    assert states() == {DeliveryState.SENT: len(addresses)}
    drawers = [sandbox.drawer(address) for address in addresses]
    assert [len(drawer) for drawer in drawers] == [1] * len(addresses), "a second notification is on a screen"
    return Counter(drawer[0]["arrivals"] for drawer in drawers)


def test_killed_after_the_claim_and_before_anything_was_sent(start, sandbox):
    """It waits for its access token."""
    addresses = owe(3)
    sandbox.order({"kind": "hang", "endpoint": "token", "times": 100})
    worker = start()
    wait_until(lambda: states()[DeliveryState.CLAIMED] == 3)
    worker.kill()
    assert sandbox.messages() == []
    assert a_new_worker_sends_the_rest(start, sandbox, addresses) == {1: 3}


def test_killed_while_the_message_is_on_its_way(start, sandbox):
    addresses = owe(3)
    sandbox.order({"kind": "hang", "times": 100})
    worker = start()
    wait_until(lambda: sandbox.overview()["requests"] == 3)
    worker.kill()
    assert sandbox.messages() == []
    assert a_new_worker_sends_the_rest(start, sandbox, addresses) == {1: 3}


def test_killed_after_firebase_took_the_message_and_before_it_said_so(start, sandbox):
    addresses = owe(3)
    sandbox.order({"kind": "hang", "times": 100, "accepted": True})
    worker = start()
    wait_until(lambda: len(sandbox.messages()) == 3)
    worker.kill()
    # Sent twice, because nobody can know; shown once, because of the tag.
    assert a_new_worker_sends_the_rest(start, sandbox, addresses) == {2: 3}


@contextmanager
def no_settle_gets_through() -> Iterator[None]:
    """SQLite: we are the writer. PostgreSQL: we hold the rows."""
    with transaction.atomic():
        list(Delivery.objects.select_for_update())
        yield


def test_killed_after_the_answer_and_before_it_was_written_down(start, sandbox):
    addresses = owe(3)
    sandbox.order({"kind": "slow", "times": 100, "seconds": 1.0})
    worker = start()
    wait_until(lambda: states()[DeliveryState.CLAIMED] == 3)
    with no_settle_gets_through():
        wait_until(lambda: len(sandbox.messages()) == 3)
        # The answers are there; the first settle waits for us.
        wait_until(lambda: connection.vendor == "sqlite" or waiting_for_a_lock() == 1)
        worker.kill()
        drop_connections_of_the_dead()
    assert a_new_worker_sends_the_rest(start, sandbox, addresses) == {2: 3}


def waiting_for_a_lock() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # inside a transaction it would show the first look again
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return cursor.fetchone()[0]


def test_killed_in_the_middle_of_a_batch(start, sandbox):
    """Two are settled, one was taken without an answer, three have not begun."""
    addresses = owe(6)
    sandbox.order({"kind": "hang", "times": 100, "skip": 2, "accepted": True})
    worker = start("--connections", "1")
    wait_until(lambda: states()[DeliveryState.SENT] == 2 and len(sandbox.messages()) == 3)
    worker.kill()
    assert states() == {DeliveryState.SENT: 2, DeliveryState.CLAIMED: 4}
    assert a_new_worker_sends_the_rest(start, sandbox, addresses) == {1: 5, 2: 1}


@pytest.mark.usefixtures("requires_postgresql")
def test_killed_inside_the_claim_before_it_committed(start, sandbox):
    addresses = owe(3)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE notifications_delivery IN SHARE MODE")
        worker = start()
        wait_until(lambda: waiting_for_a_lock() == 1)
        worker.kill()
        drop_connections_of_the_dead()
    assert states() == {DeliveryState.READY: 3}
    assert a_new_worker_sends_the_rest(start, sandbox, addresses) == {1: 3}


def test_killed_again_and_again_it_gives_the_message_up_with_a_reason(start, sandbox):
    owe(1)
    Delivery.objects.update(attempts=fcm.LIMITS.max_attempts - 1)
    sandbox.order({"kind": "hang", "times": 100})
    worker = start()
    wait_until(lambda: states()[DeliveryState.CLAIMED] == 1)
    worker.kill()
    let_the_leases_lapse()
    assert start("--once").finish() == 0
    assert (Delivery.objects.get().state, Delivery.objects.get().reason) == (DeliveryState.DEAD, "too_many_attempts")


def test_a_worker_frozen_past_its_lease_changes_nothing_when_it_wakes(start, sandbox):
    (address,) = owe(1)
    sandbox.order({"kind": "slow", "seconds": 1.0})
    frozen = start()
    wait_until(lambda: sandbox.overview()["requests"] == 1)
    frozen.freeze()
    wait_until(lambda: len(sandbox.messages()) == 1)
    let_the_leases_lapse()
    assert start("--once").finish() == 0
    settled = Delivery.objects.get()
    assert (settled.state, settled.lease) == (DeliveryState.SENT, 2)
    frozen.thaw()
    wait_until(lambda: "1 lease_lost" in frozen.said())
    after = Delivery.objects.get()
    assert (after.provider_id, after.settled_at, after.lease) == (settled.provider_id, settled.settled_at, 2)
    (shown,) = sandbox.drawer(address)
    assert (shown["arrivals"], shown["shown"]["name"]) == (2, settled.provider_id)


def test_nothing_is_stuck_past_its_lease_by_the_databases_own_clock(start, sandbox):
    """No hand on the lease here: it is short, and it ends by itself."""
    addresses = owe(2)
    sandbox.order({"kind": "hang", "times": 100})
    worker = start("--timeout-s", "0.5", "--lease-s", "7.5")
    wait_until(lambda: states()[DeliveryState.CLAIMED] == 2)
    worker.kill()
    sandbox.order()
    start("--timeout-s", "0.5", "--lease-s", "7.5")
    wait_until(lambda: states() == {DeliveryState.SENT: len(addresses)}, seconds=7.5 + 10)


def test_asked_to_stop_it_finishes_the_batch_at_hand(start, sandbox):
    addresses = owe(4)
    sandbox.order(latency_s=0.5)
    worker = start("--connections", "2")
    wait_until(lambda: states()[DeliveryState.CLAIMED] == 4)
    assert worker.stop() == 0
    assert states() == {DeliveryState.SENT: len(addresses)}
