"""At the till: what is this coupon worth, and honour it. Codes stand in bodies, never in addresses."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from django.http import HttpResponse
from ninja import Router, Status
from pydantic import Field

from geooffers.api.edge import clock, contract, idempotency, rate_limits, strict
from geooffers.api.identity import auth
from geooffers.callers import limits
from geooffers.coupons import codes
from geooffers.coupons.models import Coupon
from geooffers.redemptions import redeeming
from geooffers.usecases.till import look_up_coupon, redeem_coupon
from merchants.models import DiscountKind
from merchants.people import access, keys

router = Router(tags=["Till"])

# What a scan of either kind is refused with.
SCAN_REFUSALS = (
    codes.MalformedCode,
    codes.BadCheckSymbol,
    redeeming.UnknownCode,
    redeeming.WrongStore,
    redeeming.NotYetValid,
    redeeming.CouponExpired,
    redeeming.AlreadyRedeemed,
    access.MayNotScan,
    access.NoSuchStore,
    access.StoreNeeded,
)

# Documented by hand: declared as a parameter, a missing key would be a 422 of the framework instead of our 400.
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "1 to 255 visible ASCII characters: new for every scan, kept for its retries.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    "example": "till-3-000481",
}


class ScanIn(strict.StrictSchema):
    model_config = strict.example(code="0000-0000-00012", store_id="019e7f5c-0d11-7a02-8c33-5b1f2e3d4c5b")
    code: Annotated[
        str,
        Field(min_length=1, max_length=64, description="As scanned or typed: case, spaces and dashes do not matter."),
    ]
    store_id: Annotated[
        strict.Uuid | None,
        Field(description="Where it is scanned. Needed of staff who stand in several stores; a key has its one store."),
    ] = None


class FoundOut(strict.ReplySchema):
    """What the coupon promises, as it was when it was issued. No shopper: a till learns what to give, not to whom."""

    model_config = strict.example(
        title="Free cardamom bun",
        text="With any coffee, today.",
        terms="One for each guest.",
        discount_kind="free_item",
        discount_value="0.00",
        currency="",
        expires_at="2026-06-02T13:00:00Z",
    )
    title: str
    text: str
    terms: str
    discount_kind: DiscountKind
    discount_value: Decimal = Field(description="Percent, or an amount in `currency`; 0 for something free.")
    currency: str = Field(description="ISO 4217, or empty.")
    expires_at: datetime


class RedemptionOut(strict.ReplySchema):
    model_config = strict.example(
        redemption_id="019e7f5c-3a52-7c4e-9d41-0c6a8a1f2b3c",
        store_id="019e7f5c-0d11-7a02-8c33-5b1f2e3d4c5b",
        offer_id="019e7f5c-1b2c-7d3e-8f40-a1b2c3d4e5f6",
        title="Free cardamom bun",
        discount_kind="free_item",
        discount_value="0.00",
        currency="",
        redeemed_at="2026-06-02T12:04:11Z",
    )
    redemption_id: UUID
    store_id: UUID
    offer_id: UUID
    title: str
    discount_kind: DiscountKind
    discount_value: Decimal
    currency: str
    redeemed_at: datetime


@router.post(
    "/lookups",
    auth=auth.staff_or_key_auth(keys.COUPONS_LOOKUP),
    response=FoundOut,
    operation_id="lookUpCoupon",
    summary="Look up a coupon by its code",
    description=(
        "What the coupon promises, if it would be honoured at this store now; else the refusal that a redemption "
        "would get. Nothing is reserved by asking. A key needs the scope `coupons:lookup`."
    ),
    openapi_extra=contract.refusals(*SCAN_REFUSALS),
)
def look_up(request: auth.ScannerRequest, payload: ScanIn) -> Coupon:
    now = clock.now()
    rate_limits.spend(request, limits.SCANS, caller=request.auth.name, now=now)
    return look_up_coupon.look_up_coupon(text=payload.code, scanned_by=request.auth, store_id=payload.store_id, now=now)


@router.post(
    "/redemptions",
    auth=auth.staff_or_key_auth(keys.COUPONS_REDEEM),
    response={201: RedemptionOut},
    operation_id="redeemCoupon",
    summary="Redeem a coupon",
    description=(
        "Honours the coupon, once. A retry with the same `Idempotency-Key` gets the same answer for as long as the "
        "coupon exists, marked `Idempotent-Replayed: true`. A refusal changed nothing and does not use up the key. "
        "An API key needs the scope `coupons:redeem`."
    ),
    openapi_extra=contract.refusals(
        *SCAN_REFUSALS, redeeming.NonceReused, idempotency.KeyRequired, idempotency.KeyInvalid
    )
    | {"parameters": [IDEMPOTENCY_KEY]},
)
def redeem(
    request: auth.ScannerRequest,
    response: HttpResponse,
    payload: ScanIn,
) -> Status[RedemptionOut]:
    now = clock.now()
    nonce = idempotency.key_of(request)
    rate_limits.spend(request, limits.SCANS, caller=request.auth.name, now=now)
    done = redeem_coupon.redeem_coupon(
        text=payload.code,
        scanned_by=request.auth,
        store_id=payload.store_id,
        nonce=nonce,
        now=now,
    )
    if done.replayed:
        response["Idempotent-Replayed"] = "true"
    row = done.redemption
    return Status(
        201,
        RedemptionOut(
            redemption_id=row.pk,
            store_id=row.store_id,
            offer_id=row.offer_id,
            title=row.coupon.title,
            discount_kind=DiscountKind(row.discount_kind),
            discount_value=row.value,
            currency=row.currency,
            redeemed_at=row.redeemed_at,
        ),
    )
