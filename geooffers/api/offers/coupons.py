"""A shopper's own coupons, for the phone in their hand."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from ninja import Query, Router
from pydantic import Field

from geooffers.api.edge import clock, contract, paging, rate_limits, strict
from geooffers.api.identity import app_check, auth
from geooffers.callers import limits
from geooffers.coupons import holdings, keyring
from geooffers.coupons.models import Coupon, CouponState
from geooffers.usecases.identity import attest_device
from merchants.models import DiscountKind
from merchants.shops import logos

router = Router(tags=["Coupons"], auth=auth.device_auth)

ORDER = ("-issued_at", "-id")
_EXAMPLE = {
    "id": "019e7f5c-3a52-7c4e-9d41-0c6a8a1f2b3c",
    "offer_id": "019e7f5c-1b2c-7d3e-8f40-a1b2c3d4e5f6",
    "merchant": "Café Aino",
    "merchant_colour": "#2456d6",
    "merchant_logo_url": "/logos/019e7f5b-9c10-7a21-8b32-d4e5f6a7b8c9/3f1c0a9be27d4c58a6f0e1d2c3b4a596.png",
    "title": "Free cardamom bun",
    "text": "With any coffee, today.",
    "terms": "One for each guest.",
    "discount_kind": "free_item",
    "discount_value": "0.00",
    "currency": "",
    "state": "open",
    "issued_at": "2026-06-02T12:00:00Z",
    "expires_at": "2026-06-02T13:00:00Z",
    "redeemed_at": None,
    "seen_at": None,
    "saved_at": None,
    "dismissed_at": None,
}


class CouponOut(strict.ReplySchema):
    """A coupon of mine, without its code."""

    model_config = strict.example(**_EXAMPLE)
    id: UUID
    offer_id: UUID
    merchant: str
    merchant_colour: str = Field(description="The background of coupons of theirs: # and six hexadecimal digits.")
    merchant_logo_url: str | None = Field(
        description="A PNG of at most 480 by 480 pixels, relative to this server; null without a logo. What lies "
        "there never changes: another logo has another address.",
        json_schema_extra={"format": "uri-reference"},
    )
    title: str
    text: str
    terms: str
    discount_kind: DiscountKind
    discount_value: Decimal = Field(description="Percent, or an amount in `currency`; 0 for something free.")
    currency: str = Field(description="ISO 4217, or empty.")
    state: CouponState
    issued_at: datetime
    expires_at: datetime
    redeemed_at: datetime | None
    seen_at: datetime | None
    saved_at: datetime | None
    dismissed_at: datetime | None


class CouponWithCodeOut(CouponOut):
    model_config = strict.example(**_EXAMPLE, code="K7QM-2F9X-C0TDR")
    code: str | None = Field(description="What the till scans or types. Null once the coupon is redeemed or expired.")


class CouponsOut(strict.ReplySchema):
    model_config = strict.example(coupons=[_EXAMPLE], next_cursor=None)
    coupons: list[CouponOut]
    next_cursor: str | None


class PageIn(strict.StrictSchema):
    # Values of a query are text; "20" is how it says 20.
    limit: Annotated[int, Field(ge=1, le=100, strict=False, description="How many at most.")] = 20
    cursor: paging.PageCursor = None


@router.get(
    "",
    response=CouponsOut,
    operation_id="listCoupons",
    summary="List my coupons, the newest first",
    description="Every coupon the shopper was ever given, on whichever of their phones.",
    openapi_extra=contract.refusals(paging.BadCursor),
)
def list_coupons(request: auth.DeviceRequest, query: Query[PageIn]) -> CouponsOut:
    now = _called(request)
    shopper = request.auth.shopper
    page = paging.page(
        rows=holdings.coupons_of(shopper=shopper),
        order=ORDER,
        of=f"coupons of {shopper.pk}",
        cursor=query.cursor,
        limit=query.limit,
    )
    return CouponsOut(coupons=[coupon_out(row, now=now) for row in page.rows], next_cursor=page.next_cursor)


@router.get(
    "/{uuid:coupon_id}",
    response=CouponWithCodeOut,
    operation_id="getCoupon",
    summary="One of my coupons, with its code",
    description="The code is made anew each time and stored nowhere; another phone of the shopper shows the same.",
    openapi_extra=contract.with_app_check(contract.refusals(holdings.NoSuchCoupon)),
)
def get_coupon(request: auth.DeviceRequest, coupon_id: UUID) -> CouponWithCodeOut:
    now = _called(request)
    coupon = holdings.coupon_of(shopper=request.auth.shopper, coupon_id=coupon_id)
    if coupon.is_usable(now) and app_check.verify(request, consume=True):
        attest_device.attest_device(device_id=request.auth.device_id, now=now)
    code = str(keyring.code_of(coupon)) if coupon.is_usable(now) else None
    return CouponWithCodeOut(**_fields(coupon, now=now), code=code)


@router.post(
    "/{uuid:coupon_id}/{mark}",
    response=CouponOut,
    operation_id="markCoupon",
    summary="Mark a coupon seen, saved or dismissed",
    description="The first time stands; repeating it changes nothing. A dismissed coupon is still honoured at a till.",
    openapi_extra=contract.refusals(holdings.NoSuchCoupon),
)
def mark_coupon(request: auth.DeviceRequest, coupon_id: UUID, mark: holdings.CouponMark) -> CouponOut:
    now = _called(request)
    return coupon_out(holdings.mark(shopper=request.auth.shopper, coupon_id=coupon_id, as_=mark, now=now), now=now)


def coupon_out(coupon: Coupon, *, now: datetime) -> CouponOut:
    return CouponOut(**_fields(coupon, now=now))


def _called(request: auth.DeviceRequest) -> datetime:
    now = clock.now()
    rate_limits.spend(request, limits.DEVICE_CALLS, caller=request.auth.name, now=now)
    return now


def _fields(coupon: Coupon, *, now: datetime) -> dict[str, Any]:
    # The task that closes expired coupons runs every 30 seconds; an answer in between is right all the same.
    over = coupon.state == CouponState.OPEN and not coupon.is_usable(now)
    return {
        "id": coupon.pk,
        "offer_id": coupon.offer_id,
        "merchant": coupon.offer.merchant.name,
        "merchant_colour": coupon.offer.merchant.colour,
        "merchant_logo_url": logos.address_of(merchant=coupon.offer.merchant),
        "title": coupon.title,
        "text": coupon.text,
        "terms": coupon.terms,
        "discount_kind": coupon.discount_kind,
        "discount_value": coupon.discount_value,
        "currency": coupon.currency,
        "state": CouponState.EXPIRED if over else coupon.state,
        "issued_at": coupon.issued_at,
        "expires_at": coupon.expires_at,
        "redeemed_at": coupon.redeemed_at,
        "seen_at": coupon.seen_at,
        "saved_at": coupon.saved_at,
        "dismissed_at": coupon.dismissed_at,
    }
