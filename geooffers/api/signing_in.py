"""A phone signs in to an account with a Firebase ID token."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest
from ninja import Router
from ninja.security.base import AuthBase
from pydantic import Field

from geooffers.api import auth, clock, contract, id_tokens, limits, strict
from geooffers.shoppers.models import Device
from geooffers.usecases import sign_in

router = Router(tags=["Devices"])


@dataclass(frozen=True, kw_only=True)
class SignInCaller:
    device_id: UUID
    token_hash: bytes


class SignInRequest(HttpRequest):
    auth: SignInCaller


class DeviceTokenOrTheOneBefore(AuthBase):
    """The phone repeats a sign-in whose answer it never saw with its old token; here alone that one is still known."""

    openapi_type = "http"
    openapi_scheme = "bearer"
    openapi_description = "The device's token, or for a repeated sign-in the one it replaces."

    def __call__(self, request: HttpRequest) -> SignInCaller:
        token = auth.bearer(request)
        if token is None:
            raise auth.TokenMissing
        token_hash = auth.hash_token(token)
        device = Device.objects.filter(Q(token_hash=token_hash) | Q(previous_token_hash=token_hash)).first()
        if device is None:
            auth.refuse_unknown(token_hash)
        if device.retired_at is not None:
            raise auth.DeviceRetired
        return SignInCaller(device_id=device.pk, token_hash=token_hash)


class SignInIn(strict.StrictSchema):
    model_config = strict.example(
        id_token="eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.e30.c2ln",  # noqa: S106  # the documentation's, nobody's
        new_token="Qm4xT8vB1nK6sD0fL3zR7yW2cH5jP9gE8aU1oI6tXkE",  # noqa: S106  # the documentation's, nobody's
    )
    id_token: Annotated[str, Field(min_length=1, max_length=8192, description="The Firebase ID token of the account.")]
    new_token: Annotated[
        strict.DeviceToken, Field(description="The device's next token, made by the phone; valid with the answer.")
    ]


class SignedInOut(strict.ReplySchema):
    model_config = strict.example(
        device_id="019e7f5c-3a52-7c4e-9d41-0c6a8a1f2b3c", shopper_id="019e7f5c-3a52-7c4e-9d41-0c6a8a1f2b3d"
    )
    device_id: UUID
    shopper_id: UUID


@router.post(
    "",
    auth=DeviceTokenOrTheOneBefore(),
    response=SignedInOut,
    operation_id="signIn",
    summary="Sign in to an account",
    description=(
        "An anonymous device brings what is still good: open coupons, visits, counts, and each consent about which "
        "the account has said nothing. A device of another account brings nothing: its location consents and its "
        "presence end. The device's token changes to `new_token`; if the answer is lost, repeat the same call with "
        "the old token."
    ),
    openapi_extra=contract.refusals(
        id_tokens.SignInOff,
        id_tokens.IdTokenInvalid,
        id_tokens.IdTokenExpired,
        id_tokens.CertificatesUnreachable,
        sign_in.TokenReplaced,
        sign_in.NewTokenTaken,
    ),
)
def post(request: SignInRequest, payload: SignInIn) -> SignedInOut:
    now = clock.now()
    limits.spend(request, limits.SIGN_INS, caller=auth.name_of_device(request.auth.device_id), now=now)
    signed_in = sign_in.sign_in(
        device_id=request.auth.device_id,
        shown_hash=request.auth.token_hash,
        new_hash=auth.hash_token(payload.new_token),
        firebase_uid=id_tokens.uid_of(id_token=payload.id_token),
        now=now,
    )
    return SignedInOut(device_id=signed_in.device_id, shopper_id=signed_in.shopper_id)
