"""A scan that is sent again gets the answer that it got."""

from datetime import timedelta

import pytest

from geooffers.coupons.models import Coupon
from geooffers.redemptions import books
from geooffers.redemptions.models import Redemption, RefusedScan
from merchants.models import Offer, Store
from tests.acceptance.till.tills import Till, assert_refused, code_of
from tests.cast import NOON, make_coupon

pytestmark = [pytest.mark.django_db, pytest.mark.both]


def test_the_same_key_gets_the_same_answer_for_ever(till: Till, coupon: Coupon) -> None:
    first = till.redeem(code_of(coupon), key="k")
    soon = till.redeem(code_of(coupon), key="k", at=NOON + timedelta(seconds=1))
    much_later = till.redeem(code_of(coupon).lower(), key="k", at=NOON + timedelta(days=400))
    for again in (soon, much_later):
        assert (again.status_code, again.json()) == (201, first.json())
        assert again["Idempotent-Replayed"] == "true"
    assert Redemption.objects.count() == 1
    assert not RefusedScan.objects.exists()
    assert books.check_books() == []


def test_the_same_key_for_another_coupon_is_refused(till: Till, offer: Offer) -> None:
    first, second = make_coupon(offer), make_coupon(offer)
    assert till.redeem(code_of(first), key="k").status_code == 201
    assert_refused(till.redeem(code_of(second), key="k"), 422, "key_reused")
    assert_refused(till.redeem("0000-0000-00012", key="k"), 422, "key_reused")
    second.refresh_from_db()
    assert second.state == "open"


def test_a_refusal_does_not_use_up_the_key(till: Till, offer: Offer) -> None:
    coupon = make_coupon(offer)
    assert_refused(till.redeem("0000-0000-00012", key="k"), 404, "unknown_code")
    assert till.redeem(code_of(coupon), key="k").status_code == 201


def test_keys_of_two_tills_have_nothing_to_do_with_each_other(offer: Offer, aino: Store, till: Till) -> None:
    first, second = make_coupon(offer), make_coupon(offer)
    assert till.redeem(code_of(first), key="k").status_code == 201
    assert Till.of_store(aino).redeem(code_of(second), key="k").status_code == 201


@pytest.mark.parametrize(
    ("key", "code"),
    [(None, "required"), ("", "required"), ("x" * 256, "invalid"), ("a b", "invalid"), ("é", "invalid")],
)
def test_a_redemption_without_a_proper_key_is_refused(till: Till, coupon: Coupon, key: str | None, code: str) -> None:
    headers = {} if key is None else {"Idempotency-Key": key}
    response = till._post("/api/v1/redemptions", {"code": code_of(coupon)}, headers)
    assert (response.status_code, response.json()["code"]) == (400, f"idempotency_key_{code}")
    coupon.refresh_from_db()
    assert coupon.state == "open"
