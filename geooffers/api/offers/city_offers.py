"""GET /cities and GET /offers: what is on offer in a city that the shopper chose; nobody is asked where they are."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from ninja import Query, Router
from pydantic import Field

from geooffers.api.edge import clock, contract, paging, rate_limits, strict
from geooffers.api.identity import auth
from geooffers.callers import limits
from merchants.models import DiscountKind, Offer
from merchants.offers import city_offers
from merchants.shops import cities, logos

router = Router(tags=["Offers"], auth=auth.device_auth)

OFFERS_ORDER = ("-starts_at", "-id")
CITIES_ORDER = ("city_key",)

_STORE = {
    "id": "019e7f5c-1b2c-7d3e-8f40-a1b2c3d4e5f6",
    "name": "Café Aino, Senaatintori",
    "address": "Senaatintori 1",
    "lat": 60.1695,
    "lon": 24.9525,
    "open_now": True,
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
    "stores": [_STORE],
    "store_count": 1,
}
_CITY = {"city": "Helsinki", "offers": 12}


class CitiesIn(strict.StrictSchema):
    # Values of a query are text; "20" is how it says 20.
    limit: Annotated[int, Field(ge=1, le=100, strict=False, description="How many at most.")] = 20
    cursor: paging.PageCursor = None


class CityOut(strict.ReplySchema):
    model_config = strict.example(**_CITY)
    city: str = Field(description="As most of its stores write it.")
    offers: int = Field(description="How many are live there now.")


class CitiesOut(strict.ReplySchema):
    model_config = strict.example(cities=[_CITY], next_cursor=None)
    cities: list[CityOut]
    next_cursor: str | None


class OffersIn(strict.StrictSchema):
    city: Annotated[
        str,
        Field(
            min_length=1,
            max_length=cities.LONGEST,
            description="In any spelling: case, accents and hyphens make no difference.",
            examples=["Helsinki"],
        ),
    ]
    limit: Annotated[int, Field(ge=1, le=100, strict=False, description="How many at most.")] = 20
    cursor: paging.PageCursor = None


class OfferStoreOut(strict.ReplySchema):
    model_config = strict.example(**_STORE)
    id: UUID
    name: str
    address: str
    lat: float
    lon: float
    open_now: bool = Field(description="Whether the offer's weekly hours are open there now.")


class OfferOut(strict.ReplySchema):
    """What a merchant promises, as its coupon would say it. A coupon comes of a visit to one of the stores."""

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
    stores: list[OfferStoreOut] = Field(
        description=f"Those in the city, by name; the first {city_offers.STORES_SHOWN}."
    )
    store_count: int = Field(description="How many there are in the city.")


class OffersOut(strict.ReplySchema):
    model_config = strict.example(offers=[_OFFER], next_cursor=None)
    offers: list[OfferOut]
    next_cursor: str | None


@router.get(
    "/cities",
    response=CitiesOut,
    operation_id="listCities",
    summary="List cities with live offers",
    description=(
        "For a shopper who chooses a city instead of telling where they are; in alphabetical order. A page may hold "
        "fewer than `limit`: cities where nothing is on offer now are left out of it."
    ),
    openapi_extra=contract.refusals(paging.BadCursor),
)
def list_cities(request: auth.DeviceRequest, query: Query[CitiesIn]) -> CitiesOut:
    now = _called(request, limits.CITY_LISTS)
    page = paging.page(
        rows=city_offers.city_keys(), order=CITIES_ORDER, of="cities", cursor=query.cursor, limit=query.limit
    )
    keys = [row.city_key for row in page.rows]
    live, names = city_offers.counted(keys=keys, now=now), city_offers.spellings(keys=keys)
    return CitiesOut(
        cities=[CityOut(city=names[key], offers=live[key]) for key in keys if key in live and key in names],
        next_cursor=page.next_cursor,
    )


@router.get(
    "/offers",
    response=OffersOut,
    operation_id="listOffers",
    summary="List the live offers of a city",
    description=(
        "Published, within their time, not used up, at stores in this city; the newest first. Nobody is asked where "
        "they are, and no consent to location is needed. A city that nobody knows has none."
    ),
    openapi_extra=contract.refusals(paging.BadCursor),
)
def list_offers(request: auth.DeviceRequest, query: Query[OffersIn]) -> OffersOut:
    now = _called(request, limits.DEVICE_CALLS)
    key = cities.key_of(query.city)
    if not key:
        return OffersOut(offers=[], next_cursor=None)
    page = paging.page(
        rows=city_offers.offers_in(city_key=key, now=now),
        order=OFFERS_ORDER,
        of=f"offers of {key}",
        cursor=query.cursor,
        limit=query.limit,
    )
    stores = city_offers.stores_of(offers=page.rows, city_key=key, now=now)
    return OffersOut(offers=[_offer_out(offer, stores[offer.pk]) for offer in page.rows], next_cursor=page.next_cursor)


def _called(request: auth.DeviceRequest, limit: limits.Limit) -> datetime:
    now = clock.now()
    rate_limits.spend(request, limit, caller=request.auth.name, now=now)
    return now


def _offer_out(offer: Offer, stores: city_offers.StoresInCity) -> OfferOut:
    return OfferOut(
        id=offer.pk,
        merchant=offer.merchant.name,
        merchant_colour=offer.merchant.colour,
        merchant_logo_url=logos.address_of(merchant=offer.merchant),
        title=offer.title,
        text=offer.text,
        terms=offer.terms,
        category=offer.category,
        discount_kind=DiscountKind(offer.discount_kind),
        discount_value=offer.discount_value,
        currency=offer.currency,
        ends_at=offer.ends_at,
        stores=[
            OfferStoreOut(
                id=each.store.pk,
                name=each.store.name,
                address=each.store.address,
                lat=each.store.lat,
                lon=each.store.lon,
                open_now=each.open_now,
            )
            for each in stores.shown
        ],
        store_count=stores.count,
    )
