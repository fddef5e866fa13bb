"""Who calls to change the device's token: a phone that repeats such a call may still show the token before."""

from typing import Annotated

from django.http import HttpRequest
from ninja.security.base import AuthBase
from pydantic import Field

from geooffers.api.edge import clock, strict
from geooffers.api.identity import auth
from geooffers.callers import device_lookup
from geooffers.shoppers.identity import tokens

NewToken = Annotated[
    strict.DeviceToken,
    Field(description="The device's next token, made by the phone and kept before it calls; valid with the answer."),
]


class TokenChangeRequest(HttpRequest):
    auth: device_lookup.TokenChanger


class DeviceTokenOrTheOneBefore(AuthBase):
    """The phone repeats a call whose answer it never saw with its old token; calls of this kind alone still know it."""

    openapi_type = "http"
    openapi_scheme = "bearer"
    openapi_description = "The device's token, or for a repeated call the one that it replaces."

    def __call__(self, request: HttpRequest) -> device_lookup.TokenChanger:
        token = auth.bearer(request)
        if token is None:
            raise auth.TokenMissing
        return device_lookup.find_changer(token_hash=tokens.hash_of(token), now=clock.now())


shown = DeviceTokenOrTheOneBefore()
