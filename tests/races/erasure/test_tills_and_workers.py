"""Erasures that meet reports, tills, workers and each other: afterwards nothing names who is gone."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from geooffers.coupons import accounting, holdings, keyring, passes
from geooffers.coupons.models import Coupon, CouponState, Vendor, WalletPass
from geooffers.redemptions import books, redeeming
from geooffers.redemptions.models import Redemption, RefusedScan
from geooffers.shoppers.identity import tokens
from geooffers.shoppers.models import ConsentState
from geooffers.shoppers.privacy import tombstones
from geooffers.usecases.till.look_up_coupon import look_up_coupon
from geooffers.visits import recording
from geooffers.visits.engine.transition_events import Change
from geooffers.visits.engine.transitions import Transition
from geooffers.visits.models import DeviceState, Visit
from geooffers.worker import send
from merchants.models import ApiKey, Geofence, OfferBudget
from merchants.offers import budgets
from merchants.people.access import Scanner
from notifications.deliveries import settling
from notifications.models import Delivery, Kind
from tests.cast import NOON, make_coupon, make_device
from tests.deliveries import claim_pushes, make_delivery
from tests.races.erasure.doing import LATER, enter, enter_account, redeem
from tests.races.leaving import Farewell
from tests.races.together import Another, together
from tests.walker import DOWN_THE_STREET, Walker, fix

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("requires_postgresql")]

# -- reports


def test_a_report_that_waits_for_the_erasure_records_nothing(walker: Walker) -> None:
    farewell = Farewell(device=walker.device)
    with transaction.atomic():
        farewell.say()
        report = Another(lambda: enter(walker))
        report.wait_until_waiting()
    assert report.result() == 403
    farewell.assert_nobody_is_named()
    assert enter(walker) == 401


def test_without_the_consents_lock_a_visit_of_the_erased_begins(walker: Walker, aino: Geofence) -> None:
    """The twin: a plain look at the consents sees them as they were, and the shopper's row is there to point at."""
    farewell = Farewell(device=walker.device)

    def enter_unguarded() -> None:
        with transaction.atomic():
            assert ConsentState.objects.filter(device=walker.device, given=True).exists()
            Visit.objects.create(shopper_id=walker.device.shopper_id, fence=aino, began_at=LATER)

    with transaction.atomic():
        farewell.say()
        together(enter_unguarded)
    with pytest.raises(AssertionError, match="after the erasure"):
        farewell.assert_nobody_is_named()


def test_its_presence_is_stopped_by_a_constraint(walker: Walker, aino: Geofence) -> None:
    """The twin's other half: the phone's row is gone, so what points at it cannot commit."""
    Farewell(device=walker.device).say()
    entry = Transition(change=Change.ENTERED, fence=aino.pk, at=LATER, pushable=True)

    def enter_unguarded() -> None:
        with transaction.atomic():
            recording.apply(
                device=walker.device, shopper_id=walker.device.shopper_id, found=[entry], is_gone=lambda fence: False
            )

    with pytest.raises(IntegrityError):
        enter_unguarded()


def test_an_erasure_waits_for_the_report_under_way_and_takes_what_it_brought(walker: Walker) -> None:
    farewell = Farewell(device=walker.device)
    with transaction.atomic():
        # The report is stopped where it holds the consents and wants to write the state.
        DeviceState.objects.select_for_update().get(device=walker.device)
        report = Another(lambda: enter(walker))
        report.wait_until_waiting()
        erasure = Another(farewell.say)
        erasure.wait_until_waiting()
    assert report.result() == 200
    erasure.result()
    assert Coupon.objects.get().state == CouponState.EXPIRED
    assert OfferBudget.objects.get().reserved == 0
    assert books.check_books() == []
    farewell.assert_nobody_is_named()


# -- the till


def test_a_redemption_that_waits_for_the_erasure_finds_no_such_code(
    walker: Walker, coupon: Coupon, till: ApiKey
) -> None:
    code = str(keyring.code_of(coupon))
    farewell = Farewell(device=walker.device)
    with transaction.atomic():
        farewell.say()
        scan = Another(lambda: redeem(code, till))
        scan.wait_until_waiting()
    with pytest.raises(redeeming.UnknownCode):
        scan.result()
    assert RefusedScan.objects.get().coupon is None
    assert books.check_books() == []
    farewell.assert_nobody_is_named()


def test_a_scan_that_looked_before_it_locked_redeems_what_was_released(
    walker: Walker, coupon: Coupon, till: ApiKey
) -> None:
    """The twin: the coupon as it was read is open, and would be written as redeemed over its release. The ledger, in
    which it holds nothing any more, has to step in, and behind it the budget."""
    seen = Coupon.objects.get()
    Farewell(device=walker.device).say()

    with pytest.raises(accounting.NothingHeld), transaction.atomic():
        redeeming._write(coupon=seen, store=till.store, scanned_by=Scanner(api_key=till), nonce="scan-1", now=LATER)
    with pytest.raises(budgets.NothingReserved):
        budgets.redeem(offer_id=seen.offer_id)


