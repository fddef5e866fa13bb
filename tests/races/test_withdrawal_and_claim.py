"""A withdrawn or paused consent stops the queued push: no claim commits after a withdrawal or pause that has committed.

Each test runs twice: with the claim as it is, and with the same statement that only joins the consent and does not
lock it. The second one must bite, or the first proves nothing.
"""

import itertools
import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction

from geooffers.shoppers.models import Purpose, Shopper
from geooffers.usecases.privacy.pause_consents import PauseTaken, pause_consents
from geooffers.usecases.privacy.withdraw_consent import withdraw_consent
from notifications.deliveries import claim_statement
from notifications.messages import cancelling, owing
from notifications.models import Delivery, DeliveryState, Kind, Message
from tests.cast import NOON, make_device
from tests.deliveries import claim_pushes

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("requires_postgresql")]

LOCK = ' FOR SHARE OF "shoppers_consentstate" SKIP LOCKED'
Claim = Callable[[], set[UUID]]


def guarded_claim() -> set[UUID]:
    claimed = claim_pushes(now=NOON)
    return {push.id for push in claimed}


def claim_that_only_joins() -> set[UUID]:
    wanted = Delivery.objects.filter(state=DeliveryState.READY)
    statement, parameters = claim_statement.build(wanted=wanted, consent=True, limit=10, lease_s=60, now=NOON)
    assert LOCK in statement
    with connection.cursor() as cursor:
        cursor.execute(statement.replace(LOCK, ""), parameters)
        return {row[0] for row in cursor.fetchall()}


def withdraw(shopper: Shopper) -> None:
    withdraw_consent(device=shopper.devices.get(), purpose=Purpose.MARKETING_PUSH, now=NOON)


def pause(shopper: Shopper) -> None:
    pause_consents(device=shopper.devices.get(), pause=PauseTaken.HOUR, now=NOON)


Stop = Callable[[Shopper], None]
both_stops = pytest.mark.parametrize("stop", [withdraw, pause])


def enqueue(shopper: Shopper) -> None:
    owing.owe(
        kind=Kind.COUPON_ISSUED,
        shopper=shopper,
        subject=uuid4(),
        title="Free cardamom bun",
        expires_at=NOON + timedelta(hours=1),
        now=NOON,
    )


class Side:
    """Something done on another thread with a database connection of its own."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=[work])
        self._thread.start()

    def _run(self, work: Callable[[], None]) -> None:
        try:
            connection.ensure_connection()  # before the start line, or connecting decides every race
            work()
        except BaseException as error:
            self._error = error
        finally:
            connection.close()

    def join(self) -> None:
        self._thread.join(30)
        assert not self._thread.is_alive()
        if self._error:
            raise self._error


def claims_after_the_scripted_stop(claim: Claim, stop: Stop) -> int:
    """It cancels (nothing yet); a visit commits a push; the claim reads; the withdrawal commits; the claim commits."""
    shopper = make_device().shopper
    cancelled, may_commit, withdrawn = threading.Event(), threading.Event(), threading.Event()

    def before_commit() -> None:
        cancelled.set()
        assert may_commit.wait(10)

    def withdrawal() -> None:
        with transaction.atomic():
            stop(shopper)
            before_commit()
        withdrawn.set()

    side = Side(withdrawal)
    assert cancelled.wait(10)
    enqueue(shopper)
    with transaction.atomic():
        taken = claim()
        may_commit.set()
        assert withdrawn.wait(10)
    side.join()
    return len(taken)


@both_stops
def test_a_claim_that_reads_before_the_withdrawal_commits_takes_nothing(stop: Stop):
    assert claims_after_the_scripted_stop(guarded_claim, stop) == 0
    # and what it left is cancelled by the next one
    assert guarded_claim() == set()
    assert set(Delivery.objects.values_list("state", "reason")) == {(DeliveryState.CANCELLED, "no_consent")}


@both_stops
def test_twin_a_claim_that_only_joins_sends_after_the_withdrawal(stop: Stop):
    assert claims_after_the_scripted_stop(claim_that_only_joins, stop) == 1


class Actor:
    """A thread with a connection and, between its two steps, an open transaction of its own."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1)

    def begin(self, work: Callable[[], int]) -> Future[int]:
        def step() -> int:
            self._open = transaction.atomic()
            self._open.__enter__()
            return work()

        return self._thread.submit(step)

    def commit(self) -> "Future[tuple[float, float]]":
        """When the commit began and when it was done."""

        def step() -> tuple[float, float]:
            began = time.monotonic()
            self._open.__exit__(None, None, None)
            return began, time.monotonic()

        return self._thread.submit(step)

    def leave(self) -> None:
        self._thread.submit(lambda: connection.close()).result(10)  # its own, not ours
        self._thread.shutdown()


def wait_until_done_or_locked_out(step: "Future[object]") -> None:
    """The next step of the script may be what a step is waiting for."""
    while not step.done():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0]:
                return
        wait([step], timeout=0.005)


