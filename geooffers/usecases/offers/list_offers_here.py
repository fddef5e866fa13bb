"""What a phone that is inside of shops' areas may have there and now. Nothing is locked, and nothing is written.

docs/offers-here.md tells it; update that page too.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from geooffers.coupons import device_limits
from geooffers.decisions import choosing, deciding, facts, present
from geooffers.shoppers.models import LOCATION_PURPOSES, Device, Purpose, Shopper
from geooffers.usecases.location.report_positions import ConsentMissing
from merchants.models import Offer, Store

# The best of them. Nobody reads more, and what could be had beyond them is counted.
MOST_OFFERS = 100


@dataclass(frozen=True, kw_only=True)
class OfferHere:
    """An offer that would become a coupon of this visit now, if the shopper asked for it."""

    offer: Offer
    store: Store
    visit_id: UUID
    fence_id: UUID


@dataclass(frozen=True, kw_only=True)
class OffersHere:
    """Best first. `left_out`: how many more there are."""

    offers: tuple[OfferHere, ...]
    left_out: int


def list_offers_here(*, device: Device, shopper: Shopper, consents: frozenset[Purpose], now: datetime) -> OffersHere:
    if not consents & LOCATION_PURPOSES:
        raise ConsentMissing
    moments = present.moments(device=device, shopper=shopper, now=now)
    if not moments:
        return OffersHere(offers=(), left_out=0)
    marks = device_limits.marks_of(device_id=device.pk, shopper_id=shopper.pk, now=now)
    known = facts.read(shopper=shopper, moments=moments, marks=marks, now=now)
    choice = choosing.choose(moments=known.moments, person=known.person, now=now, ranker=deciding.RANKER)
    # At which moment each would be had: the first at which it is best, as `choose` has it.
    best: dict[UUID, tuple[float, int]] = {}
    for place, candidates in enumerate(choice.candidates):
        for candidate in candidates:
            if candidate.score is not None:
                standing = (-candidate.score, place)
                best[candidate.offer_id] = min(best.get(candidate.offer_id, standing), standing)
    in_order = sorted(best, key=lambda offer_id: (best[offer_id][0], offer_id))
    return OffersHere(
        offers=tuple(
            OfferHere(
                offer=known.offers[offer_id],
                store=known.stores[moments[best[offer_id][1]].store_id],
                visit_id=moments[best[offer_id][1]].visit.pk,
                fence_id=moments[best[offer_id][1]].visit.fence.public_id,
            )
            for offer_id in in_order[:MOST_OFFERS]
        ),
        left_out=max(0, len(in_order) - MOST_OFFERS),
    )