def test_an_erasure_waits_for_the_till_and_leaves_its_redemption_without_a_name(
    walker: Walker, coupon: Coupon, till: ApiKey
) -> None:
    code = str(keyring.code_of(coupon))
    farewell = Farewell(device=walker.device)
    with transaction.atomic():
        # The till holds the coupon and waits for the budget.
        OfferBudget.objects.select_for_update().get()
        scan = Another(lambda: redeem(code, till))
        scan.wait_until_waiting()
        erasure = Another(farewell.say)
        erasure.wait_until_waiting()
    assert scan.result().coupon_id == coupon.pk
    erasure.result()
    assert not Delivery.objects.exists(), "the phones were owed a message; there are no phones"
    assert Redemption.objects.get().coupon.shopper is None
    assert books.check_books() == []
    farewell.assert_nobody_is_named()


def test_a_message_that_is_owed_without_the_coupons_lock_is_stopped_by_a_constraint(
    walker: Walker, coupon: Coupon
) -> None:
    """The twin: written between the deliveries' end and the phone's, it points at nobody when all is done."""
    phone, farewell = walker.device, Farewell(device=walker.device)

    def write() -> None:
        with transaction.atomic():
            make_delivery(device=phone, kind=Kind.COUPON_REDEEMED, subject=coupon.pk, now=NOON, expires_at=LATER)

    with transaction.atomic():
        farewell.say()
        writer = Another(write)
        writer.wait_until_waiting()
    with pytest.raises(IntegrityError):
        writer.result()


def test_a_refused_scan_that_was_looked_up_before_names_no_coupon_after(
    walker: Walker, coupon: Coupon, till: ApiKey
) -> None:
    code = str(keyring.code_of(coupon))
    farewell = Farewell(device=walker.device)
    late = coupon.expires_at + timedelta(minutes=1)

    def look() -> None:
        with pytest.raises(redeeming.CouponExpired):
            look_up_coupon(text=code, scanned_by=Scanner(api_key=till), store_id=None, now=late)

    with transaction.atomic():
        farewell.say()
        looking = Another(look)
        looking.wait_until_waiting()
    looking.result()
    assert RefusedScan.objects.get().coupon is None
    farewell.assert_nobody_is_named()


def test_a_pass_that_is_being_made_is_not(walker: Walker, coupon: Coupon) -> None:
    farewell = Farewell(device=walker.device)
    with transaction.atomic():
        farewell.say()
        making = Another(lambda: passes.find_or_make(coupon=coupon, vendor=Vendor.GOOGLE, now=LATER))
        making.wait_until_waiting()
    with pytest.raises(holdings.NoSuchCoupon):
        making.result()
    assert not WalletPass.objects.exists()
    farewell.assert_nobody_is_named()


# -- the worker


def test_a_claim_takes_nothing_of_whoever_is_being_erased(walker: Walker, coupon: Coupon) -> None:
    assert Delivery.objects.count() == 1
    farewell = Farewell(device=walker.device)

    def claim() -> int:
        return len(claim_pushes(now=LATER, guards=send.guards(now=LATER)))

    with transaction.atomic():
        farewell.say()
        assert together(claim) == [0]
    assert claim() == 0
    farewell.assert_nobody_is_named()


def test_a_push_in_a_workers_hands_has_no_row_to_settle(walker: Walker, coupon: Coupon) -> None:
    (push,) = claim_pushes(now=LATER, guards=send.guards(now=LATER))
    farewell = Farewell(device=walker.device)
    farewell.say()
    assert not settling.settle_sent(claimed=push, provider_id="name", now=LATER)
    farewell.assert_nobody_is_named()


# -- everything at once


@pytest.mark.parametrize("number", range(6))
def test_whatever_the_order_nobody_is_named(walker: Walker, coupon: Coupon, till: ApiKey, number: int) -> None:
    """Not staged. Nobody may wait in a circle, and the books add up."""
    second = make_coupon(coupon.offer, shopper=walker.device.shopper)
    code, farewell = str(keyring.code_of(second)), Farewell(device=walker.device)
    other = make_device()

    def quietly(work):
        def run() -> None:
            try:
                work()
            except (tombstones.Erased, redeeming.Refused, tokens.TokenReplaced, holdings.NoSuchCoupon):
                pass

        return run

    works = [
        quietly(lambda: redeem(code, till)),
        quietly(lambda: walker.send(fix(LATER, DOWN_THE_STREET), now=LATER)),
        quietly(lambda: recording.close_stale(now=NOON + timedelta(hours=3), limit=10)),
        quietly(lambda: claim_pushes(now=LATER, guards=send.guards(now=LATER))),
        quietly(
            lambda: holdings.mark(
                shopper=walker.device.shopper, coupon_id=coupon.pk, as_=holdings.CouponMark.SEEN, now=LATER
            )
        ),
        quietly(lambda: enter_account(other, "aino")),
    ]
    works.insert(number, farewell.say)
    together(*works)
    farewell.assert_nobody_is_named()
    assert books.check_books() == []
