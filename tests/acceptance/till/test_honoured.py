"""At the till: a coupon is honoured once, and the shopper's phones are told."""

from datetime import timedelta

import pytest
from django.db import connection

from geooffers.coupons import codes
from geooffers.coupons.models import Coupon
from geooffers.ledger.models import LedgerEntry
from geooffers.redemptions import books
from geooffers.redemptions.models import Redemption
from merchants.models import Offer, OfferBudget, Store
from merchants.offers import offers
from notifications.models import Delivery, DeliveryState, Kind
from tests.acceptance.till.tills import Till, assert_refused, code_of
from tests.cast import NOON, make_coupon, make_device, make_shopper, make_store, moved
from tests.deliveries import make_delivery

pytestmark = [pytest.mark.django_db, pytest.mark.both]


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
    assert books.check_books() == []


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
    offers.pause(offer=offer, now=NOON)
    assert till.redeem(code_of(coupons[1])).status_code == 201
    offers.end(offer=offer, now=NOON)
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
    with connection.cursor() as cursor:
        cursor.execute("SELECT code_lookup FROM coupons_coupon")
        assert all(digest not in bytes(stored) for (stored,) in cursor.fetchall())


def test_a_shopper_who_is_gone_keeps_the_promise(till: Till, coupon: Coupon) -> None:
    """Erasing a person takes the name off a coupon, not its value; the ledger tells its story under one pseudonym."""
    coupon.shopper.devices.all().delete()
    Coupon.objects.filter(pk=coupon.pk).update(shopper=None)
    assert till.redeem(code_of(coupon)).status_code == 201
    assert moved(coupon) == ["free -> reserved", "reserved -> redeemed"]
    entries = LedgerEntry.objects.filter(subject=coupon.pk)
    assert len({bytes(entry.pseudonym) for entry in entries} | {bytes(Redemption.objects.get().pseudonym)}) == 1


def test_the_shoppers_phones_are_told_in_silence_and_an_unsent_push_is_called_back(till: Till, offer: Offer) -> None:
    shopper = make_shopper()
    phones = {make_device(shopper).pk, make_device(shopper).pk}
    coupon = make_coupon(offer, shopper=shopper)
    announcement = make_delivery(
        device=shopper.devices.first(),
        kind=Kind.COUPON_ISSUED,
        subject=coupon.pk,
        title="Free cardamom bun",
        expires_at=NOON + timedelta(hours=1),
        now=NOON,
    )

    assert till.redeem(code_of(coupon)).status_code == 201

    told = Delivery.objects.filter(message__kind=Kind.COUPON_REDEEMED, message__subject=coupon.pk)
    assert {push.device_id for push in told} == phones
    assert {push.message.title for push in told} == {""}
    announcement.refresh_from_db()
    assert (announcement.state, announcement.reason) == (DeliveryState.CANCELLED, "redeemed")


def test_a_refused_scan_tells_nobody(till: Till, offer: Offer) -> None:
    shopper = make_shopper()
    make_device(shopper)
    coupon = make_coupon(offer, shopper=shopper)
    assert_refused(till.redeem(code_of(coupon), at=NOON + timedelta(hours=2)), 409, "coupon_expired")
    assert not Delivery.objects.exists()
