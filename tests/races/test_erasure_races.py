"""Erasures that meet reports, tills, sign-ins, workers and each other: afterwards nothing names who is gone."""

from datetime import timedelta
from hashlib import sha256

import pytest
from django.db import IntegrityError, transaction

from geooffers.coupons import keyring, ledger, passes, redemption, wallet
from geooffers.coupons.models import Coupon, CouponState, Redemption, RefusedScan, Vendor, WalletPass
from geooffers.coupons.redemption import ScannedBy
from geooffers.rounds import send
from geooffers.shoppers import devices, tokens, tombstones
from geooffers.shoppers.models import Age, ConsentState, Device, Purpose, Shopper
from geooffers.usecases import (
    give_consent,
    pause_consents,
    renew_push_address,
    revoke_device,
    sign_in,
    sign_out,
    signal_age,
    withdraw_consent,
)
from geooffers.usecases.look_up_coupon import look_up_coupon
from geooffers.usecases.redeem_coupon import redeem_coupon
from geooffers.visits import recording
from geooffers.visits.models import DeviceState, Visit
from geooffers.visits.transitions import Change, Transition
from merchants import budgets, keys, live_fences
from merchants.models import ApiKey, Geofence, OfferBudget
from notifications import outbox
from notifications.models import Kind, Push
from tests.cast import NOON, make_coupon, make_device, make_fence, make_offer, make_shopper, make_store
from tests.races.leaving import Farewell
from tests.races.together import Another, together
from tests.walker import AT_AINO, DOWN_THE_STREET, Walker, fix

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("requires_postgresql")]

LATER = NOON + timedelta(minutes=1)


@pytest.fixture
def aino(transactional_db: None) -> Geofence:
    store = make_store()
    fence = make_fence(store)
    make_offer(store, per_shopper_limit=100)
    live_fences.matcher().refresh()
    return fence


@pytest.fixture
def walker(aino: Geofence) -> Walker:
    walker = Walker()
    walker.be_at(DOWN_THE_STREET, NOON)
    return walker


@pytest.fixture
def till(aino: Geofence) -> ApiKey:
    return keys.make_key(store=aino.store, name="till", scopes=list(keys.SCOPES))[0]


def enter(walker: Walker) -> int:
    return walker.send(fix(LATER, AT_AINO), now=LATER).status_code


def redeem(code: str, till: ApiKey) -> Redemption:
    return redeem_coupon(
        text=code, scanned_by=ScannedBy(api_key=till), store_id=None, nonce="scan-1", now=LATER
    ).redemption


def enter_account(device: Device, uid: str) -> sign_in.SignedIn:
    return sign_in.sign_in(
        device_id=device.pk,
        shown_hash=bytes(device.token_hash),
        new_hash=sha256(f"next-{device.pk}".encode()).digest(),
        firebase_uid=uid,
        now=LATER,
    )


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
    assert ledger.check_books() == []
    farewell.assert_nobody_is_named()


# -- the till


@pytest.fixture
def coupon(walker: Walker) -> Coupon:
    assert enter(walker) == 200
    return Coupon.objects.get()


def test_a_redemption_that_waits_for_the_erasure_finds_no_such_code(
    walker: Walker, coupon: Coupon, till: ApiKey
) -> None:
    code = str(keyring.code_of(coupon))
    farewell = Farewell(device=walker.device)
    with transaction.atomic():
        farewell.say()
        scan = Another(lambda: redeem(code, till))
        scan.wait_until_waiting()
    with pytest.raises(redemption.UnknownCode):
        scan.result()
    assert RefusedScan.objects.get().coupon is None
    assert ledger.check_books() == []
    farewell.assert_nobody_is_named()


