"""What runs without a caller: who is still told of a coupon, who holds a round, and what is forgotten when."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.db.models import F
from django.db.models.functions import Now

from geooffers.callers.models import RateCount, StoredReply
from geooffers.coupons import issuing, keyring
from geooffers.coupons.models import Coupon
from geooffers.decisions.models import Decision
from geooffers.ledger import reading, units
from geooffers.ledger.models import LedgerEntry
from geooffers.ledger.movements import Account
from geooffers.redemptions import books, redeeming
from geooffers.redemptions.models import Redemption, RefusedScan
from geooffers.visits.models import EndReason, Visit
from geooffers.worker import leases, send
from geooffers.worker.models import Forgotten, TaskLease
from geooffers.worker.tasks import forget
from geooffers.worker.timetable import TASKS
from merchants.models import Offer, OfferBudget, OfferState
from merchants.people.access import Scanner
from merchants.shops import shops
from notifications.channels import fcm
from notifications.deliveries import sending
from notifications.messages import owing
from notifications.models import Delivery, DeliveryState, Kind, Message
from tests.cast import (
    NOON,
    make_coupon,
    make_decision,
    make_device,
    make_fence,
    make_offer,
    make_staff,
    make_store,
    make_visit,
)
from tests.deliveries import claim_pushes, make_delivery
from tests.integration.conftest import make_worker

pytestmark = [pytest.mark.django_db, pytest.mark.both]

SOON = NOON + timedelta(seconds=1)


def claimed(*, now: datetime = SOON) -> int:
    return len(claim_pushes(now=now, guards=send.guards(now=now)))


def test_an_open_coupon_of_a_live_offer_is_announced_while_its_shopper_is_there(announced):
    assert claimed() == 1


def walked_out(coupon):
    Visit.objects.filter(pk=coupon.visit_id).update(ended_at=NOON, end_reason=EndReason.LEFT)


def forgot_the_visit(coupon):
    Coupon.objects.filter(pk=coupon.pk).update(visit=None)


def paused(coupon):
    Offer.objects.filter(pk=coupon.offer_id).update(state=OfferState.PAUSED)


def offer_is_over(coupon):
    Offer.objects.filter(pk=coupon.offer_id).update(ends_at=NOON)


def merchant_left(coupon):
    shops.archive_merchant(merchant=coupon.offer.merchant, now=NOON)


def store_closed(coupon):
    shops.archive_store(store=coupon.visit.fence.store, now=NOON)


def dismissed(coupon):
    Coupon.objects.filter(pk=coupon.pk).update(dismissed_at=NOON)


def redeemed(coupon):
    redeem(coupon, now=NOON)


def redeem(coupon: Coupon, *, now: datetime) -> Redemption:
    store = coupon.offer.merchant.stores.first()
    return redeeming.redeem(
        code=keyring.code_of(coupon),
        store=store,
        scanned_by=Scanner(staff_member=make_staff(store)),
        nonce=f"till-{coupon.pk}",
        now=now,
    ).redemption


@pytest.mark.parametrize(
    "happens",
    [walked_out, forgot_the_visit, paused, offer_is_over, merchant_left, store_closed, dismissed, redeemed],
)
def test_a_coupon_that_is_no_longer_worth_telling_is_not_announced(announced, happens):
    happens(announced)
    assert claimed() == 0
    assert (Delivery.objects.get().state, Delivery.objects.get().reason) == (
        DeliveryState.CANCELLED,
        "no_longer_usable",
    )


def test_a_backlog_past_its_end_is_accounted_for_and_nothing_stale_is_sent(announced):
    late = announced.expires_at
    assert issuing.expire_due(now=late, limit=10) == 1
    assert claimed(now=late) == 0
    assert Delivery.objects.get().state == DeliveryState.EXPIRED


def test_the_worker_sends_and_writes_down_what_the_vendor_called_it(sandbox, announced):
    make_worker(sandbox).run_once()
    (message,) = sandbox.messages()
    push = Delivery.objects.get()
    assert (push.state, push.provider_id, push.settled_at) == (DeliveryState.SENT, message["name"], SOON)
    assert message["message"]["data"]["delivery_id"] == str(push.pk)


def test_a_worker_that_is_run_once_more_has_nothing_to_say(sandbox, announced):
    for _ in range(3):
        make_worker(sandbox).run_once()
    assert len(sandbox.messages()) == 1


@pytest.mark.parametrize(
    ("fault", "state", "reason", "keeps_its_address"),
    [
        ("unregistered", DeliveryState.DEAD, "unregistered", False),
        ("invalid", DeliveryState.DEAD, "payload_refused", True),
        ("mismatch", DeliveryState.DEAD, "sender_id_mismatch", True),
        ("unavailable", DeliveryState.READY, "unavailable", True),
        ("quota", DeliveryState.READY, "quota", True),
        ("html", DeliveryState.READY, "unknown", True),
    ],
)
def test_only_a_dead_address_is_given_up_and_only_what_may_pass_is_tried_again(
    sandbox, announced, fault, state, reason, keeps_its_address
):
    sandbox.order({"kind": fault})
    make_worker(sandbox).run_once()
    push = Delivery.objects.select_related("device").get()
    assert (push.state, push.reason) == (state, reason)
    assert (push.device.push_address == "fid-aino") is keeps_its_address
    if state == DeliveryState.READY:
        assert push.not_before > SOON
        make_worker(sandbox, now=push.not_before).run_once()
        assert Delivery.objects.get().state == DeliveryState.SENT


def test_an_address_that_was_renewed_while_we_sent_is_kept(sandbox, announced):
    """The vendor's 404 is about the address we used, not about the phone."""
    (push,) = claim_pushes(now=SOON, limit=1, guards=send.guards(now=SOON))
    device = Delivery.objects.get().device
    device.push_address = "fid-renewed"
    device.save()
    error = sending.TransportError("unregistered", permanent=True, device_gone=True)
    sending._settle(sandbox.transport(), push, sending.Failed(error), limits=fcm.LIMITS, now=SOON)
    device.refresh_from_db()
    assert device.push_address == "fid-renewed"


