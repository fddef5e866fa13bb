"""What an account counts in, and how much of it. Plain Python.

An amount is an integer, because SQLite sums decimals as floating-point numbers, and a book must add up to the last
digit. Places are counted one by one; money in ten-thousandths of its currency, whichever it is: ISO 4217 has currencies
with none to four decimals, and its table changes.
"""

from dataclasses import dataclass
from decimal import Decimal

# A place in an offer's budget. Codes of ISO 4217 have three letters, so no currency is called so.
PLACE = "place"
PARTS_OF_MONEY = 10_000


class TooFine(ValueError):
    """An amount of money has more than four decimals."""


@dataclass(frozen=True, kw_only=True)
class Amount:
    """How much of which unit."""

    unit: str
    amount: int


ONE_PLACE = Amount(unit=PLACE, amount=1)


def is_money(unit: str) -> bool:
    return len(unit) == 3


def money(value: Decimal, currency: str) -> Amount:
    if not is_money(currency):
        raise ValueError(f"{currency!r} is no code of ISO 4217")
    parts = value * PARTS_OF_MONEY
    if parts != int(parts):
        raise TooFine(f"{value} {currency}")
    return Amount(unit=currency, amount=int(parts))


def in_words(*, unit: str, amount: int) -> str:
    """For people: as many decimals as there are."""
    if not is_money(unit):
        return f"{amount} {unit}" if amount == 1 else f"{amount} {unit}s"
    return f"{(Decimal(amount) / PARTS_OF_MONEY).normalize():f} {unit}"
