"""Deliveries: who may be claimed, under which lease it is settled, and that every row ends with a reason."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models import Q

from geooffers.shoppers.models import ConsentState, Device, Purpose, Shopper
from notifications.channels import fcm
from notifications.deliveries import claim_statement, settling
from notifications.messages import cancelling, moving, owing
from notifications.models import Delivery, DeliveryState, Kind
from tests.cast import ALL_PURPOSES, NOON, make_device, make_shopper
from tests.deliveries import claim_pushes

pytestmark = [pytest.mark.django_db, pytest.mark.both]

ALWAYS = {Kind.COUPON_ISSUED: Q(pk__isnull=False)}
NEVER = {Kind.COUPON_ISSUED: Q(pk__isnull=True)}
LATER = NOON + timedelta(hours=1)


def owe(shopper: Shopper, *, kind: Kind = Kind.COUPON_ISSUED, expires_at=LATER, now=NOON):
    coupon_id = uuid4()
    title = "Free cardamom bun" if kind == Kind.COUPON_ISSUED else ""
    owing.owe(kind=kind, shopper=shopper, subject=coupon_id, expires_at=expires_at, now=now, title=title)
    return coupon_id


def claim(*, now=NOON, limit=10, lease_s=60.0, guards=ALWAYS):
    return claim_pushes(now=now, limit=limit, lease_s=lease_s, guards=guards)


def the_push() -> Delivery:
    return Delivery.objects.get()


def let_the_lease_lapse() -> None:
    Delivery.objects.update(lease_until=NOON - timedelta(days=365))


def test_each_reachable_phone_of_the_shopper_is_owed_one_push_however_often_it_is_enqueued():
    shopper = make_shopper()
    phones = {make_device(shopper).pk, make_device(shopper).pk}
    silent = make_device(shopper)
    Device.objects.filter(pk=silent.pk).update(push_address="", push_kind="")
    coupon_id = uuid4()
    for _ in range(3):
        owing.owe(kind=Kind.COUPON_ISSUED, shopper=shopper, subject=coupon_id, expires_at=LATER, now=NOON, title="Bun")
    assert {push.device_id for push in Delivery.objects.all()} == phones
    assert {push.message.tag for push in Delivery.objects.all()} == {f"coupon-{coupon_id}"}


def test_a_claimed_push_says_all_that_is_needed_to_send_it():
    device = make_device(push_address="fid-aino")
    coupon_id = owe(device.shopper)
    (claimed,) = claim()
    assert (claimed.address_kind, claimed.address, claimed.subject) == ("fid", "fid-aino", coupon_id)
    assert (claimed.lease, claimed.attempts) == (1, 1)
    assert the_push().state == DeliveryState.CLAIMED
    assert claim() == []


def test_a_push_that_is_not_due_yet_waits():
    owe(make_device().shopper, now=NOON + timedelta(minutes=5))
    assert claim() == []
    assert len(claim(now=NOON + timedelta(minutes=5))) == 1


def test_a_marketing_push_without_consent_is_cancelled_and_a_service_push_is_sent():
    for consents in (set(ALL_PURPOSES) - {Purpose.MARKETING_PUSH}, ALL_PURPOSES):
        device = make_device(consents=consents)
        ConsentState.objects.filter(purpose=Purpose.MARKETING_PUSH).update(given=False)
        owe(device.shopper)
        owe(device.shopper, kind=Kind.COUPON_REDEEMED)
    assert [push.kind for push in claim()] == [Kind.COUPON_REDEEMED] * 2
    marketing = Delivery.objects.filter(message__kind=Kind.COUPON_ISSUED)
    assert {(push.state, push.reason) for push in marketing} == {(DeliveryState.CANCELLED, "no_consent")}


def test_consent_of_somebody_else_or_for_something_else_does_not_count():
    device = make_device(consents=[Purpose.ANALYTICS, Purpose.LOCATION_BACKGROUND])
    make_device(consents=[Purpose.MARKETING_PUSH])
    owe(device.shopper)
    assert claim() == []
    assert the_push().reason == "no_consent"


def test_a_push_whose_guard_fails_is_cancelled_and_a_service_push_has_no_guard():
    shopper = make_device().shopper
    owe(shopper)
    owe(shopper, kind=Kind.COUPON_REDEEMED)
    assert [push.kind for push in claim(guards=NEVER)] == [Kind.COUPON_REDEEMED]
    issued = Delivery.objects.get(message__kind=Kind.COUPON_ISSUED)
    assert (issued.state, issued.reason) == (DeliveryState.CANCELLED, "no_longer_usable")


def test_a_marketing_kind_without_a_guard_is_refused():
    with pytest.raises(ValueError, match="without a guard"):
        claim(guards={})


def test_a_claim_that_joins_is_refused():
    """A joined row would be as it was when the statement began, and nobody locks it."""
    joined = Delivery.objects.filter(device__platform="android")
    with pytest.raises(ValueError, match="no joins"):
        claim_statement.build(wanted=joined, consent=False, limit=1, lease_s=60, now=NOON)


def test_an_expired_push_is_settled_as_expired():
    owe(make_device().shopper)
    assert claim(now=LATER) == []
    assert (the_push().state, the_push().reason) == (DeliveryState.EXPIRED, "expired")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"push_address": "", "push_kind": ""}, "device_unreachable"),
        ({"retired_at": NOON}, "device_unreachable"),
        ({"shopper": None}, "device_changed_hands"),
    ],
)
def test_a_phone_that_is_gone_or_somebody_elses_gets_nothing(change, reason):
    device = make_device()
    owe(device.shopper)
    if "shopper" in change:
        change = {"shopper": make_shopper()}
    Device.objects.filter(pk=device.pk).update(**change)
    assert claim() == []
    assert (the_push().state, the_push().reason) == (DeliveryState.CANCELLED, reason)


def test_the_limit_bounds_a_claim_and_the_oldest_go_first():
    shopper = make_device().shopper
    for minute in (3, 1, 2):
        owe(shopper, now=NOON + timedelta(minutes=minute))
    now = NOON + timedelta(minutes=10)
    first = [Delivery.objects.get(pk=push.id).not_before.minute for push in claim(now=now, limit=2)]
    assert first == [1, 2]
    assert len(claim(now=now, limit=2)) == 1


def test_a_lapsed_lease_is_claimed_anew_and_the_late_settle_changes_nothing():
    owe(make_device().shopper)
    (late,) = claim()
    let_the_lease_lapse()
    (again,) = claim()
    assert again.lease == late.lease + 1
    assert not settling.settle_sent(claimed=late, provider_id="late", now=NOON)
    assert not settling.settle_dead(claimed=late, reason="late", now=NOON)
    assert the_push().state == DeliveryState.CLAIMED
    assert settling.settle_sent(claimed=again, provider_id="again", now=NOON)
    assert (the_push().state, the_push().provider_id) == (DeliveryState.SENT, "again")


def test_an_odd_name_from_the_vendor_does_not_keep_a_push_from_being_settled():
    owe(make_device().shopper)
    (push,) = claim()
    assert settling.settle_sent(claimed=push, provider_id="\x00" + "n" * 5000, now=NOON)
    assert (the_push().state, the_push().provider_id) == (DeliveryState.SENT, "n" * 200)


def test_leases_run_on_the_clock_of_the_database():
    """A worker whose clock is a year ahead must not take what another one is sending."""
    owe(make_device().shopper, expires_at=NOON + timedelta(days=900))
    claim(lease_s=60)
    assert claim(now=NOON + timedelta(days=365)) == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT lease_until > CURRENT_TIMESTAMP FROM notifications_delivery")
        assert cursor.fetchone()[0]


def test_a_retry_waits_and_keeps_its_attempts():
    owe(make_device().shopper)
    (push,) = claim()
    assert settling.settle_retry(claimed=push, reason="unavailable", wait_s=30, limits=fcm.LIMITS, now=NOON)
    assert claim(now=NOON + timedelta(seconds=29)) == []
    (again,) = claim(now=NOON + timedelta(seconds=30))
    assert again.attempts == 2


def test_a_retry_after_the_end_of_the_coupon_is_an_expiry():
    owe(make_device().shopper)
    (push,) = claim()
    settling.settle_retry(claimed=push, reason="unavailable", wait_s=3600, limits=fcm.LIMITS, now=NOON)
    assert (the_push().state, the_push().reason) == (DeliveryState.EXPIRED, "unavailable")


def test_the_last_attempt_ends_dead_with_its_reason():
    owe(make_device().shopper, expires_at=NOON + timedelta(days=9))
    for attempt in range(1, fcm.LIMITS.max_attempts + 1):
        (push,) = claim(now=NOON + timedelta(hours=attempt))
        settling.settle_retry(
            claimed=push, reason="quota", wait_s=1, limits=fcm.LIMITS, now=NOON + timedelta(hours=attempt)
        )
    assert (the_push().state, the_push().reason) == (DeliveryState.DEAD, "quota")


def test_a_push_that_kills_its_worker_every_time_ends_dead():
    owe(make_device().shopper)
    for _ in range(fcm.LIMITS.max_attempts):
        assert len(claim()) == 1
        let_the_lease_lapse()
    assert claim() == []
    assert (the_push().state, the_push().reason) == (DeliveryState.DEAD, "too_many_attempts")


def test_what_was_claimed_and_not_tried_costs_no_attempt():
    owe(make_device().shopper)
    (push,) = claim()
    assert settling.give_back(claimed=push)
    (again,) = claim()
    assert (again.attempts, again.lease) == (1, 2)


def test_a_withdrawal_takes_back_the_marketing_that_nobody_has_claimed_and_nothing_else():
    device, other = make_device(), make_device()
    owe(device.shopper)
    claim()
    kept = owe(device.shopper, kind=Kind.COUPON_REDEEMED)
    gone = owe(device.shopper)
    foreign = owe(other.shopper)
    assert cancelling.cancel_marketing(shopper=device.shopper, reason="consent_withdrawn", now=NOON) == 1
    assert Delivery.objects.get(message__subject=gone).state == DeliveryState.CANCELLED
    assert {Delivery.objects.get(message__subject=coupon).state for coupon in (kept, foreign)} == {DeliveryState.READY}


def test_a_coupon_that_is_used_up_is_not_announced_any_more_but_its_redemption_is():
    shopper = make_device().shopper
    coupon_id = owe(shopper)
    owing.owe(kind=Kind.COUPON_REDEEMED, shopper=shopper, subject=coupon_id, expires_at=LATER, now=NOON)
    assert cancelling.cancel_subject(subject=coupon_id, reason="redeemed", now=NOON) == 1
    assert [push.kind for push in claim()] == [Kind.COUPON_REDEEMED]


def test_at_sign_in_the_push_follows_the_phone_to_the_account_and_to_its_consent():
    phone = make_device()
    account = make_device(consents=[]).shopper
    owe(phone.shopper)
    assert moving.move(from_shopper=phone.shopper, to_shopper=account) == 1
    Device.objects.filter(pk=phone.pk).update(shopper=account)
    assert claim() == []
    assert the_push().reason == "no_consent"


def test_an_idle_claim_writes_nothing(django_assert_num_queries):
    with django_assert_num_queries(1):
        assert claim() == []


def test_after_an_outage_a_whole_backlog_of_expired_rows_is_settled_in_one_claim():
    shopper = make_device().shopper
    for _ in range(40):
        owe(shopper)
    fresh = owe(shopper, now=NOON + timedelta(minutes=30), expires_at=LATER + timedelta(hours=1))
    assert [push.subject for push in claim(now=LATER, limit=2)] == [fresh]
    assert Delivery.objects.filter(state=DeliveryState.EXPIRED, reason="expired").count() == 40
