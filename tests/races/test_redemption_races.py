"""One coupon, many scans in the same instant: one redemption. Each race has a twin that shows what happens without
the guard.
"""

from collections import Counter
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction

from geooffers.coupons import issuing, keyring
from geooffers.coupons.models import Coupon, CouponState
from geooffers.redemptions import books, redeeming
from geooffers.redemptions.models import Redemption, RefusedScan
from geooffers.usecases.till.redeem_coupon import redeem_coupon
from merchants.models import ApiKey, OfferBudget, Store
from merchants.people.access import Scanner
from notifications.models import Delivery
from tests.cast import NOON, make_coupon, make_device, make_offer, make_shopper, make_staff, make_store
from tests.races.crowd import Meeting, crowd

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]

SCANS = 200
ASKING = 16


@pytest.fixture
def aino() -> Store:
    return make_store()


@pytest.fixture
def coupon(aino: Store) -> Coupon:
    shopper = make_shopper()
    make_device(shopper)
    return make_coupon(make_offer(aino, cap=3), shopper=shopper)


@pytest.fixture
def till(aino: Store) -> Scanner:
    return Scanner(
        api_key=ApiKey.objects.create(merchant=aino.merchant, store=aino, name="till", prefix="gok_1", key_hash=b"1")
    )


def scan(coupon: Coupon, till: Scanner, nonce: str) -> redeeming.Redeemed:
    return redeem_coupon(text=str(keyring.code_of(coupon)), scanned_by=till, store_id=None, nonce=nonce, now=NOON)


def outcomes(answers) -> Counter:
    return Counter(
        type(answer).__name__ if isinstance(answer, Exception) else "replayed" if answer.replayed else "redeemed"
        for answer in answers
    )


def assert_redeemed_once(coupon: Coupon) -> Redemption:
    coupon.refresh_from_db()
    assert coupon.state == CouponState.REDEEMED
    budget = OfferBudget.objects.get()
    assert (budget.reserved, budget.redeemed) == (0, 1)
    assert Delivery.objects.filter(message__subject=coupon.pk).count() == 1
    assert books.check_books() == []
    return Redemption.objects.get()


def test_two_hundred_scans_of_one_coupon_redeem_it_once(coupon: Coupon, till: Scanner) -> None:
    answers = crowd(SCANS, lambda number: scan(coupon, till, f"scan-{number}"))
    assert outcomes(answers) == {"redeemed": 1, "AlreadyRedeemed": SCANS - 1}
    assert_redeemed_once(coupon)
    assert RefusedScan.objects.filter(reason="already_redeemed", coupon=coupon).count() == SCANS - 1


def test_two_hundred_retries_of_one_scan_get_one_answer(coupon: Coupon, till: Scanner) -> None:
    answers = crowd(SCANS, lambda number: scan(coupon, till, "the same key"))
    assert outcomes(answers) == {"redeemed": 1, "replayed": SCANS - 1}
    assert {answer.redemption.pk for answer in answers} == {assert_redeemed_once(coupon).pk}
    assert not RefusedScan.objects.exists()


def test_scans_at_many_tills_redeem_it_once(coupon: Coupon, aino: Store) -> None:
    cashiers = [Scanner(staff_member=make_staff(aino)) for _ in range(6)]
    answers = crowd(len(cashiers), lambda number: scan(coupon, cashiers[number], "the same key"))
    assert outcomes(answers) == {"redeemed": 1, "AlreadyRedeemed": len(cashiers) - 1}
    assert_redeemed_once(coupon)


def test_one_key_for_many_coupons_redeems_one_of_them(aino: Store, till: Scanner) -> None:
    """Each scan holds the lock of its own coupon, so what meets is the key: the constraint on it decides."""
    offer = make_offer(aino, cap=50)
    coupons = [make_coupon(offer) for _ in range(20)]
    answers = crowd(len(coupons), lambda number: scan(coupons[number], till, "the same key"))
    assert outcomes(answers) == {"redeemed": 1, "NonceReused": len(coupons) - 1}
    assert Redemption.objects.count() == 1
    assert OfferBudget.objects.get().redeemed == 1
    assert books.check_books() == []


def test_a_coupon_is_either_redeemed_or_expired_never_both(aino: Store, till: Scanner) -> None:
    """Tills whose clocks still say noon, and a round whose clock says that the hour is over."""
    offer = make_offer(aino, cap=100)
    coupons = [make_coupon(offer) for _ in range(30)]
    later = coupons[0].expires_at

    def one(number: int) -> object:
        if number % 2:
            return scan(coupons[number // 2], till, f"scan-{number}")
        return issuing.expire_due(now=later, limit=5)

    answers = crowd(2 * len(coupons), one)

    assert not [each for each in answers if isinstance(each, Exception) and not isinstance(each, redeeming.Refused)]
    while issuing.expire_due(now=later):
        pass
    redeemed = Coupon.objects.filter(state=CouponState.REDEEMED).count()
    expired = Coupon.objects.filter(state=CouponState.EXPIRED).count()
    assert redeemed + expired == len(coupons)
    budget = OfferBudget.objects.get()
    assert (budget.reserved, budget.redeemed) == (0, redeemed)
    assert books.check_books() == []


# -- the twins


def look_then_redeem(coupon_id: UUID, meeting: Meeting) -> str:
    """A redemption as it is often written: read, check, write. The same row, without the lock."""
    found = Coupon.objects.get(pk=coupon_id)
    if found.state != CouponState.OPEN:
        return "already redeemed"
    meeting.wait()  # everybody has looked
    found.state, found.redeemed_at = CouponState.REDEEMED, NOON
    found.save(update_fields=["state", "redeemed_at"])
    return "redeemed"


def test_twin_without_the_lock_every_scan_redeems(coupon: Coupon) -> None:
    meeting = Meeting(ASKING)
    answers = crowd(ASKING, lambda number: look_then_redeem(coupon.pk, meeting))
    assert Counter(answers) == {"redeemed": ASKING}


def test_twin_without_the_lock_the_constraint_has_to_step_in(coupon: Coupon, till: Scanner, aino: Store) -> None:
    meeting = Meeting(ASKING)

    def one(number: int) -> str:
        answer = look_then_redeem(coupon.pk, meeting)
        with transaction.atomic():
            Redemption.objects.create(
                coupon=coupon,
                offer_id=coupon.offer_id,
                store=aino,
                api_key=till.api_key,
                nonce=f"scan-{number}",
                pseudonym=b"",
                discount_kind="percent",
                value=20,
                redeemed_at=NOON,
            )
        return answer

    answers = crowd(ASKING, one)
    assert sum(isinstance(answer, IntegrityError) for answer in answers) == ASKING - 1
    assert Redemption.objects.count() == 1


def test_twin_a_key_asked_for_before_the_lock_refuses_its_own_retries(coupon: Coupon, till: Scanner) -> None:
    """The retry asks for the key, finds nothing yet, waits for the coupon, and finds it redeemed: by itself."""
    meeting = Meeting(ASKING)

    def one(_: int) -> str:
        assert not Redemption.objects.filter(api_key=till.api_key, nonce="the same key").exists()
        meeting.wait()
        with transaction.atomic():
            locked = Coupon.objects.select_for_update().get(pk=coupon.pk)
            if locked.state != CouponState.OPEN:
                return "refused its own retry"
            locked.state, locked.redeemed_at = CouponState.REDEEMED, NOON
            locked.save(update_fields=["state", "redeemed_at"])
            return "redeemed"

    assert Counter(crowd(ASKING, one)) == {"redeemed": 1, "refused its own retry": ASKING - 1}
