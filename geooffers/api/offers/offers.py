"""GET /offers/here and POST /offers/{offer_id}/coupon: what may be had where the phone is, and having it.

docs/offers-here.md tells every answer; update that page too. Where the phone is, is known from its reports.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from ninja import Router
from pydantic import Field

from geooffers.api.edge import clock, contract, idempotency, rate_limits, strict
from geooffers.api.identity import auth
from geooffers.callers import limits, replies
from geooffers.shoppers.consents import pauses
from geooffers.usecases.location.report_positions import ConsentMissing
from geooffers.usecases.offers import list_offers_here as listing
from geooffers.usecases.offers import take_offer as taking
from merchants.models import DiscountKind
from merchants.shops import logos

router = Router(tags=["Offers"], auth=auth.device_auth)

_STORE = {
    "id": "019e7f5c-1b2c-7d3e-8f40-a1b2c3d4e5f6",
    "name": "Café Aino, Senaatintori",
    "address": "Senaatintori 1",
}
_OFFER = {
    "id": "019e7f5c-3a52-7c4e-9d41-0c6a8a1f2b3c",
    "merchant": "Café Aino",
    "merchant_colour": "#2456d6",
    "merchant_logo_url": "/logos/019e7f5b-9c10-7a21-8b32-d4e5f6a7b8c9/3f1c0a9be27d4c58a6f0e1d2c3b4a596.png",
    "title": "Free cardamom bun",
    "text": "With any coffee, today.",
    "terms": "One for each guest.",
    "category": "café",
    "discount_kind": "free_item",
    "discount_value": "0.00",
    "currency": "",
    "ends_at": "2026-06-30T21:00:00Z",
    "store": _STORE,
    "fence_id": "019e7f5c-2b3c-7d4e-8f50-b2c3d4e5f6a7",
    "visit_id": "019e7f5c-4d5e-7f60-8172-c3d4e5f6a7b8",
}


class StoreHereOut(strict.ReplySchema):
    model_config = strict.example(**_STORE)
    id: UUID
    name: str
    address: str


class OfferHereOut(strict.ReplySchema):
    """What a merchant promises, as its coupon would say it, and where it can be had now."""

    model_config = strict.example(**_OFFER)
    id: UUID
    merchant: str
    merchant_colour: str = Field(description="# and six hexadecimal digits.")
    merchant_logo_url: str | None = Field(
        description="Relative to this server; null without a logo.", json_schema_extra={"format": "uri-reference"}
    )
    title: str
    text: str
    terms: str
    category: str
    discount_kind: DiscountKind
    discount_value: Decimal = Field(description="Percent, or an amount in `currency`; 0 for something free.")
    currency: str = Field(description="ISO 4217, or empty.")
    ends_at: datetime = Field(description="The first moment at which no coupon comes of it any more.")
    store: StoreHereOut
    fence_id: UUID = Field(description="The fence that the phone is in.")
    visit_id: UUID = Field(description="The open visit of which it would be the coupon.")


class OffersHereOut(strict.ReplySchema):
    model_config = strict.example(offers=[_OFFER], left_out=0)
    offers: list[OfferHereOut] = Field(description=f"Best first; {listing.MOST_OFFERS} at most.")
    left_out: int = Field(description="How many more there are.")


class TakenOut(strict.ReplySchema):
    """The ids of what was issued. `GET /coupons/{coupon_id}` has the coupon and its code."""

    model_config = strict.example(
        coupon_id="019e7f5c-5e6f-7081-9293-d4e5f6a7b8c9",
        offer_id=_OFFER["id"],
        visit_id=_OFFER["visit_id"],
        expires_at="2026-06-02T13:00:00Z",
    )
    coupon_id: UUID
    offer_id: UUID
    visit_id: UUID
    expires_at: datetime


@router.get(
    "/here",
    response=OffersHereOut,
    operation_id="listOffersHere",
    summary="List the offers that I may have here and now",
    description=(
        "For a phone that is inside of shops' areas by its reports: what would become a coupon now if the shopper asked"
        " for it, by the rules by which a visit brings one. A report brings one coupon; the others are here."
        " Outside of every area the list is empty."
    ),
    openapi_extra=contract.refusals(ConsentMissing, pauses.Paused),
)
def list_offers_here(request: auth.DeviceRequest) -> OffersHereOut:
    now = _called(request)
    found = listing.list_offers_here(
        device=request.auth.device, shopper=request.auth.shopper, consents=request.auth.consents(now=now), now=now
    )
    return OffersHereOut(offers=[OfferHereOut(**_fields(one)) for one in found.offers], left_out=found.left_out)


@router.post(
    "/{uuid:offer_id}/coupon",
    response={201: TakenOut},
    operation_id="takeOffer",
    summary="Take an offer where I am",
    description=(
        "The offer becomes a coupon of the open visit, if it can be had here and now: at most one of an offer for each "
        "visit. No message is sent. A retry with the same Idempotency-Key gets the first answer."
    ),
    openapi_extra=contract.with_idempotency_key(
        ConsentMissing, pauses.Paused, taking.NotInside, taking.NoSuchOffer, *taking.REFUSALS.values()
    ),
)
def take_offer(request: auth.DeviceRequest, offer_id: UUID) -> HttpResponse:
    now = _called(request)

    def work() -> replies.Reply:
        taken = taking.take_offer(device=request.auth.device, shopper=request.auth.shopper, offer_id=offer_id, now=now)
        said = TakenOut(
            coupon_id=taken.coupon.pk,
            offer_id=offer_id,
            visit_id=taken.visit_id,
            expires_at=taken.coupon.expires_at,
        )
        return replies.Reply(status=201, body=said.model_dump(mode="json"))

    return idempotency.respond(request, caller=request.auth.holder_name, payload=None, now=now, work=work)


def _called(request: auth.DeviceRequest) -> datetime:
    """Consents count as for a report, and in a pause nobody asks where the phone is."""
    now = clock.now()
    rate_limits.spend(request, limits.DEVICE_CALLS, caller=request.auth.name, now=now)
    pauses.refuse_if_paused(pause=request.auth.pause, now=now)
    return now


def _fields(one: listing.OfferHere) -> dict[str, Any]:
    offer = one.offer
    return {
        "id": offer.pk,
        "merchant": offer.merchant.name,
        "merchant_colour": offer.merchant.colour,
        "merchant_logo_url": logos.address_of(merchant=offer.merchant),
        "title": offer.title,
        "text": offer.text,
        "terms": offer.terms,
        "category": offer.category,
        "discount_kind": DiscountKind(offer.discount_kind),
        "discount_value": offer.discount_value,
        "currency": offer.currency,
        "ends_at": offer.ends_at,
        "store": StoreHereOut(id=one.store.pk, name=one.store.name, address=one.store.address),
        "fence_id": one.fence_id,
        "visit_id": one.visit_id,
    }
