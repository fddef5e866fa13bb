"""A phone signs in to an account with a Firebase ID token."""

from typing import Annotated
from uuid import UUID

from ninja import Router
from pydantic import Field

from geooffers.api.edge import clock, contract, rate_limits, strict
from geooffers.api.identity import app_check, id_tokens, token_change
from geooffers.callers import limits
from geooffers.shoppers.identity import tokens
from geooffers.usecases.identity import attest_device, sign_in

router = Router(tags=["Devices"])


class SignInIn(strict.StrictSchema):
    model_config = strict.example(
        id_token="eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.e30.c2ln",  # noqa: S106  # the documentation's, nobody's
        new_token="Qm4xT8vB1nK6sD0fL3zR7yW2cH5jP9gE8aU1oI6tXkE",  # noqa: S106  # the documentation's, nobody's
    )
    id_token: Annotated[str, Field(min_length=1, description="The Firebase ID token of the account.")]
    new_token: token_change.NewToken


class SignedInOut(strict.ReplySchema):
    model_config = strict.example(
        device_id="019e7f5c-3a52-7c4e-9d41-0c6a8a1f2b3c", shopper_id="019e7f5c-3a52-7c4e-9d41-0c6a8a1f2b3d"
    )
    device_id: UUID
    shopper_id: UUID


@router.post(
    "",
    auth=token_change.shown,
    response=SignedInOut,
    operation_id="signIn",
    summary="Sign in to an account",
    description=(
        "An anonymous device brings what is still good: open coupons, visits, counts, and each consent about which "
        "the account has said nothing. A device of another account brings nothing: its location consents, its "
        "presence and its push address end. The device's token changes to `new_token`; if the answer is lost, repeat "
        "the same call with the old token."
    ),
    openapi_extra=contract.with_app_check(
        contract.refusals(
            id_tokens.SignInOff,
            id_tokens.IdTokenInvalid,
            id_tokens.IdTokenExpired,
            id_tokens.CertificatesUnreachable,
            tokens.TokenReplaced,
            tokens.NewTokenTaken,
        )
    ),
)
def post(request: token_change.TokenChangeRequest, payload: SignInIn) -> SignedInOut:
    now = clock.now()
    rate_limits.spend(request, limits.SIGN_INS, caller=request.auth.name, now=now)
    if app_check.verify(request):
        attest_device.attest_device(device_id=request.auth.device_id, now=now)
    signed_in = sign_in.sign_in(
        device_id=request.auth.device_id,
        shown_hash=request.auth.token_hash,
        new_hash=tokens.hash_of(payload.new_token),
        firebase_uid=id_tokens.uid_of(id_token=payload.id_token),
        now=now,
    )
    return SignedInOut(device_id=signed_in.device_id, shopper_id=signed_in.shopper_id)
