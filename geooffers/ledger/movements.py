"""What may move in the ledger, and what each step of a coupon's life moves. Plain Python.

An account is an owner (an offer), a unit and a name; it needs no row of its own. A movement takes an amount from one
account and gives it to another of the same owner and unit, so that all accounts of an owner and a unit sum to zero.

    places      granted <----> free <----> reserved <----> redeemed
                         cap         issue           redemption
    money       granted <--------------> reserved <----> redeemed
                             issue                redemption

    granted     where it comes from: minus the cap; minus all the money that was promised
    free        places that nobody holds
    reserved    what open coupons hold
    redeemed    what was given at tills

From left to right: the cap is raised, a coupon is issued, a coupon is redeemed. From right to left: a redemption is
taken back, a coupon ends unused, the cap is lowered. Money moves only for coupons that promise an amount in a currency.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from geooffers.ledger import units


class Account(StrEnum):
    GRANTED = "granted"
    FREE = "free"
    RESERVED = "reserved"
    REDEEMED = "redeemed"


# Each neighbour in the drawing, in both directions.
MOVES_OF_PLACES = frozenset(
    {
        (Account.GRANTED, Account.FREE),
        (Account.FREE, Account.GRANTED),
        (Account.FREE, Account.RESERVED),
        (Account.RESERVED, Account.FREE),
        (Account.RESERVED, Account.REDEEMED),
        (Account.REDEEMED, Account.RESERVED),
    }
)
MOVES_OF_MONEY = frozenset(
    {
        (Account.GRANTED, Account.RESERVED),
        (Account.RESERVED, Account.GRANTED),
        (Account.RESERVED, Account.REDEEMED),
        (Account.REDEEMED, Account.RESERVED),
    }
)


class NoSuchMove(ValueError):
    """Nothing moves between these two accounts, or the amount is not positive."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Movement:
    """One entry of the ledger before it is written."""

    owner: UUID
    unit: str
    source: Account
    target: Account
    amount: int
    # What it is about: a coupon; for a cap the offer itself.
    subject: UUID
    # What made it happen. Each cause moves a unit of its subject to an account once.
    cause: UUID
    pseudonym: bytes | None = None
    at: datetime

    def __post_init__(self) -> None:
        moves = MOVES_OF_MONEY if units.is_money(self.unit) else MOVES_OF_PLACES
        if (self.source, self.target) not in moves or self.amount <= 0:
            raise NoSuchMove(f"{self.amount} {self.unit} from {self.source} to {self.target}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """What the ledger says that a coupon holds in `reserved`, of one unit."""

    owner: UUID
    subject: UUID
    unit: str
    amount: int
    pseudonym: bytes


def cap_changed(*, offer_id: UUID, by: int, cause: UUID, at: datetime) -> list[Movement]:
    """The merchant raises or lowers the cap, or redeemed places are forgotten with it."""
    if by == 0:
        return []
    source, target = (Account.GRANTED, Account.FREE) if by > 0 else (Account.FREE, Account.GRANTED)
    return [
        Movement(
            owner=offer_id,
            unit=units.PLACE,
            source=source,
            target=target,
            amount=abs(by),
            subject=offer_id,
            cause=cause,
            at=at,
        )
    ]


def issued(
    *, offer_id: UUID, coupon_id: UUID, worth: units.Amount | None, pseudonym: bytes, at: datetime
) -> list[Movement]:
    """A coupon takes a place, and the money that it promises, if it does."""
    return [
        Movement(
            owner=offer_id,
            unit=each.unit,
            source=_before_reserved(each.unit),
            target=Account.RESERVED,
            amount=each.amount,
            subject=coupon_id,
            cause=coupon_id,
            pseudonym=pseudonym,
            at=at,
        )
        for each in (units.ONE_PLACE, worth)
        if each is not None
    ]


def redeemed(held: Iterable[Held], *, redemption_id: UUID, at: datetime) -> list[Movement]:
    """Everything that the coupon still holds is given."""
    return [_of(each, target=Account.REDEEMED, cause=redemption_id, at=at) for each in held]


def ended(held: Iterable[Held], *, at: datetime) -> list[Movement]:
    """Coupons expired, or their shoppers were erased: what they still hold goes back."""
    return [_of(each, target=_before_reserved(each.unit), cause=each.subject, at=at) for each in held]


def _of(held: Held, *, target: Account, cause: UUID, at: datetime) -> Movement:
    return Movement(
        owner=held.owner,
        unit=held.unit,
        source=Account.RESERVED,
        target=target,
        amount=held.amount,
        subject=held.subject,
        cause=cause,
        pseudonym=held.pseudonym,
        at=at,
    )


def _before_reserved(unit: str) -> Account:
    return Account.GRANTED if units.is_money(unit) else Account.FREE
