"""Who calls to change the device's token: a phone that repeats such a call may still show the token before."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest
from ninja.security.base import AuthBase
from pydantic import Field

from geooffers.api import device_caller
from geooffers.api.edge import strict
from geooffers.api.identity import auth
from geooffers.shoppers.models import Device

NewToken = Annotated[
    strict.DeviceToken,
    Field(description="The device's next token, made by the phone and kept before it calls; valid with the answer."),
]


@dataclass(frozen=True, kw_only=True)
class TokenChanger:
    device_id: UUID
    token_hash: bytes  # of the token that was shown

    @property
    def name(self) -> str:
        return device_caller.name_of_device(self.device_id)


class TokenChangeRequest(HttpRequest):
    auth: TokenChanger


class DeviceTokenOrTheOneBefore(AuthBase):
    """The phone repeats a call whose answer it never saw with its old token; calls of this kind alone still know it."""

    openapi_type = "http"
    openapi_scheme = "bearer"
    openapi_description = "The device's token, or for a repeated call the one that it replaces."

    def __call__(self, request: HttpRequest) -> TokenChanger:
        token = auth.bearer(request)
        if token is None:
            raise auth.TokenMissing
        token_hash = auth.hash_token(token)
        device = Device.objects.filter(Q(token_hash=token_hash) | Q(previous_token_hash=token_hash)).first()
        if device is None:
            auth.refuse_unknown(token_hash)
        if device.retired_at is not None:
            raise auth.DeviceRetired
        return TokenChanger(device_id=device.pk, token_hash=token_hash)


shown = DeviceTokenOrTheOneBefore()
