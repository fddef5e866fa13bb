"""What coupons do to the ledger, and under which name. `ledger.movements` draws the accounts.

The counters of `merchants.OfferBudget` are what decides; the ledger is why anybody should believe them.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from geooffers.coupons.models import Coupon
from geooffers.ledger import movements, posting, pseudonyms, reading, units
from geooffers.ledger.movements import Held
from geooffers.shoppers.models import Shopper
from merchants.models import DiscountKind


class NothingHeld(Exception):
    """A coupon that is open holds no place in the ledger: the books do not add up, the transaction must not commit."""


def worth_of(coupon: Coupon) -> units.Amount | None:
    """The money that it promises. A percentage, and something free, are worth what the basket says, which we do not
    know; the form of offers asks for three letters of a currency, and without them nothing can be counted."""
    if coupon.discount_kind != DiscountKind.AMOUNT or coupon.discount_value <= 0 or not units.is_money(coupon.currency):
        return None
    return units.money(coupon.discount_value, coupon.currency)


def write_issued(*, coupons: Iterable[Coupon], shopper: Shopper) -> None:
    """One statement for all of them."""
    posting.post(
        movement
        for coupon in coupons
        for movement in movements.issued(
            offer_id=coupon.offer_id,
            coupon_id=coupon.pk,
            worth=worth_of(coupon),
            pseudonym=pseudonyms.pseudonym(ledger_key=bytes(shopper.ledger_key), merchant_id=coupon.offer.merchant_id),
            at=coupon.issued_at,
        )
    )


def write_ended(*, coupon_ids: Collection[UUID], at: datetime) -> None:
    """Two statements for all of them; none for none."""
    if coupon_ids:
        posting.post(movements.ended(holdings(coupon_ids), at=at))


def holdings(coupon_ids: Collection[UUID]) -> list[Held]:
    """What these open coupons hold; a place at least, each of them."""
    held = reading.held(coupon_ids)
    lost = set(coupon_ids) - {each.subject for each in held if each.unit == units.PLACE}
    if lost:
        raise NothingHeld(f"of {len(coupon_ids)} coupons {len(lost)} hold no place: {min(lost)}")
    return held
