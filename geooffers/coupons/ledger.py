"""The ledger: one entry for every movement of an offer's budget, never changed afterwards.

    reserved   a coupon was issued           free     -> reserved
    released   it expired unused             reserved -> free
    redeemed   it was honoured at a till     reserved -> redeemed

The counters of `merchants.OfferBudget` are what decides; the ledger is why anybody should believe them.
"""

import hmac
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from geooffers.coupons.models import (
    Coupon,
    LedgerEntry,
    Movement,
)
from geooffers.shoppers.models import Shopper


def pseudonym_of(*, shopper: Shopper, merchant_id: UUID) -> bytes:
    """Links a shopper's redemptions at one merchant, and nothing across merchants. Without the key it is nobody."""
    if not shopper.ledger_key:
        raise ValueError("an erased shopper has no pseudonym any more")
    return hmac.digest(bytes(shopper.ledger_key), merchant_id.bytes, sha256)


def write_reserved(*, coupon: Coupon, pseudonym: bytes) -> None:
    LedgerEntry.objects.create(
        offer_id=coupon.offer_id,
        coupon=coupon,
        movement=Movement.RESERVED,
        pseudonym=pseudonym,
        at=coupon.issued_at,
    )


def write(*, coupons: Iterable[Coupon], movement: Movement, at: datetime) -> dict[UUID, bytes]:
    """A further movement of these coupons, under the pseudonym each was reserved with, which is returned.

    The shopper may be gone by now, or have become another by signing in; the story of a coupon keeps its name.
    """
    offers = {coupon.pk: coupon.offer_id for coupon in coupons}
    reserved = LedgerEntry.objects.filter(coupon__in=offers, movement=Movement.RESERVED)
    pseudonyms = {coupon_id: bytes(name) for coupon_id, name in reserved.values_list("coupon_id", "pseudonym")}
    LedgerEntry.objects.bulk_create(
        LedgerEntry(offer_id=offer_id, coupon_id=coupon_id, movement=movement, pseudonym=pseudonyms[coupon_id], at=at)
        for coupon_id, offer_id in offers.items()
    )
    return pseudonyms
