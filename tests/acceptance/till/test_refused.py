"""Every refusal at the till says why and what to do."""

from datetime import timedelta

import pytest

from geooffers.coupons import issuing
from geooffers.coupons.models import Coupon
from geooffers.redemptions import books
from geooffers.redemptions.models import RefusedScan
from merchants.models import Offer, Store
from tests.acceptance.till.tills import Till, assert_refused, code_of
from tests.cast import NOON, make_coupon, make_offer, make_store

pytestmark = [pytest.mark.django_db, pytest.mark.both]


def test_a_wrong_check_symbol_ends_before_any_query_about_coupons(
    till: Till, coupon: Coupon, django_assert_max_num_queries
) -> None:
    right = code_of(coupon)
    wrong = right[:-1] + ("0" if right[-1] != "0" else "1")
    with django_assert_max_num_queries(2):  # the key, the limit
        response = till.redeem(wrong)
    assert_refused(response, 422, "bad_check_symbol")
    assert_refused(till.look_up(wrong), 422, "bad_check_symbol")
    assert not RefusedScan.objects.exists()


def test_what_cannot_be_a_code_is_refused(till: Till) -> None:
    assert_refused(till.redeem("half a code"), 422, "malformed_code")


def test_an_unknown_code_and_another_merchants_look_identical(till: Till, aino: Store) -> None:
    foreign = make_coupon(make_offer(make_store(merchant_name="Kirjakauppa")))
    nobodys = "0000-0000-00012"
    answers = []
    for code in (nobodys, code_of(foreign)):
        for ask in (till.redeem, till.look_up):
            problem = assert_refused(ask(code), 404, "unknown_code")
            del problem["request_id"]
            answers.append(problem)
    assert all(answer == answers[0] for answer in answers)
    # Nor does what is kept for the merchant tell them apart.
    assert set(RefusedScan.objects.values_list("coupon", "reason", "store")) == {(None, "unknown_code", aino.pk)}
    foreign.refresh_from_db()
    assert foreign.state == "open"


def test_an_expired_coupon_is_refused_before_and_after_its_place_is_released(till: Till, coupon: Coupon) -> None:
    after = NOON + timedelta(hours=1)
    problem = assert_refused(till.redeem(code_of(coupon), at=after), 409, "coupon_expired")
    assert problem["expired_at"] == "2026-06-02T13:00:00+00:00"
    assert issuing.expire_due(now=after) == 1
    assert_refused(till.redeem(code_of(coupon), at=after), 409, "coupon_expired")
    assert books.check_books() == []


def test_a_coupon_is_good_until_the_moment_it_expires(till: Till, coupon: Coupon) -> None:
    assert till.redeem(code_of(coupon), at=NOON + timedelta(hours=1, microseconds=-1)).status_code == 201


def test_a_coupon_from_the_future_is_not_yet_valid(till: Till, coupon: Coupon) -> None:
    problem = assert_refused(till.redeem(code_of(coupon), at=NOON - timedelta(minutes=3)), 409, "not_yet_valid")
    assert problem["valid_from"] == "2026-06-02T12:00:00+00:00"


def test_clocks_that_differ_by_a_minute_do_not_refuse_a_fresh_coupon(till: Till, coupon: Coupon) -> None:
    assert till.redeem(code_of(coupon), at=NOON - timedelta(minutes=1)).status_code == 201


def test_a_coupon_of_some_stores_is_refused_at_the_others(offer: Offer, aino: Store, till: Till) -> None:
    harbour = make_store()
    Offer.objects.filter(pk=offer.pk).update(all_stores=False)
    offer.stores.set([aino])
    coupon = make_coupon(offer)
    assert_refused(Till.of_store(harbour).redeem(code_of(coupon)), 409, "wrong_store")
    assert RefusedScan.objects.get().coupon == coupon
    assert till.redeem(code_of(coupon)).status_code == 201


def test_refused_scans_are_kept_with_who_where_and_why(till: Till, coupon: Coupon, aino: Store) -> None:
    till.redeem(code_of(coupon))
    till.redeem(code_of(coupon), at=NOON + timedelta(seconds=1))
    till.look_up(code_of(coupon), at=NOON + timedelta(seconds=2))
    kept = RefusedScan.objects.order_by("at")
    assert [(scan.reason, scan.coupon, scan.store, scan.at) for scan in kept] == [
        ("already_redeemed", coupon, aino, NOON + timedelta(seconds=1)),
        ("already_redeemed", coupon, aino, NOON + timedelta(seconds=2)),
    ]
    assert all(scan.api_key is not None for scan in kept)
