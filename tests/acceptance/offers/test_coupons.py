"""My coupons, on the phone in my hand: the list, the code, and what I did with them."""

from datetime import timedelta
from uuid import uuid4

import pytest

from geooffers.api.edge import clock
from geooffers.coupons import codes, issuing, keyring
from geooffers.coupons.models import Coupon
from geooffers.shoppers.models import Shopper
from merchants.models import Offer, Store
from tests.cast import NOON, make_coupon, make_device, make_offer, make_shopper, make_store
from tests.phone import Phone

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture
def aino() -> Store:
    return make_store()


@pytest.fixture
def offer(aino: Store) -> Offer:
    return make_offer(aino, per_shopper_limit=100)


@pytest.fixture
def shopper() -> Shopper:
    return make_shopper()


@pytest.fixture
def phone(shopper: Shopper) -> "MyPhone":
    return MyPhone(shopper)


class MyPhone(Phone):
    def __init__(self, shopper: Shopper) -> None:
        super().__init__()
        make_device(shopper, token=self.token)

    def get(self, path: str, *, at=NOON):
        with clock.set_to(at):
            return self.call("GET", path)

    def post(self, path: str, *, at=NOON):
        with clock.set_to(at):
            return self.call("POST", path)


def test_a_coupon_shows_its_promise_and_its_code(phone: MyPhone, shopper: Shopper, offer: Offer) -> None:
    coupon = make_coupon(offer, shopper=shopper)
    response = phone.get(f"/coupons/{coupon.pk}")
    assert response.status_code == 200, response.content
    assert response.json() == {
        "id": str(coupon.pk),
        "offer_id": str(offer.pk),
        "merchant": "Café Aino",
        "merchant_colour": "#2456d6",
        "merchant_logo_url": None,
        "title": "Free cardamom bun",
        "text": "With any coffee, today.",
        "terms": "One for each guest.",
        "discount_kind": "percent",
        "discount_value": "20.00",
        "currency": "",
        "state": "open",
        "issued_at": "2026-06-02T12:00:00Z",
        "expires_at": "2026-06-02T13:00:00Z",
        "redeemed_at": None,
        "seen_at": None,
        "saved_at": None,
        "dismissed_at": None,
        "code": str(keyring.code_of(coupon)),
    }
    assert codes.read(response.json()["code"]) == keyring.code_of(coupon)


def test_a_second_phone_of_the_shopper_shows_the_same_code(phone: MyPhone, shopper: Shopper, offer: Offer) -> None:
    coupon = make_coupon(offer, shopper=shopper)
    second = MyPhone(shopper)
    assert second.get(f"/coupons/{coupon.pk}").json() == phone.get(f"/coupons/{coupon.pk}").json()


def test_the_code_is_stored_nowhere(phone: MyPhone, shopper: Shopper, offer: Offer) -> None:
    coupon = make_coupon(offer, shopper=shopper)
    symbols = codes.read(phone.get(f"/coupons/{coupon.pk}").json()["code"]).symbols
    kept = Coupon.objects.values().get(pk=coupon.pk)
    assert kept["code_key_id"] == "s1"
    written = b"|".join(bytes(v) if isinstance(v, bytes | memoryview) else str(v).encode() for v in kept.values())
    assert str(coupon.pk).encode() in written
    assert symbols.encode() not in written
    assert str(codes.Code(symbols)).encode() not in written


@pytest.mark.parametrize("released", [False, True])
def test_an_expired_coupon_says_so_and_shows_no_code(
    phone: MyPhone, shopper: Shopper, offer: Offer, released: bool
) -> None:
    coupon = make_coupon(offer, shopper=shopper)
    later = NOON + timedelta(hours=1)
    if released:
        assert issuing.expire_due(now=later) == 1
    shown = phone.get(f"/coupons/{coupon.pk}", at=later).json()
    assert (shown["state"], shown["code"]) == ("expired", None)


