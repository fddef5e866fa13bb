"""What the database does with entries: takes them in one statement, refuses to change them, sums them up."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from geooffers.coupons import accounting, issuing, keyring
from geooffers.coupons.models import Coupon
from geooffers.ledger import movements, posting, reading
from geooffers.ledger.models import LedgerEntry
from geooffers.redemptions import books, redeeming
from geooffers.redemptions.models import Redemption
from merchants.models import Offer, Store
from merchants.offers import budgets
from merchants.people.access import Scanner
from tests.cast import (
    NOON,
    make_coupon,
    make_fence,
    make_offer,
    make_shopper,
    make_staff,
    make_store,
    make_visit,
    moved,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture
def store() -> Store:
    return make_store()


@pytest.fixture
def offer(store: Store) -> Offer:
    return make_offer(store, cap=5, amount_off="2.50")


def ledger_statements(work: Callable[[], object]) -> list[str]:
    with CaptureQueriesContext(connection) as seen:
        work()
    return [each["sql"].split()[0] for each in seen.captured_queries if "ledger_ledgerentry" in each["sql"]]


def test_issuing_writes_place_and_money_by_one_statement_and_reads_nothing(store: Store, offer: Offer) -> None:
    shopper = make_shopper()
    visit = make_visit(shopper, make_fence(store))
    asked = ledger_statements(lambda: issuing.issue_coupon(shopper=shopper, visit=visit, offer=offer, now=NOON))
    assert asked == ["INSERT"]
    coupon = Coupon.objects.get()
    assert moved(coupon) == ["free -> reserved"]
    assert moved(coupon, "EUR") == ["granted -> reserved"]


def test_redeeming_reads_once_and_writes_once(store: Store, offer: Offer) -> None:
    coupon, cashier = make_coupon(offer), Scanner(staff_member=make_staff(store))
    code = keyring.code_of(coupon)
    asked = ledger_statements(lambda: redeeming.redeem(code=code, store=store, scanned_by=cashier, nonce="1", now=NOON))
    assert asked == ["SELECT", "INSERT"]
    assert moved(coupon, "EUR") == ["granted -> reserved", "reserved -> redeemed"]
    assert set(LedgerEntry.objects.filter(target="redeemed").values_list("cause", flat=True)) == {
        Redemption.objects.get().pk
    }


def test_many_coupons_end_by_one_reading(offer: Offer) -> None:
    coupons = [make_coupon(offer) for _ in range(4)]
    asked = ledger_statements(lambda: issuing.expire_due(now=coupons[0].expires_at))
    assert asked == ["SELECT", "INSERT"]
    assert reading.held([coupon.pk for coupon in coupons]) == []


def test_what_a_coupon_holds_is_told_under_the_name_of_its_issue(offer: Offer) -> None:
    coupon = make_coupon(offer)
    held = {each.unit: each for each in reading.held([coupon.pk])}
    assert {unit: each.amount for unit, each in held.items()} == {"place": 1, "EUR": 25_000}
    assert len({each.pseudonym for each in held.values()}) == 1
    assert all((each.owner, each.subject) == (offer.pk, coupon.pk) for each in held.values())


def test_a_coupon_that_holds_nothing_gives_nothing(offer: Offer) -> None:
    """Its entries are lost: the books do not add up, so no till may go on by them."""
    coupon = make_coupon(offer)
    LedgerEntry.objects.filter(subject=coupon.pk).delete()
    with pytest.raises(accounting.NothingHeld):
        accounting.holdings([coupon.pk])


def test_the_database_refuses_to_change_an_entry(offer: Offer) -> None:
    make_coupon(offer)
    for change in ({"amount": 2}, {"target": "redeemed", "source": "reserved"}, {"at": NOON}):
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            LedgerEntry.objects.update(**change)


def test_the_database_refuses_what_no_coupon_does(offer: Offer) -> None:
    plain = {"owner": offer.pk, "unit": "place", "subject": uuid4(), "cause": uuid4(), "at": NOON}
    for wrong in (
        {"source": "free", "target": "redeemed", "amount": 1},
        {"source": "free", "target": "free", "amount": 1},
        {"source": "free", "target": "reserved", "amount": 0},
        {"source": "free", "target": "reserved", "amount": -1},
        {"source": "granted", "target": "free", "amount": 1, "unit": "EUR"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            LedgerEntry.objects.create(**(plain | wrong))


def test_a_cause_moves_a_unit_to_an_account_once(offer: Offer) -> None:
    coupon = make_coupon(offer)
    again = movements.issued(offer_id=offer.pk, coupon_id=coupon.pk, worth=None, pseudonym=b"p", at=NOON)
    with pytest.raises(IntegrityError), transaction.atomic():
        posting.post(again)


def test_a_cap_is_in_the_ledger_from_the_first_and_moves_by_its_difference(offer: Offer) -> None:
    make_coupon(offer)
    budgets.set_cap(offer=offer, cap=9, now=NOON)
    budgets.set_cap(offer=offer, cap=9, now=NOON)
    budgets.set_cap(offer=offer, cap=2, now=NOON)
    caps = LedgerEntry.objects.filter(subject=offer.pk).order_by("pk")
    assert list(caps.values_list("source", "target", "amount")) == [
        ("granted", "free", 5),
        ("granted", "free", 4),
        ("free", "granted", 7),
    ]
    assert not caps.exclude(pseudonym=None).exists()
    assert list(reading.balances(owner=offer.pk, unit="place").values()) == [-2, 1, 1, 0]
    assert sum(reading.balances(owner=offer.pk, unit="EUR").values()) == 0


def test_a_cap_that_is_refused_leaves_no_entry(offer: Offer) -> None:
    make_coupon(offer)
    with pytest.raises(budgets.BelowUsed):
        budgets.set_cap(offer=offer, cap=0, now=NOON)
    assert LedgerEntry.objects.filter(subject=offer.pk).count() == 1


def test_an_amount_without_a_currency_stops_nobody_and_counts_places_alone(offer: Offer) -> None:
    Offer.objects.update(currency="€")
    offer.refresh_from_db()
    coupon = make_coupon(offer)
    assert moved(coupon) == ["free -> reserved"]
    assert set(LedgerEntry.objects.values_list("unit", flat=True)) == {"place"}
    assert books.check_books() == []
