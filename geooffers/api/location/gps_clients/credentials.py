"""What a foreign client shows: the device's token or its reporting key, where the client has room for it.

Bearer or Basic (the password; the user name is anything) everywhere. In an address nothing but a reporting key: it is
a secret in somebody's logs, and all that it opens is reporting.
"""

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from typing import Any

from django.http import HttpRequest
from ninja.security.base import AuthBase

from geooffers.api.edge import clock
from geooffers.api.identity import auth
from geooffers.api.location.gps_clients.parsing import fields
from geooffers.callers import device_lookup, reporting_keys
from geooffers.callers.device_lookup import DeviceCaller
from geooffers.shoppers.identity import tokens

_DEVICE_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
ID_NAMES = ("id", "deviceid")


def find_caller(secret: str) -> DeviceCaller:
    if secret.startswith(reporting_keys.PREFIX):
        return reporting_keys.find_device(secret)
    return device_lookup.find(token_hash=tokens.hash_of(secret), now=clock.now())


class ReporterBearer(AuthBase):
    openapi_type = "http"
    openapi_scheme = "bearer"
    openapi_description = "The device's token, or its reporting key (`grk_…`, from `GET /ingest/key`)."

    def __call__(self, request: HttpRequest) -> DeviceCaller | None:
        shown = auth.authorization(request)
        return find_caller(shown[1]) if shown is not None and shown[0] == "bearer" and shown[1] else None


class ReporterBasic(AuthBase):
    openapi_type = "http"
    openapi_scheme = "basic"
    openapi_description = "The device's token, or its reporting key, as the password. The user name may be anything."

    def __call__(self, request: HttpRequest) -> DeviceCaller | None:
        shown = auth.authorization(request)
        if shown is None or shown[0] != "basic":
            return None
        try:
            _, _, password = base64.b64decode(shown[1], validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise device_lookup.TokenUnknown from None
        return find_caller(password) if password else None


class ReporterId(AuthBase):
    """In the query, as `id` or `deviceid`."""

    openapi_type = "apiKey"
    openapi_in = "query"
    openapi_name = "id"
    openapi_description = "The device's reporting key. Never its token: addresses are written down by proxies."

    def __call__(self, request: HttpRequest) -> DeviceCaller | None:
        shown = fields.first(request.GET, ID_NAMES)
        if shown is None:
            return None
        if _DEVICE_TOKEN.fullmatch(shown):
            raise auth.TokenInUrl
        return find_caller(shown) if shown.startswith(reporting_keys.PREFIX) else _unknown()


def _unknown() -> DeviceCaller:
    raise device_lookup.TokenUnknown


def nobody(request: HttpRequest) -> None:
    """Last in a list of `auth=`: none of those before it was shown."""
    raise auth.TokenMissing


by_header: Sequence[Callable[[HttpRequest], Any]] = [ReporterBearer(), ReporterBasic(), nobody]
by_header_or_address: Sequence[Callable[[HttpRequest], Any]] = [
    ReporterBearer(),
    ReporterBasic(),
    ReporterId(),
    nobody,
]