def test_a_scan_that_looked_before_it_locked_redeems_what_was_released(
    walker: Walker, coupon: Coupon, till: ApiKey
) -> None:
    """The twin: the coupon as it was read is open, and is written as redeemed over its release. The budget, which has
    no place reserved any more, has to step in."""
    seen = Coupon.objects.get()
    Farewell(device=walker.device).say()

    def redeem_unguarded() -> None:
        with transaction.atomic():
            redemption._write(
                coupon=seen, store=till.store, scanned_by=ScannedBy(api_key=till), nonce="scan-1", now=LATER
            )
            budgets.redeem(offer_id=seen.offer_id)

    with pytest.raises(budgets.NothingReserved):
        redeem_unguarded()


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
    assert not Push.objects.exists(), "the phones were owed a message; there are no phones"
    assert Redemption.objects.get().coupon.shopper is None
    assert ledger.check_books() == []
    farewell.assert_nobody_is_named()


def test_a_message_that_is_owed_without_the_coupons_lock_is_stopped_by_a_constraint(
    walker: Walker, coupon: Coupon
) -> None:
    """The twin: written between the outbox's end and the phone's, it points at nobody when all is done."""
    phone, farewell = walker.device, Farewell(device=walker.device)
    row = Push(
        device=phone, shopper=phone.shopper, kind=Kind.COUPON_REDEEMED, subject=coupon.pk, dedupe="x", tag="x",
        not_before=NOON, expires_at=LATER, created_at=NOON,
    )  # fmt: skip
    with transaction.atomic():
        farewell.say()
        writer = Another(lambda: row.save(force_insert=True))
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
        with pytest.raises(redemption.CouponExpired):
            look_up_coupon(text=code, scanned_by=ScannedBy(api_key=till), store_id=None, now=late)

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
    with pytest.raises(wallet.NoSuchCoupon):
        making.result()
    assert not WalletPass.objects.exists()
    farewell.assert_nobody_is_named()


# -- sign-ins


def test_a_phone_that_waits_to_sign_in_to_the_account_begins_a_new_one(aino: Geofence) -> None:
    phone, other = make_device(make_shopper(firebase_uid="aino")), make_device()
    farewell = Farewell(device=phone)
    with transaction.atomic():
        farewell.say()
        signing_in = Another(lambda: enter_account(other, "aino"))
        signing_in.wait_until_waiting()
    assert signing_in.result().shopper_id != farewell.shopper_id
    assert Shopper.objects.get(firebase_uid="aino").devices.get() == other
    farewell.assert_nobody_is_named()


def test_a_sign_in_that_does_not_lock_the_account_gives_the_erased_a_phone(aino: Geofence) -> None:
    """The twin: found by its uid before, it is an empty row afterwards."""
    phone, other = make_device(make_shopper(firebase_uid="aino")), make_device()
    farewell = Farewell(device=phone)
    found = Shopper.objects.get(firebase_uid="aino")
    farewell.say()
    Device.objects.filter(pk=other.pk).update(shopper=found)
    with pytest.raises(AssertionError, match="after the erasure"):
        farewell.assert_nobody_is_named()


def test_a_phone_that_is_erased_does_not_sign_in(aino: Geofence) -> None:
    phone = make_device()
    farewell = Farewell(device=phone)
    with transaction.atomic():
        farewell.say()
        signing_in = Another(lambda: enter_account(phone, "aino"))
        signing_in.wait_until_waiting()
    with pytest.raises(tombstones.Erased):
        signing_in.result()
    farewell.assert_nobody_is_named()


def test_an_erasure_that_waits_for_a_sign_in_erases_the_account_with_all_its_phones(aino: Geofence) -> None:
    phone, other = make_device(make_shopper(firebase_uid="aino")), make_device()
    farewell = Farewell(device=phone)
    with transaction.atomic():
        enter_account(other, "aino")
        erasure = Another(farewell.say)
        erasure.wait_until_waiting()
    erasure.result()
    assert not Device.objects.exists()
    farewell.assert_nobody_is_named()
    assert not Shopper.objects.exists(), "the anonymous shopper became the account, and went with it"


def test_an_erasure_by_a_phone_that_signed_in_meanwhile_is_refused(aino: Geofence) -> None:
    phone = make_device()
    with transaction.atomic():
        enter_account(phone, "aino")
        erasure = Another(lambda: Farewell(device=phone).say())
        erasure.wait_until_waiting()
    with pytest.raises(tokens.TokenReplaced):
        erasure.result()
    assert Shopper.objects.get(firebase_uid="aino").erasure is None


