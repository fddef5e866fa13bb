"""A phone signs out."""

from typing import Annotated
from uuid import UUID

from ninja import Router
from pydantic import Field

from geooffers.api.edge import clock, contract, rate_limits, strict
from geooffers.api.identity import token_change
from geooffers.callers import limits
from geooffers.shoppers.identity import tokens
from geooffers.usecases.identity import sign_out

router = Router(tags=["Devices"])


class SignOutIn(strict.StrictSchema):
    model_config = strict.example(
        new_token="Qm4xT8vB1nK6sD0fL3zR7yW2cH5jP9gE8aU1oI6tXkE",  # noqa: S106  # the documentation's, nobody's
        language="en",
    )
    new_token: token_change.NewToken
    language: Annotated[
        strict.Language, Field(description="BCP 47 tag for whoever has the phone next; the account's does not stay.")
    ] = "en"


class SignedOutOut(strict.ReplySchema):
    model_config = strict.example(
        device_id="019e7f5c-3a52-7c4e-9d41-0c6a8a1f2b3c", shopper_id="019e7f5c-3a52-7c4e-9d41-0c6a8a1f2b3e"
    )
    device_id: UUID
    shopper_id: Annotated[UUID, Field(description="An anonymous shopper who has nothing yet.")]


@router.post(
    "",
    auth=token_change.shown,
    response=SignedOutOut,
    operation_id="signOut",
    summary="Sign out of the account",
    description=(
        "The account keeps its coupons, visits and consents; what it allowed on this phone ends: location consents, "
        "presence, what is known of where the phone is, waiting messages, and the push address. Delete the Firebase "
        "installation, and call `PUT /devices/me/push` with the new one. The device's token changes to `new_token`; if "
        "the answer is lost, repeat the same call with the old token."
    ),
    openapi_extra=contract.refusals(sign_out.NotSignedIn, tokens.TokenReplaced, tokens.NewTokenTaken),
)
def post(request: token_change.TokenChangeRequest, payload: SignOutIn) -> SignedOutOut:
    now = clock.now()
    rate_limits.spend(request, limits.SIGN_INS, caller=request.auth.name, now=now)
    device = sign_out.sign_out(
        device_id=request.auth.device_id,
        shown_hash=request.auth.token_hash,
        new_hash=tokens.hash_of(payload.new_token),
        language=payload.language,
        now=now,
    )
    return SignedOutOut(device_id=device.pk, shopper_id=device.shopper_id)