def claims_and_late_ones(claim: Claim, stop: Stop) -> tuple[int, int]:
    """Every order in which a visit, a withdrawal and two claims (each of the three with its commit apart) can meet.

    How many pushes were claimed, and how many of them by a claim that began to commit after the withdrawal had
    committed. Measured so that it never accuses wrongly: the one is noted before its COMMIT, the other after.
    """
    claimed = late = 0
    withdrawing, claiming = Actor(), Actor()
    try:
        for script in sorted(set(itertools.permutations("VWwCcCc"))):
            order = "".join(script)
            if order.find("w") < order.find("W") or not CLAIMS_ALTERNATE.fullmatch(order):
                continue
            taken, late_ones = play(order, claim, stop, withdrawing, claiming)
            claimed += taken
            late += late_ones
    finally:
        withdrawing.leave()
        claiming.leave()
    return claimed, late


CLAIMS_ALTERNATE = re.compile(r"[VWw]*C[VWw]*c[VWw]*C[VWw]*c[VWw]*")


def play(order: str, claim: Claim, stop: Stop, withdrawing: Actor, claiming: Actor) -> tuple[int, int]:
    """V a visit commits its push, W withdraws or pauses and w commits that, C claims and c commits that."""
    shopper = make_device().shopper
    withdrawn: Future[tuple[float, float]] | None = None
    claims: list[tuple[Future[int], Future[tuple[float, float]]]] = []
    for letter in order:
        match letter:
            case "V":
                enqueue(shopper)
            case "W":
                wait_until_done_or_locked_out(withdrawing.begin(lambda: stop(shopper) or 0))
            case "w":
                withdrawn = withdrawing.commit()
                wait_until_done_or_locked_out(withdrawn)
            case "C":
                taken = claiming.begin(lambda: len(claim()))
                wait_until_done_or_locked_out(taken)
            case "c":
                committed = claiming.commit()
                wait_until_done_or_locked_out(committed)
                claims.append((taken, committed))
    assert withdrawn is not None
    _, withdrawn_at = withdrawn.result(30)
    late = sum(taken.result(30) for taken, committed in claims if committed.result(30)[0] > withdrawn_at)
    Message.objects.all().delete()
    return sum(taken.result(30) for taken, _ in claims), late


@both_stops
def test_no_claim_commits_after_a_committed_withdrawal_in_any_order(stop: Stop):
    claimed, late = claims_and_late_ones(guarded_claim, stop)
    assert claimed > 0, "nothing was ever claimed: the scripts do not meet"
    assert late == 0


@both_stops
def test_twin_without_the_lock_claims_do_commit_after_the_withdrawal(stop: Stop):
    claimed, late = claims_and_late_ones(claim_that_only_joins, stop)
    assert 0 < late < claimed


def test_a_withdrawal_waits_for_a_claim_that_was_first_and_never_blocks_a_claim():
    shopper = make_device().shopper
    enqueue(shopper)
    done = threading.Event()

    def withdrawal() -> None:
        withdraw(shopper)
        done.set()

    with transaction.atomic():
        assert len(guarded_claim()) == 1
        side = Side(withdrawal)
        assert not done.wait(0.3)
    side.join()
    assert Delivery.objects.get().state == DeliveryState.CLAIMED


def test_two_workers_never_take_the_same_push():
    shoppers = [make_device().shopper for _ in range(3)]
    for shopper in shoppers:
        for _ in range(40):
            enqueue(shopper)
    taken: list[set[UUID]] = []
    start = threading.Barrier(4)

    def worker() -> None:
        start.wait(10)
        mine: set[UUID] = set()
        while batch := guarded_claim():
            mine |= batch
        taken.append(mine)

    for side in [Side(worker) for _ in range(4)]:
        side.join()
    assert sum(len(mine) for mine in taken) == 120
    assert len(set().union(*taken)) == 120
    assert set(Delivery.objects.values_list("lease", flat=True)) == {1}


def test_withdrawal_and_redemption_cancel_the_same_pushes_without_waiting_in_a_circle():
    """Each finds the rows by another index: unordered, they would lock them crosswise."""
    shopper = make_device().shopper
    for _ in range(9):
        make_device(shopper)
    for _ in range(15):
        subject = uuid4()
        for sequel in (NOON, NOON + timedelta(seconds=1)):
            owing.owe(
                kind=Kind.COUPON_ISSUED, shopper=shopper, subject=subject, title="Bun", expires_at=sequel, now=NOON
            )
        start = threading.Barrier(2)

        def withdrawal(start=start) -> None:
            start.wait(10)
            cancelling.cancel_marketing(shopper=shopper, reason="consent_withdrawn", now=NOON)

        def redemption(start=start, subject=subject) -> None:
            start.wait(10)
            cancelling.cancel_subject(subject=subject, reason="redeemed", now=NOON)

        for side in [Side(withdrawal), Side(redemption)]:
            side.join()
        assert not Delivery.objects.filter(message__subject=subject, state=DeliveryState.READY).exists()