def test_an_erasure_by_a_phone_that_was_revoked_meanwhile_is_refused(aino: Geofence) -> None:
    """It was lost, and whoever found it wants everything gone."""
    lost, mine = make_device(make_shopper(firebase_uid="aino")), make_device()
    enter_account(mine, "aino")
    with transaction.atomic():
        revoke_device.revoke_device(asker=lost, device_id=lost.pk, now=LATER)
        erasure = Another(lambda: Farewell(device=lost).say())
        erasure.wait_until_waiting()
    with pytest.raises(devices.ChangedHands):
        erasure.result()
    assert Shopper.objects.get(firebase_uid="aino").erasure is None


# -- the phone's own calls


@pytest.mark.parametrize("number", range(6))
def test_what_the_phone_asks_meanwhile_is_refused(walker: Walker, number: int) -> None:
    phone, farewell = walker.device, Farewell(device=walker.device)
    call = [
        lambda: give_consent.give_consent(device=phone, purpose=Purpose.ANALYTICS, language="en", version=1, now=LATER),
        lambda: withdraw_consent.withdraw_consent(device=phone, purpose=Purpose.ANALYTICS, now=LATER),
        lambda: renew_push_address.renew_push_address(device=phone, kind="fid", address="fid-new", now=LATER),
        lambda: pause_consents.pause_consents(device=phone, pause=pause_consents.Pause.HOUR, now=LATER),
        lambda: signal_age.signal_age(device=phone, age=Age.ADULT, now=LATER),
        lambda: sign_out.sign_out(
            device_id=phone.pk, shown_hash=bytes(phone.token_hash), new_hash=b"n" * 32, language="en", now=LATER
        ),
    ][number]
    with transaction.atomic():
        farewell.say()
        asking = Another(call)
        asking.wait_until_waiting()
    with pytest.raises(tombstones.Erased):
        asking.result()
    farewell.assert_nobody_is_named()


def test_two_phones_of_one_shopper_that_leave_at_once_get_one_answer(aino: Geofence) -> None:
    walkers = [Walker()]
    walkers.append(Walker(shopper=walkers[0].device.shopper))
    answers = together(*[lambda walker=walker: walker.phone.call("DELETE", "/me") for walker in walkers])
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json() == answers[1].json()


# -- the worker


def test_a_claim_takes_nothing_of_whoever_is_being_erased(walker: Walker, coupon: Coupon) -> None:
    assert Push.objects.count() == 1
    farewell = Farewell(device=walker.device)

    def claim() -> int:
        return len(outbox.claim(now=LATER, limit=10, lease_s=60, guards=send.guards(now=LATER)))

    with transaction.atomic():
        farewell.say()
        assert together(claim) == [0]
    assert claim() == 0
    farewell.assert_nobody_is_named()


def test_a_push_in_a_workers_hands_has_no_row_to_settle(walker: Walker, coupon: Coupon) -> None:
    (push,) = outbox.claim(now=LATER, limit=10, lease_s=60, guards=send.guards(now=LATER))
    farewell = Farewell(device=walker.device)
    farewell.say()
    assert not outbox.settle_sent(push=push, provider_id="name", now=LATER)
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
            except (tombstones.Erased, redemption.Refused, tokens.TokenReplaced, wallet.NoSuchCoupon):
                pass

        return run

    works = [
        quietly(lambda: redeem(code, till)),
        quietly(lambda: walker.send(fix(LATER, DOWN_THE_STREET), now=LATER)),
        quietly(lambda: recording.close_stale(now=NOON + timedelta(hours=3), limit=10)),
        quietly(lambda: outbox.claim(now=LATER, limit=10, lease_s=60, guards=send.guards(now=LATER))),
        quietly(
            lambda: wallet.mark(shopper=walker.device.shopper, coupon_id=coupon.pk, as_=wallet.Mark.SEEN, now=LATER)
        ),
        quietly(lambda: enter_account(other, "aino")),
    ]
    works.insert(number, farewell.say)
    together(*works)
    farewell.assert_nobody_is_named()
    assert ledger.check_books() == []
