"""A withdrawn consent stops the queued push: no claim commits after a withdrawal that has committed.

Each test runs twice: with the claim as it is, and with the same statement that only joins the consent and does not
lock it. The second one must bite, or the first proves nothing.
"""

import random
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.db.models import Q

from geooffers.shoppers.models import ConsentState, Purpose, Shopper
from notifications import claim_statement, outbox
from notifications.models import Kind, Push, PushState
from tests.cast import NOON, make_device

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("requires_postgresql")]

LOCK = " FOR SHARE OF consent SKIP LOCKED"
ROUNDS = 60
Claim = Callable[[], set[UUID]]


def guarded_claim() -> set[UUID]:
    claimed = outbox.claim(now=NOON, limit=10, lease_s=60, guards={Kind.COUPON_ISSUED: Q(pk__isnull=False)})
    return {push.id for push in claimed}


def claim_that_only_joins() -> set[UUID]:
    wanted = Push.objects.filter(state=PushState.READY, kind=Kind.COUPON_ISSUED)
    statement, parameters = claim_statement.build(wanted=wanted, consent=True, limit=10, lease_s=60)
    assert LOCK in statement
    with connection.cursor() as cursor:
        cursor.execute(statement.replace(LOCK, ""), parameters)
        return {row[0] for row in cursor.fetchall()}


def withdraw(shopper: Shopper, *, before_commit: Callable[[], None]) -> None:
    """What the use case does about pushes: lock the state, change it, cancel what is queued; one transaction."""
    with transaction.atomic():
        state = ConsentState.objects.select_for_update().get(shopper=shopper, purpose=Purpose.MARKETING_PUSH)
        state.given = False
        state.save(update_fields=["given"])
        outbox.cancel_marketing(shopper=shopper, reason="consent_withdrawn", now=NOON)
        before_commit()


def enqueue(shopper: Shopper) -> None:
    outbox.enqueue(
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


def claims_after_the_scripted_withdrawal(claim: Claim) -> int:
    """Withdrawal cancels (nothing yet); a visit commits a push; claim reads; withdrawal commits; claim commits."""
    shopper = make_device().shopper
    cancelled, may_commit, withdrawn = threading.Event(), threading.Event(), threading.Event()

    def before_commit() -> None:
        cancelled.set()
        assert may_commit.wait(10)

    def withdrawal() -> None:
        withdraw(shopper, before_commit=before_commit)
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


def test_a_claim_that_reads_before_the_withdrawal_commits_takes_nothing():
    assert claims_after_the_scripted_withdrawal(guarded_claim) == 0
    # and what it left is cancelled by the next one
    assert guarded_claim() == set()
    assert set(Push.objects.values_list("state", "reason")) == {(PushState.CANCELLED, "no_consent")}


def test_twin_a_claim_that_only_joins_sends_after_the_withdrawal():
    assert claims_after_the_scripted_withdrawal(claim_that_only_joins) == 1


def claims_and_late_ones(claim: Claim, *, seed: int) -> tuple[int, int]:
    """Random interleavings of withdrawal, visit and claim: how many pushes were claimed, and how many of them by a
    claim that began to commit after the withdrawal had committed. Measured so that it never accuses wrongly: the one
    is noted before its COMMIT, the other after."""
    chance = random.Random(seed)
    claimed = late = 0
    for _ in range(ROUNDS):
        shopper = make_device().shopper
        start = threading.Barrier(3)
        pauses = [chance.random() * longest for longest in (0.04, 0.01, 0.02, 0.02, 0.01)]
        withdrawn_at: list[float] = []
        claims: list[tuple[float, int]] = []

        def withdrawal(shopper=shopper, start=start, pauses=pauses, withdrawn_at=withdrawn_at) -> None:
            start.wait(10)
            time.sleep(pauses[0])
            withdraw(shopper, before_commit=lambda: time.sleep(pauses[1]))
            withdrawn_at.append(time.monotonic())

        def visit(shopper=shopper, start=start, pauses=pauses) -> None:
            start.wait(10)
            time.sleep(pauses[2])
            enqueue(shopper)

        def worker(start=start, pauses=pauses, claims=claims) -> None:
            start.wait(10)
            time.sleep(pauses[3])
            for _ in range(3):
                with transaction.atomic():
                    taken = len(claim())
                    time.sleep(pauses[4])
                    claims.append((time.monotonic(), taken))

        sides = [Side(withdrawal), Side(visit), Side(worker)]
        for side in sides:
            side.join()
        claimed += sum(taken for _, taken in claims)
        late += sum(taken for committing_at, taken in claims if committing_at > withdrawn_at[0])
        Push.objects.all().delete()
    return claimed, late


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_claim_commits_after_a_committed_withdrawal(seed):
    claimed, late = claims_and_late_ones(guarded_claim, seed=seed)
    assert claimed > 0, "nothing was ever claimed: the interleavings do not meet"
    assert late == 0


def test_twin_without_the_lock_claims_do_commit_after_the_withdrawal():
    assert sum(claims_and_late_ones(claim_that_only_joins, seed=seed)[1] for seed in (1, 2, 3)) > 0


def test_a_withdrawal_waits_for_a_claim_that_was_first_and_never_blocks_a_claim():
    shopper = make_device().shopper
    enqueue(shopper)
    done = threading.Event()

    def withdrawal() -> None:
        withdraw(shopper, before_commit=lambda: None)
        done.set()

    with transaction.atomic():
        assert len(guarded_claim()) == 1
        side = Side(withdrawal)
        assert not done.wait(0.3)
    side.join()
    assert Push.objects.get().state == PushState.CLAIMED


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
    assert set(Push.objects.values_list("lease", flat=True)) == {1}