def test_one_bad_message_does_not_hold_up_the_others(sandbox):
    store = make_store()
    for number, address in enumerate(["invalid-1", "unregistered-2", "reset-3", "fid-4", "fid-5"]):
        phone = make_device(push_address=address)
        coupon = make_coupon(make_offer(store, title=f"Bun {number}"), shopper=phone.shopper)
        owing.owe(
            kind=Kind.COUPON_ISSUED,
            shopper=phone.shopper,
            subject=coupon.pk,
            title=coupon.title,
            expires_at=coupon.expires_at,
            now=NOON,
        )
    make_worker(sandbox).run_once()
    assert sorted(Delivery.objects.values_list("state", flat=True)) == ["dead", "dead", "ready", "sent", "sent"]


def test_what_cannot_be_finished_within_the_lease_is_given_back(sandbox, announced):
    transport = sandbox.transport()
    just_longer = replace(fcm.LIMITS, batch=1, connections=1, lease_s=transport.longest_send_s + 1e-9)
    batch = send.send_due(transport=transport, clock=lambda: SOON, limits=just_longer)
    assert batch.counts == {"given_back": 1}
    assert (Delivery.objects.get().state, Delivery.objects.get().attempts) == (DeliveryState.READY, 0)
    with pytest.raises(ValueError, match="shorter than one send"):
        send.send_due(transport=transport, clock=lambda: SOON, limits=replace(just_longer, lease_s=1))


