"""My coupon for the phone's wallet."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from ninja import Router
from pydantic import Field

from geooffers.api.edge import clock, contract, rate_limits, strict
from geooffers.api.identity import app_check, auth
from geooffers.callers import limits
from geooffers.coupons import holdings
from geooffers.usecases.passes.make_pass import make_pass
from geooffers.usecases.passes.make_save_link import make_save_link
from notifications import wallet_credentials
from notifications.channels import google_wallet
from notifications.passes.apple import MEDIA_TYPE
from notifications.passes.apple_keys import AppleKeysUnusable

router = Router(tags=["Coupons"], auth=auth.device_auth)

_ARCHIVE: dict[str, Any] = {
    "responses": {
        200: {
            "description": "The signed pass.",
            "content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}, "example": "PK…"}},
        }
    }
}


class SaveLinkOut(strict.ReplySchema):
    model_config = strict.example(
        link="https://pay.google.com/gp/v/save/eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJnb29nbGUifQ.c2lnbmF0dXJl",
        self_made=False,
    )
    link: str = Field(description="Open it on the phone: Google Wallet asks whether to save the pass.")
    self_made: bool = Field(description="True in the sandbox: the link leads there, and no wallet takes the pass.")


@router.get(
    "/{uuid:coupon_id}/pass.pkpass",
    operation_id="getApplePass",
    summary="One of my coupons as a pass of Apple Wallet",
    description="Hand the bytes to PassKit. A redeemed coupon's pass is voided and has no code any more.",
    openapi_extra={
        **_ARCHIVE,
        **contract.with_app_check(
            contract.refusals(holdings.NoSuchCoupon, wallet_credentials.WalletNotConfigured, AppleKeysUnusable)
        ),
    },
)
def get_apple_pass(request: auth.DeviceRequest, coupon_id: UUID) -> HttpResponse:
    now = clock.now()
    rate_limits.spend(request, limits.PASSES, caller=request.auth.name, now=now)
    # A pass holds the code.
    app_check.verify(request, consume=True)
    made = make_pass(shopper=request.auth.shopper, coupon_id=coupon_id, now=now)
    return HttpResponse(
        made,
        content_type=MEDIA_TYPE,
        headers={"Content-Disposition": f'attachment; filename="coupon-{coupon_id}.pkpass"'},
    )


@router.post(
    "/{uuid:coupon_id}/google-save-link",
    response=SaveLinkOut,
    operation_id="makeGoogleSaveLink",
    summary="A link that saves one of my coupons to Google Wallet",
    description="Tells Google Wallet about the coupon, then signs a link to it. Asking again is harmless.",
    openapi_extra=contract.with_app_check(
        contract.refusals(
            holdings.NoSuchCoupon,
            wallet_credentials.WalletNotConfigured,
            wallet_credentials.GoogleKeysUnusable,
            google_wallet.WalletUnavailable,
            google_wallet.WalletRefused,
        )
    ),
)
def make_google_save_link(request: auth.DeviceRequest, coupon_id: UUID) -> SaveLinkOut:
    now = clock.now()
    rate_limits.spend(request, limits.PASSES, caller=request.auth.name, now=now)
    # A pass holds the code.
    app_check.verify(request, consume=True)
    link = make_save_link(shopper=request.auth.shopper, coupon_id=coupon_id, now=now)
    return SaveLinkOut(link=link.address, self_made=link.self_made)
