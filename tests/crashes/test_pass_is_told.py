"""kill -9 and SIGSTOP of a worker that tells Google of a changed pass: it is told again, and the last word is right.

As in `test_worker_is_killed`, the worker is held from outside: by the sandbox, or by a lock in the database.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection

from geooffers.coupons import keyring
from geooffers.coupons.models import Coupon
from geooffers.usecases.passes.make_save_link import make_save_link
from geooffers.usecases.till.redeem_coupon import redeem_coupon
from merchants.people.access import Scanner
from notifications.models import Channel, Delivery, DeliveryState
from notifications.sandbox.keys import load_keys
from tests.cast import make_coupon, make_offer, make_shopper, make_staff, make_store
from tests.crashes.test_worker_is_killed import drop_connections_of_the_dead, no_settle_gets_through, waiting_for_a_lock
from tests.crashes.worker_process import WorkerProcess, wait_until
from tests.running_sandbox import RunningSandbox

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.both]

SLOW = {"endpoint": "wallet", "kind": "slow", "seconds": 1.0}


@pytest.fixture
def sandbox(settings) -> Iterator[RunningSandbox]:
    """With the keys that `runworker` finds."""
    running = RunningSandbox(load_keys(folder=settings.SANDBOX_DIR))
    settings.SANDBOX_URL = running.url
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


def save() -> Coupon:
    """A coupon in Google's wallet."""
    now = datetime.now(UTC)
    store = make_store()
    offer = make_offer(store, starts_at=now - timedelta(days=1), ends_at=now + timedelta(days=1))
    coupon = make_coupon(offer, shopper=make_shopper(), now=now)
    make_save_link(shopper=coupon.shopper, coupon_id=coupon.pk, now=now)
    return coupon


def redeem(coupon: Coupon) -> None:
    redeem_coupon(
        text=str(keyring.code_of(coupon)),
        scanned_by=Scanner(staff_member=make_staff(coupon.offer.merchant.stores.get())),
        store_id=None,
        nonce="scan-1",
        now=datetime.now(UTC),
    )


def the_update() -> Delivery:
    return Delivery.objects.get(channel=Channel.GOOGLE_WALLET)


def let_the_lease_lapse() -> None:
    Delivery.objects.filter(state=DeliveryState.CLAIMED).update(lease_until=datetime.now(UTC) - timedelta(seconds=1))


def test_killed_after_google_took_it_and_before_it_was_written_down(start, sandbox):
    redeem(save())
    sandbox.order(SLOW)
    worker = start()
    wait_until(lambda: the_update().state == DeliveryState.CLAIMED)
    with no_settle_gets_through():
        wait_until(lambda: sandbox.states_told()[-1] == "COMPLETED")
        wait_until(lambda: connection.vendor == "sqlite" or waiting_for_a_lock() == 1)
        worker.kill()
        drop_connections_of_the_dead()
    assert the_update().state == DeliveryState.CLAIMED
    let_the_lease_lapse()
    assert start("--once").finish() == 0
    assert (the_update().state, the_update().lease) == (DeliveryState.SENT, 2)
    assert sandbox.states_told() == ["ACTIVE", "COMPLETED", "COMPLETED"]


def test_killed_while_google_takes_its_time(start, sandbox):
    redeem(save())
    sandbox.order({"endpoint": "wallet", "kind": "hang", "times": 9})
    worker = start()
    wait_until(lambda: sandbox.overview()["faults_left"] == 8)
    worker.kill()
    sandbox.order()
    let_the_lease_lapse()
    assert start("--once").finish() == 0
    assert the_update().state == DeliveryState.SENT
    assert sandbox.states_told() == ["ACTIVE", "COMPLETED"]


def test_a_worker_frozen_past_its_lease_does_not_have_the_last_word(start, sandbox):
    """It renders a pass that can be used, and freezes. The till honours the coupon, another worker tells so, and then
    what the first one has sent arrives."""
    coupon = save()
    Delivery.objects.update(state=DeliveryState.READY, settled_at=None)
    sandbox.order({"endpoint": "wallet", "kind": "held"})
    frozen = start()
    wait_until(lambda: sandbox.overview()["faults_left"] == 0)
    frozen.freeze()
    redeem(coupon)
    let_the_lease_lapse()
    assert start("--once").finish() == 0
    assert the_update().state == DeliveryState.SENT
    sandbox.order()
    wait_until(lambda: sandbox.states_told() == ["ACTIVE", "COMPLETED", "ACTIVE"])
    frozen.thaw()
    wait_until(lambda: "1 lease_lost" in frozen.said())
    wait_until(lambda: sandbox.states_told()[-1] == "COMPLETED" and the_update().state == DeliveryState.SENT)
    (held,) = sandbox.passes().values()
    assert (held["state"], "barcode" in held) == ("COMPLETED", False)