def test_pauses_grow_up_to_ten_minutes():
    pauses = [fcm.LIMITS.pause_s(attempts=attempt) for attempt in range(1, fcm.LIMITS.max_attempts + 1)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (5, 600)
    assert sum(pauses) > 45 * 60


# -- leases of the tasks


def take(holder: str, *, every_s: float = 60) -> int | None:
    before = leases.take(name="expire", holder=holder, every_s=every_s, lease_s=60)
    return before and before.lease + 1


@pytest.fixture
def row() -> None:
    leases.prepare(names=["expire"])


def let_it_lapse() -> None:
    TaskLease.objects.update(until=Now() - timedelta(seconds=1))


@pytest.mark.usefixtures("row")
def test_one_worker_at_a_time_holds_a_task_and_it_rests_between_runs():
    first = take("first")
    assert first is not None
    assert not take("second")
    assert leases.give_back(name="expire", lease=first, done=True)
    assert not take("second")
    assert take("second", every_s=0)


@pytest.mark.usefixtures("row")
def test_the_task_of_a_dead_worker_goes_to_the_next_and_the_dead_one_changes_nothing():
    dead = take("dead")
    let_it_lapse()
    alive = take("alive")
    assert (dead, alive) == (1, 2)
    assert not leases.renew(name="expire", lease=dead, lease_s=60)
    assert not leases.give_back(name="expire", lease=dead, done=True)
    assert TaskLease.objects.get().holder == "alive"
    assert TaskLease.objects.filter(until__gt=Now()).exists()
    assert TaskLease.objects.get().overruns == 1, "it was not given back, and that is seen"


@pytest.mark.usefixtures("row")
def test_a_lease_that_is_renewed_is_nobody_elses():
    lease = take("first")
    let_it_lapse()
    assert leases.renew(name="expire", lease=lease, lease_s=60)
    assert not take("second", every_s=0)


@pytest.mark.usefixtures("row")
def test_preparing_again_takes_nobodys_task_away():
    assert take("first")
    leases.prepare(names=["expire", "forget"])
    assert TaskLease.objects.get(name="expire").holder == "first"


@pytest.mark.usefixtures("row")
def test_asking_for_what_is_not_due_writes_nothing(django_assert_num_queries):
    assert leases.give_back(name="expire", lease=take("first"), done=True)
    with django_assert_num_queries(1):
        assert not take("second")


def test_every_task_of_the_timetable_runs(sandbox):
    make_worker(sandbox).run_once()
    ran = TaskLease.objects.filter(last_run_at__isnull=False, until__isnull=True)
    assert set(ran.values_list("name", flat=True)) == {each.name for each in TASKS}


# -- forgetting

LATER = NOON + timedelta(days=31)


def test_visits_and_decisions_lose_their_shopper_after_thirty_days_and_so_does_every_path_back():
    phone = make_device()
    store = make_store()
    visit = make_visit(phone.shopper, make_fence(store))
    coupon = make_coupon(make_offer(store), shopper=phone.shopper, visit=visit)
    decided = NOON + timedelta(days=5)
    make_decision(coupon.offer, shopper=phone.shopper, visit=visit, coupon=coupon, now=decided)
    Visit.objects.update(ended_at=NOON + timedelta(hours=1), end_reason=EndReason.LEFT)
    assert forget.run(now=NOON + settings.KEEP_VISITS, limit=10) == 0
    assert forget.run(now=LATER, limit=10) == 1
    assert Visit.objects.get().shopper is None
    decision = Decision.objects.get()
    assert (decision.shopper, decision.coupon, decision.offer) == (None, None, coupon.offer)
    coupon.refresh_from_db()
    assert (coupon.visit, coupon.shopper) == (None, phone.shopper)
    assert Forgotten.objects.get(what="visits").before == LATER - settings.KEEP_VISITS


def test_an_open_visit_is_not_forgotten_however_long_it_lasts():
    make_visit(make_device().shopper, make_fence(make_store()))
    assert forget.run(now=LATER, limit=10) == 0


def test_settled_pushes_go_after_two_weeks_and_unsettled_ones_wait_for_their_reason(announced):
    settled = make_delivery(
        device=make_device(),
        kind=Kind.COUPON_REDEEMED,
        subject=announced.pk,
        now=NOON,
        expires_at=NOON,
        state=DeliveryState.SENT,
        settled_at=NOON,
    )
    assert forget.run(now=NOON + settings.KEEP_MESSAGES, limit=10) == 0
    forget.run(now=LATER, limit=10)
    assert Delivery.objects.get().state == DeliveryState.READY
    assert not Message.objects.filter(pk=settled.message_id).exists(), "a message goes with its last delivery"
    assert claimed(now=LATER) == 0
    assert Delivery.objects.get().state == DeliveryState.EXPIRED


def free_places() -> int:
    return OfferBudget.objects.annotate(free=F("cap") - F("reserved") - F("redeemed")).get().free


def test_after_seven_years_a_redemption_is_gone_and_the_books_still_add_up():
    store = make_store()
    offer = make_offer(store, cap=5, per_shopper_limit=5)
    old, expired, fresh = (make_coupon(offer) for _ in range(3))
    redeem(old, now=SOON)
    assert issuing.expire_due(now=fresh.expires_at, limit=1) == 1
    expired_id = Coupon.objects.get(state="expired").pk
    (kept,) = {expired.pk, fresh.pk} - {expired_id}
    RefusedScan.objects.create(coupon=old, store=store, reason="already_redeemed", at=SOON)
    assert books.check_books() == []
    assert free_places() == 3
    forget.run(now=SOON + settings.KEEP_REDEMPTIONS, limit=10)
    assert Redemption.objects.count() == 1
    forget.run(now=SOON + settings.KEEP_REDEMPTIONS + timedelta(hours=2), limit=10)
    assert (Redemption.objects.count(), RefusedScan.objects.count()) == (0, 0)
    assert [coupon.pk for coupon in Coupon.objects.all()] == [kept]
    assert LedgerEntry.objects.exclude(subject=offer.pk).count() == 1
    assert reading.balances(owner=offer.pk, unit=units.PLACE) == {
        Account.GRANTED: -4,
        Account.FREE: 3,
        Account.RESERVED: 1,
        Account.REDEEMED: 0,
    }
    assert books.check_books() == []
    assert free_places() == 3, "one of five was redeemed, one is still reserved"


def test_stored_replies_and_counts_of_calls_do_not_stay():
    for created_at in (NOON, NOON + timedelta(days=2)):
        StoredReply.objects.create(caller="device:1", key=str(created_at), fingerprint=b"", created_at=created_at)
        RateCount.objects.create(caller="address:1", window_start=created_at, count=1)
    forget.run(now=LATER, limit=10)
    assert StoredReply.objects.get().created_at == NOON + timedelta(days=2)
    assert not RateCount.objects.exists()


def test_forgetting_takes_small_bites_and_writes_down_each():
    for minute in range(5):
        window_start = NOON + timedelta(minutes=minute)
        RateCount.objects.create(caller="address:1", window_start=window_start, count=1)
    assert [forget.run(now=LATER, limit=2) for _ in range(4)] == [2, 2, 1, 0]
    assert sorted(Forgotten.objects.values_list("rows", flat=True)) == [1, 2, 2]
