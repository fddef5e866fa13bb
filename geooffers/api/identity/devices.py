"""A phone registers, says where its messages go, and renews its token."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Status
from pydantic import Field

from geooffers.api.edge import client_address, clock, contract, rate_limits, strict
from geooffers.api.identity import age_and_residence, app_check, auth, token_change
from geooffers.callers import limits
from geooffers.jurisdictions import codes
from geooffers.shoppers.identity import tokens
from geooffers.shoppers.models import Age, Device, PushKind
from geooffers.shoppers.privacy import tombstones
from geooffers.usecases.identity import attest_device, register_device, renew_push_address, renew_token

router = Router(tags=["Devices"])

_INSTALL = "0f8b1c52-6a0e-4d5b-9a51-2f7f0e6f3a11"
_DEVICE = "019e7f5c-3a52-7c4e-9d41-0c6a8a1f2b3c"
_TOKEN = "nJ3kq0vX7b2Wc9sLr5tYh8mPz1dFg4aQe6uRo0iKxwA"  # noqa: S105  # the documentation's, nobody's
_FID = "cH5jP9gE8aU1oI6tXkEQm4"

Address = Annotated[
    str,
    Field(
        min_length=1,
        max_length=512,
        pattern=r"^[!-~]+$",
        description="What Firebase gave the app: an installation id (`fid`) or a registration token (`token`).",
    ),
]


class PushIn(strict.StrictSchema):
    """Where Firebase reaches the app."""

    model_config = strict.example(kind="fid", address=_FID)
    kind: Annotated[PushKind, Field(strict=False)]
    address: Address


class DeviceIn(strict.StrictSchema):
    model_config = strict.example(
        install_id=_INSTALL,
        token=_TOKEN,
        platform="android",
        app_version="1.4.0",
        language="en",
        push={"kind": "fid", "address": _FID},
        age="18_plus",
        jurisdiction="FI",
    )
    install_id: Annotated[strict.Uuid, Field(description="Random, made by the app at installation.")]
    token: Annotated[strict.DeviceToken, Field(description="32 random bytes in base64url, made by the phone and kept.")]
    platform: Literal["android", "ios", "web"]
    app_version: Annotated[str, Field(max_length=40)] = ""
    language: Annotated[strict.Language, Field(description="BCP 47 tag chosen in the app.")] = "en"
    push: PushIn | None = None
    age: age_and_residence.AgeIn = Age.UNKNOWN
    jurisdiction: age_and_residence.Jurisdiction | None = None


class NewTokenIn(strict.StrictSchema):
    model_config = strict.example(new_token="Qm4xT8vB1nK6sD0fL3zR7yW2cH5jP9gE8aU1oI6tXkE")  # noqa: S106  # nobody's
    new_token: token_change.NewToken


class DeviceOut(strict.ReplySchema):
    model_config = strict.example(
        device_id=_DEVICE, signed_in=False, language="en", push_kind="fid", created_at="2026-06-02T12:00:00Z"
    )
    device_id: UUID
    signed_in: bool
    language: str
    push_kind: Annotated[str | None, Field(description="`fid`, `token`, or null: no message can be sent.")]
    created_at: datetime


def _push(shown: PushIn | None) -> register_device.PushAddress | None:
    if shown is None:
        return None
    return register_device.PushAddress(kind=PushKind(shown.kind), address=shown.address)


def _out(device: Device) -> DeviceOut:
    return DeviceOut(
        device_id=device.pk,
        signed_in=not device.shopper.is_anonymous,
        language=device.shopper.language,
        push_kind=device.push_kind or None,
        created_at=device.created_at,
    )


@router.post(
    "",
    auth=None,
    response={200: DeviceOut, 201: DeviceOut},
    operation_id="registerDevice",
    summary="Register a device",
    description=(
        "The phone makes its own token; we keep its hash and never send it back. Repeating the call with the same "
        "`install_id` and `token` answers 200 with the same device, so a lost answer is no harm."
    ),
    openapi_extra=contract.with_app_check(
        contract.refusals(
            register_device.InstallKnown,
            register_device.InstallRevoked,
            register_device.TokenTaken,
            codes.UnknownJurisdiction,
        )
    ),
)
def register(request: HttpRequest, payload: DeviceIn) -> Status[DeviceOut]:
    now = clock.now()
    rate_limits.spend(request, limits.REGISTRATIONS, caller=client_address.as_caller(request), now=now)
    vouched = app_check.verify(request)
    registered = register_device.register_device(
        install_id=payload.install_id,
        token_hash=tokens.hash_of(payload.token),
        platform=payload.platform,
        app_version=payload.app_version,
        language=payload.language,
        push=_push(payload.push),
        age=Age(payload.age),
        jurisdiction=payload.jurisdiction or "",
        now=now,
    )
    if vouched:
        attest_device.attest_device(device_id=registered.device.pk, now=now)
    device = Device.objects.select_related("shopper").filter(pk=registered.device.pk).first()
    if device is None:
        raise tombstones.Erased  # by another call, since
    return Status(201 if registered.created else 200, _out(device))


@router.put(
    "/me/push",
    auth=auth.device_auth,
    response={204: None},
    operation_id="renewPushAddress",
    summary="Say where messages go",
    description=(
        "Call it whenever Firebase hands the app a new address. An address that another device showed before is "
        "taken over: one address, one device."
    ),
)
def renew_push(request: auth.DeviceRequest, payload: PushIn) -> Status[None]:
    now = clock.now()
    rate_limits.spend(request, limits.DEVICE_CALLS, caller=request.auth.name, now=now)
    renew_push_address.renew_push_address(
        device=request.auth.device, kind=PushKind(payload.kind), address=payload.address, now=now
    )
    return Status(204, None)


@router.post(
    "/me/token",
    auth=token_change.shown,
    response={204: None},
    operation_id="renewToken",
    summary="Renew the device's token",
    description=(
        "The phone makes the next token and keeps it before it calls. The one before opens what it opened until the "
        "new one is used for the first time, for ten minutes at most, so that what is under way goes on. If the answer "
        "is lost, repeat the same call with the old token, however much later. The reporting key changes with it."
    ),
    openapi_extra=contract.refusals(tokens.TokenReplaced, tokens.NewTokenTaken),
)
def renew(request: token_change.TokenChangeRequest, payload: NewTokenIn) -> Status[None]:
    now = clock.now()
    rate_limits.spend(request, limits.SIGN_INS, caller=request.auth.name, now=now)
    renew_token.renew_token(
        device_id=request.auth.device_id,
        shown_hash=request.auth.token_hash,
        new_hash=tokens.hash_of(payload.new_token),
        now=now,
    )
    return Status(204, None)
