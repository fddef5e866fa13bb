"""The accounts and what moves between them, without a database."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from geooffers.ledger import movements, pseudonyms, units
from geooffers.ledger.movements import Account, Held, Movement, NoSuchMove

NOON = datetime(2026, 6, 2, 12, 0, tzinfo=UTC)
OFFER, COUPON, SCAN, PRESS = (UUID(int=number) for number in range(1, 5))
FIVE_EUROS = units.money(Decimal("5.00"), "EUR")


def legs(moved: list[Movement]) -> list[tuple[str, str, str, int]]:
    return [(each.unit, each.source, each.target, each.amount) for each in moved]


def held(moved: list[Movement]) -> list[Held]:
    """As the ledger would say it after these."""
    return [
        Held(owner=each.owner, subject=each.subject, unit=each.unit, amount=each.amount, pseudonym=b"p")
        for each in moved
    ]


def issued(worth: units.Amount | None = None) -> list[Movement]:
    return movements.issued(offer_id=OFFER, coupon_id=COUPON, worth=worth, pseudonym=b"p", at=NOON)


def test_a_coupon_reserves_its_place_and_the_money_that_it_promises() -> None:
    assert legs(issued()) == [("place", "free", "reserved", 1)]
    assert legs(issued(FIVE_EUROS)) == [("place", "free", "reserved", 1), ("EUR", "granted", "reserved", 50_000)]


def test_a_redemption_gives_all_that_is_held_under_its_own_cause() -> None:
    given = movements.redeemed(held(issued(FIVE_EUROS)), redemption_id=SCAN, at=NOON)
    assert legs(given) == [("place", "reserved", "redeemed", 1), ("EUR", "reserved", "redeemed", 50_000)]
    assert {each.cause for each in given} == {SCAN}
    assert {each.pseudonym for each in given} == {b"p"}


def test_a_coupon_that_ends_gives_back_what_it_holds() -> None:
    assert legs(movements.ended(held(issued(FIVE_EUROS)), at=NOON)) == [
        ("place", "reserved", "free", 1),
        ("EUR", "reserved", "granted", 50_000),
    ]


@pytest.mark.parametrize(
    ("by", "moved"),
    [(3, [("place", "granted", "free", 3)]), (-2, [("place", "free", "granted", 2)]), (0, [])],
)
def test_a_cap_moves_by_its_difference(by: int, moved: list[tuple[str, str, str, int]]) -> None:
    assert legs(movements.cap_changed(offer_id=OFFER, by=by, cause=PRESS, at=NOON)) == moved


@pytest.mark.parametrize(
    ("unit", "source", "target", "amount"),
    [
        ("place", Account.FREE, Account.REDEEMED, 1),
        ("place", Account.FREE, Account.FREE, 1),
        ("place", Account.GRANTED, Account.RESERVED, 1),
        ("EUR", Account.GRANTED, Account.FREE, 1),
        ("place", Account.FREE, Account.RESERVED, 0),
        ("place", Account.FREE, Account.RESERVED, -1),
    ],
)
def test_nothing_moves_past_a_neighbour_or_backwards_by_a_sign(
    unit: str, source: Account, target: Account, amount: int
) -> None:
    with pytest.raises(NoSuchMove):
        Movement(
            owner=OFFER, unit=unit, source=source, target=target, amount=amount, subject=COUPON, cause=COUPON, at=NOON
        )


def test_whatever_moves_every_owner_and_unit_sums_to_zero() -> None:
    first = issued(FIVE_EUROS)
    everything = [
        *movements.cap_changed(offer_id=OFFER, by=7, cause=PRESS, at=NOON),
        *first,
        *movements.redeemed(held(first), redemption_id=SCAN, at=NOON),
    ]
    for unit in ("place", "EUR"):
        balances = dict.fromkeys(Account, 0)
        for each in everything:
            if each.unit == unit:
                balances[each.source] -= each.amount
                balances[each.target] += each.amount
        assert sum(balances.values()) == 0
        assert balances[Account.REDEEMED] == (1 if unit == "place" else 50_000)


@pytest.mark.parametrize(
    ("value", "currency", "amount"),
    [("5.00", "EUR", 50_000), ("0.01", "EUR", 100), ("500", "JPY", 5_000_000), ("0.1255", "KWD", 1_255)],
)
def test_money_is_a_whole_number_of_ten_thousandths(value: str, currency: str, amount: int) -> None:
    assert units.money(Decimal(value), currency) == units.Amount(unit=currency, amount=amount)


def test_money_that_is_finer_or_has_no_currency_is_refused() -> None:
    with pytest.raises(units.TooFine):
        units.money(Decimal("0.00001"), "EUR")
    with pytest.raises(ValueError, match="ISO 4217"):
        units.money(Decimal(1), "")


@pytest.mark.parametrize(
    ("unit", "amount", "words"), [("place", 1, "1 place"), ("place", 3, "3 places"), ("EUR", 25_000, "2.5 EUR")]
)
def test_an_amount_in_words(unit: str, amount: int, words: str) -> None:
    assert units.in_words(unit=unit, amount=amount) == words


def test_a_pseudonym_is_of_one_shopper_at_one_merchant_and_needs_the_key() -> None:
    keys, merchants = (b"a" * 32, b"b" * 32), (OFFER, COUPON)
    names = {pseudonyms.pseudonym(ledger_key=key, merchant_id=at) for key in keys for at in merchants}
    assert len(names) == 4
    with pytest.raises(pseudonyms.KeyDiscarded):
        pseudonyms.pseudonym(ledger_key=b"", merchant_id=OFFER)