def test_the_list_has_every_coupon_once_the_newest_first(phone: MyPhone, shopper: Shopper, offer: Offer) -> None:
    mine = [make_coupon(offer, shopper=shopper, now=NOON + timedelta(minutes=minute)) for minute in range(7)]
    # Three issued in the same moment still have an order.
    mine += [make_coupon(offer, shopper=shopper, now=NOON + timedelta(minutes=7)) for _ in range(3)]
    make_coupon(offer)  # somebody else's
    found, cursor, pages = [], "", 0
    while cursor is not None:
        page = phone.get(f"/coupons?limit=4{f'&cursor={cursor}' if cursor else ''}").json()
        found += [coupon["id"] for coupon in page["coupons"]]
        assert all("code" not in coupon for coupon in page["coupons"])
        cursor, pages = page["next_cursor"], pages + 1
    assert pages == 3
    assert found == [str(coupon.pk) for coupon in sorted(mine, key=lambda c: (c.issued_at, c.pk), reverse=True)]


def test_a_list_costs_the_same_few_queries_however_long_it_is(
    phone: MyPhone, shopper: Shopper, offer: Offer, django_assert_max_num_queries
) -> None:
    for _ in range(12):
        make_coupon(offer, shopper=shopper)
    with django_assert_max_num_queries(3):  # who, the limit, the list
        assert len(phone.get("/coupons").json()["coupons"]) == 12


def test_a_cursor_of_another_shoppers_list_is_refused(phone: MyPhone, shopper: Shopper, offer: Offer) -> None:
    for _ in range(3):
        make_coupon(offer, shopper=shopper)
    cursor = phone.get("/coupons?limit=1").json()["next_cursor"]
    other = MyPhone(make_shopper())
    response = other.get(f"/coupons?cursor={cursor}")
    assert (response.status_code, response.json()["code"]) == (400, "bad_cursor")


@pytest.mark.parametrize("limit", ["0", "-1", "101", "1000000000", "many", "1.5"])
def test_a_limit_that_is_none_is_refused(phone: MyPhone, limit: str) -> None:
    assert phone.get(f"/coupons?limit={limit}").status_code == 422


@pytest.mark.parametrize("mark", ["seen", "saved", "dismissed"])
def test_marking_twice_keeps_the_first_time(phone: MyPhone, shopper: Shopper, offer: Offer, mark: str) -> None:
    coupon = make_coupon(offer, shopper=shopper)
    first = phone.post(f"/coupons/{coupon.pk}/{mark}", at=NOON + timedelta(minutes=1))
    again = phone.post(f"/coupons/{coupon.pk}/{mark}", at=NOON + timedelta(minutes=2))
    assert first.status_code == again.status_code == 200
    assert first.json()[f"{mark}_at"] == "2026-06-02T12:01:00Z"
    assert again.json() == first.json()
    others = {"seen_at", "saved_at", "dismissed_at"} - {f"{mark}_at"}
    assert {first.json()[name] for name in others} == {None}


def test_a_dismissed_coupon_still_shows_its_code(phone: MyPhone, shopper: Shopper, offer: Offer) -> None:
    coupon = make_coupon(offer, shopper=shopper)
    phone.post(f"/coupons/{coupon.pk}/dismissed")
    assert phone.get(f"/coupons/{coupon.pk}").json()["code"]


def test_another_shoppers_coupon_and_none_look_the_same(phone: MyPhone, offer: Offer) -> None:
    foreign = make_coupon(offer)
    for coupon_id in (foreign.pk, uuid4()):
        for response in (phone.get(f"/coupons/{coupon_id}"), phone.post(f"/coupons/{coupon_id}/seen")):
            assert (response.status_code, response.json()["code"]) == (404, "not_found")
    foreign.refresh_from_db()
    assert foreign.seen_at is None


@pytest.mark.parametrize("path", ["/coupons/not-an-id", "/coupons/00000000-0000-0000-0000-00000000000g"])
def test_what_is_no_id_is_not_found(phone: MyPhone, path: str) -> None:
    assert phone.get(path).status_code == 404


def test_an_unknown_mark_is_not_found(phone: MyPhone, shopper: Shopper, offer: Offer) -> None:
    coupon = make_coupon(offer, shopper=shopper)
    assert phone.post(f"/coupons/{coupon.pk}/redeemed").status_code == 404
    coupon.refresh_from_db()
    assert coupon.state == "open"


def test_without_a_token_there_are_no_coupons() -> None:
    response = Phone().call("GET", "/coupons")
    assert (response.status_code, response.json()["code"]) == (401, "token_unknown")
