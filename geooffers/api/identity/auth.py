"""Who calls over HTTP: a phone by its own token, a till by an API key, a member of staff by their session.

What is read here is the request. Who has shown that token or key, `callers` knows.
"""

from collections.abc import Callable, Sequence
from typing import Any

from django.http import HttpRequest
from ninja.security.base import AuthBase
from ninja.utils import check_csrf

from geooffers.api.edge import clock
from geooffers.callers import device_lookup, scanners
from geooffers.shoppers.identity import tokens
from merchants.people.access import Scanner

MAX_HEADER = 1024
# Names under which people put tokens into addresses, where every proxy writes them down.
_IN_URL = frozenset({"token", "access_token", "device_token", "api_key", "apikey", "authorization", "bearer"})


class TokenMissing(Exception):
    """Send the token as Authorization: Bearer <token>."""


class TokenInUrl(Exception):
    """A token never stands in an address; send it in the Authorization header."""


class AuthorizationTwice(Exception):
    """There is more than one Authorization header."""


class HeaderTooLarge(Exception):
    """The Authorization header is longer than any token."""


class CsrfFailed(Exception):
    """A browser session needs the CSRF token, in the X-CSRFToken header."""


class DeviceRequest(HttpRequest):
    """What an endpoint behind `device_auth` is given."""

    auth: device_lookup.DeviceCaller


class ScannerRequest(HttpRequest):
    """What an endpoint behind `staff_or_key_auth` is given."""

    auth: Scanner


def authorization(request: HttpRequest) -> tuple[str, str] | None:
    """Scheme (in small letters) and credentials of the one Authorization header, or None without one."""
    if not _IN_URL.isdisjoint(name.lower() for name in request.GET):
        raise TokenInUrl
    header = request.headers.get("Authorization")
    if header is None:
        return None
    if len(header) > MAX_HEADER:
        raise HeaderTooLarge
    if "," in header:  # how WSGI servers hand over two headers of one name; no token of ours has a comma
        raise AuthorizationTwice
    scheme, _, credentials = header.strip().partition(" ")
    return scheme.lower(), credentials.strip()


def bearer(request: HttpRequest) -> str | None:
    """The token of the one Authorization header, or None without one."""
    shown = authorization(request)
    if shown is None:
        return None
    scheme, token = shown
    if scheme != "bearer" or not token:
        raise TokenMissing
    return token


class DeviceToken(AuthBase):
    """The token that the phone made and registered."""

    openapi_type = "http"
    openapi_scheme = "bearer"
    openapi_description = "The device's token: 32 random bytes in base64url, made by the phone."

    def __call__(self, request: HttpRequest) -> device_lookup.DeviceCaller:
        token = bearer(request)
        if token is None:
            raise TokenMissing
        return device_lookup.find(token_hash=tokens.hash_of(token), now=clock.now())


class KeyOfTill(AuthBase):
    """An API key of a POS or merchant system; without an Authorization header the session is asked."""

    openapi_type = "http"
    openapi_scheme = "bearer"
    openapi_description = "An API key made in the admin (`gok_…`), with the scope that the operation names."

    def __init__(self, scope: str) -> None:
        super().__init__()
        self.scope = scope

    def __call__(self, request: HttpRequest) -> Scanner | None:
        key = bearer(request)
        return None if key is None else scanners.find_by_key(key=key, scope=self.scope)


class StaffSession(AuthBase):
    """A signed-in member of staff. Browsers send cookies by themselves, so the CSRF token is asked for."""

    openapi_type = "apiKey"
    openapi_in = "cookie"
    openapi_name = "sessionid"
    openapi_description = "The session of a signed-in member of staff, with the CSRF token in `X-CSRFToken`."

    def __call__(self, request: HttpRequest) -> Scanner:
        scanner = scanners.find_by_user(request.user)
        if check_csrf(request):
            raise CsrfFailed
        return scanner


device_auth = DeviceToken()


def staff_or_key_auth(scope: str) -> Sequence[Callable[[HttpRequest], Any]]:
    """For `auth=`: an API key with `scope`, or a member of staff."""
    return [KeyOfTill(scope), StaffSession()]
