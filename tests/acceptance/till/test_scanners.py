"""Who may scan where, how often, and what they are told of the shopper: nothing."""

from datetime import timedelta

import pytest

from geooffers.coupons.models import Coupon
from geooffers.redemptions.models import Redemption
from merchants.models import Offer, Role, Store
from merchants.people import keys
from tests.acceptance.till.tills import Cashier, Till, assert_refused, code_of
from tests.cast import NOON, make_coupon, make_device, make_shopper, make_staff, make_store

pytestmark = [pytest.mark.django_db, pytest.mark.both]


def test_a_key_without_the_scope_may_look_but_not_redeem(aino: Store, coupon: Coupon) -> None:
    till = Till.of_store(aino, scopes=[keys.COUPONS_LOOKUP])
    assert till.look_up(code_of(coupon)).status_code == 200
    assert_refused(till.redeem(code_of(coupon)), 403, "scope_missing")


def test_a_revoked_key_redeems_nothing(aino: Store, coupon: Coupon) -> None:
    row, key = keys.make_key(store=aino, name="stolen", scopes=keys.SCOPES)
    keys.revoke(key=row, now=NOON)
    assert_refused(Till(key).redeem(code_of(coupon)), 401, "key_revoked")


def test_a_key_scans_at_its_own_store_only(till: Till, coupon: Coupon, aino: Store) -> None:
    assert_refused(till.redeem(code_of(coupon), store_id=str(make_store().pk)), 404, "store_not_found")
    assert till.redeem(code_of(coupon), store_id=str(aino.pk)).status_code == 201


def test_a_cashier_redeems_at_their_one_store(coupon: Coupon, aino: Store) -> None:
    member = make_staff(aino)
    assert Cashier(member.user).redeem(code_of(coupon)).status_code == 201
    row = Redemption.objects.get()
    assert (row.staff_member, row.api_key, row.store) == (member, None, aino)


def test_an_owner_of_several_stores_says_where(coupon: Coupon, aino: Store) -> None:
    harbour = make_store()
    owner = Cashier(make_staff(aino, role=Role.OWNER).user)
    assert_refused(owner.redeem(code_of(coupon)), 422, "store_needed")
    assert owner.redeem(code_of(coupon), store_id=str(harbour.pk)).json()["store_id"] == str(harbour.pk)


def test_a_cashier_of_another_merchant_finds_nothing(coupon: Coupon, aino: Store) -> None:
    stranger = Cashier(make_staff(make_store(merchant_name="Kirjakauppa")).user)
    assert_refused(stranger.redeem(code_of(coupon)), 404, "unknown_code")
    assert_refused(stranger.redeem(code_of(coupon), store_id=str(aino.pk)), 404, "store_not_found")
    coupon.refresh_from_db()
    assert coupon.state == "open"


def test_somebody_who_is_not_staff_may_not_scan(coupon: Coupon) -> None:
    nobody = Till("")
    response = nobody.redeem(code_of(coupon))
    assert (response.status_code, response.json()["code"]) == (401, "not_staff")


def test_a_scanner_that_guesses_is_stopped(till: Till, coupon: Coupon) -> None:
    statuses = [till.look_up("0000-0000-00012").status_code for _ in range(121)]
    assert statuses == [404] * 120 + [429]
    stopped = till.redeem(code_of(coupon))
    assert stopped.status_code == 429
    assert int(stopped["Retry-After"]) > 0
    assert till.redeem(code_of(coupon), at=NOON + timedelta(minutes=1)).status_code == 201


def test_nobody_is_named_at_the_till(offer: Offer, till: Till) -> None:
    shopper = make_shopper(firebase_uid="canary-uid")
    device = make_device(shopper)
    coupon = make_coupon(offer, shopper=shopper)
    said = [till.look_up(code_of(coupon)), till.redeem(code_of(coupon)), till.redeem(code_of(coupon))]
    for canary in (shopper.pk, device.pk, coupon.visit_id, "canary-uid", "shopper", code_of(coupon), coupon.pk):
        for response in said:
            assert str(canary) not in response.content.decode()


def test_a_code_in_an_address_is_nowhere(till: Till, coupon: Coupon) -> None:
    for path in ("/api/v1/lookups", "/api/v1/redemptions"):
        response = till.client.get(f"{path}?code={code_of(coupon)}", headers={"Authorization": f"Bearer {till.key}"})
        assert response.status_code == 405
