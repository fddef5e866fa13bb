"""At the till: a coupon is honoured once, and every refusal says why and what to do."""

import json
from datetime import timedelta

import pytest
from django.test import Client

from geooffers.api import clock
from geooffers.coupons import codes, issuing, keyring, ledger
from geooffers.coupons.models import Coupon, Redemption, RefusedScan
from merchants import keys, offers
from merchants.models import Offer, OfferBudget, Role, Store
from notifications.models import Kind, Push, PushState
from tests.cast import NOON, make_coupon, make_device, make_offer, make_shopper, make_staff, make_store

pytestmark = pytest.mark.django_db


@pytest.fixture
def aino() -> Store:
    return make_store()


@pytest.fixture
def offer(aino: Store) -> Offer:
    return make_offer(aino)


@pytest.fixture
def coupon(offer: Offer) -> Coupon:
    return make_coupon(offer)


@pytest.fixture
def till(aino: Store) -> "Till":
    return Till.of_store(aino)


class Till:
    """A till with an API key, as its software calls us."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.client = Client()
        self.scans = 0

    @classmethod
    def of_store(cls, store: Store, scopes=tuple(keys.SCOPES)) -> "Till":
        return cls(keys.make_key(store=store, name="till 1", scopes=scopes)[1])

    def look_up(self, code, *, at=NOON, **more):
        with clock.set_to(at):
            return self._post("/api/v1/lookups", {"code": str(code)} | more, {})

    def redeem(self, code, *, key=None, at=NOON, **more):
        self.scans += 1
        headers = {"Idempotency-Key": key or f"scan-{self.scans}"}
        with clock.set_to(at):
            return self._post("/api/v1/redemptions", {"code": str(code)} | more, headers)

    def _post(self, path, body, headers):
        return self.client.post(
            path,
            json.dumps(body),
            content_type="application/json",
            headers=headers | ({"Authorization": f"Bearer {self.key}"} if self.key else {}),
        )


def code_of(coupon: Coupon) -> str:
    return str(keyring.code_of(coupon))


def assert_refused(response, status: int, code: str) -> dict:
    problem = response.json()
    assert (response.status_code, problem["code"]) == (status, code), problem
    assert response["Content-Type"] == "application/problem+json"
    assert problem["detail"]
    assert problem["hint"], "a refusal at the till says what to do"
    return problem


# -- honoured


def test_a_coupon_is_looked_up_and_redeemed(till: Till, coupon: Coupon, aino: Store) -> None:
    found = till.look_up(code_of(coupon))
    assert found.status_code == 200, found.content
    assert found.json() == {
        "title": "Free cardamom bun",
        "text": "With any coffee, today.",
        "terms": "One for each guest.",
        "discount_kind": "percent",
        "discount_value": "20.00",
        "currency": "",
        "expires_at": "2026-06-02T13:00:00Z",
    }

    done = till.redeem(code_of(coupon))

    assert done.status_code == 201, done.content
    row = Redemption.objects.get()
    assert done.json() == {
        "redemption_id": str(row.pk),
        "store_id": str(aino.pk),
        "offer_id": str(coupon.offer_id),
        "title": "Free cardamom bun",
        "discount_kind": "percent",
        "discount_value": "20.00",
        "currency": "",
        "redeemed_at": "2026-06-02T12:00:00Z",
    }
    assert "Idempotent-Replayed" not in done
    budget = OfferBudget.objects.get()
    assert (budget.reserved, budget.redeemed) == (0, 1)
    assert ledger.check_books() == []


def test_what_the_cashier_types_is_read_kindly(till: Till, coupon: Coupon) -> None:
    typed = code_of(coupon).lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert till.redeem(typed).status_code == 201


def test_second_scan_of_a_coupon_is_refused(till: Till, coupon: Coupon, aino: Store) -> None:
    assert till.redeem(code_of(coupon)).status_code == 201
    problem = assert_refused(till.redeem(code_of(coupon), at=NOON + timedelta(minutes=5)), 409, "already_redeemed")
    assert problem["redeemed_at"] == "2026-06-02T12:00:00+00:00"
    assert problem["redeemed_at_store"] == aino.name
    assert_refused(till.look_up(code_of(coupon)), 409, "already_redeemed")
    assert Redemption.objects.count() == 1


def test_what_was_promised_is_honoured_after_the_offer_was_edited_paused_or_ended(
    till: Till, offer: Offer, aino: Store
) -> None:
    coupons = [make_coupon(offer) for _ in range(3)]
    Offer.objects.filter(pk=offer.pk).update(discount_value=1, title="Less")
    assert till.redeem(code_of(coupons[0])).json()["discount_value"] == "20.00"
    offers.pause(offer=offer)
    assert till.redeem(code_of(coupons[1])).status_code == 201
    offers.end(offer=offer)
    assert till.redeem(code_of(coupons[2])).json()["title"] == "Free cardamom bun"


def test_a_coupon_holds_at_every_store_of_its_offer(offer: Offer, coupon: Coupon) -> None:
    assert Till.of_store(make_store()).redeem(code_of(coupon)).status_code == 201


def test_a_coupon_made_under_the_key_before_is_still_read(till: Till, coupon: Coupon, settings) -> None:
    code = code_of(coupon)
    settings.CODE_KEYS = "s2:" + "77" * 32 + "," + settings.CODE_KEYS
    new = make_coupon(coupon.offer)
    assert new.code_key_id == "s2"
    assert till.redeem(code).status_code == 201
    assert till.redeem(code_of(new)).status_code == 201


def test_of_a_code_the_database_holds_nothing_that_can_be_tried(coupon: Coupon) -> None:
    digest = codes.read(code_of(coupon)).digest
    assert Coupon.objects.filter(code_lookup=digest).exists()
    assert not Coupon.objects.filter(code_lookup__as_stored=digest).exists()


def test_a_shopper_who_is_gone_keeps_the_promise(till: Till, coupon: Coupon) -> None:
    """Erasing a person takes the name off a coupon, not its value; the ledger tells its story under one pseudonym."""
    coupon.shopper.devices.all().delete()
    Coupon.objects.filter(pk=coupon.pk).update(shopper=None)
    assert till.redeem(code_of(coupon)).status_code == 201
    entries = coupon.ledger_entries.all()
    assert {entry.movement for entry in entries} == {"reserved", "redeemed"}
    assert len({bytes(entry.pseudonym) for entry in entries} | {bytes(Redemption.objects.get().pseudonym)}) == 1


# -- the shopper's phones


def test_the_shoppers_phones_are_told_in_silence_and_an_unsent_push_is_called_back(till: Till, offer: Offer) -> None:
    shopper = make_shopper()
    phones = {make_device(shopper).pk, make_device(shopper).pk}
    coupon = make_coupon(offer, shopper=shopper)
    announcement = Push.objects.create(
        device_id=min(phones),
        shopper=shopper,
        kind=Kind.COUPON_ISSUED,
        subject=coupon.pk,
        dedupe="announcement",
        tag="t",
        title="Free cardamom bun",
        not_before=NOON,
        expires_at=NOON + timedelta(hours=1),
        created_at=NOON,
    )

    assert till.redeem(code_of(coupon)).status_code == 201

    told = Push.objects.filter(kind=Kind.COUPON_REDEEMED, subject=coupon.pk)
    assert {push.device_id for push in told} == phones
    assert {push.title for push in told} == {""}
    announcement.refresh_from_db()
    assert (announcement.state, announcement.reason) == (PushState.CANCELLED, "redeemed")


def test_a_refused_scan_tells_nobody(till: Till, offer: Offer) -> None:
    shopper = make_shopper()
    make_device(shopper)
    coupon = make_coupon(offer, shopper=shopper)
    assert_refused(till.redeem(code_of(coupon), at=NOON + timedelta(hours=2)), 409, "coupon_expired")
    assert not Push.objects.exists()


# -- refused


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
    assert ledger.check_books() == []


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


# -- the Idempotency-Key


def test_the_same_key_gets_the_same_answer_for_ever(till: Till, coupon: Coupon) -> None:
    first = till.redeem(code_of(coupon), key="k")
    soon = till.redeem(code_of(coupon), key="k", at=NOON + timedelta(seconds=1))
    much_later = till.redeem(code_of(coupon).lower(), key="k", at=NOON + timedelta(days=400))
    for again in (soon, much_later):
        assert (again.status_code, again.json()) == (201, first.json())
        assert again["Idempotent-Replayed"] == "true"
    assert Redemption.objects.count() == 1
    assert not RefusedScan.objects.exists()
    assert ledger.check_books() == []


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


# -- who may scan


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


class Cashier(Till):
    """A member of staff with a browser."""

    def __init__(self, user) -> None:
        super().__init__("")
        self.client.force_login(user)


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


# -- guessing, and what answers say


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
