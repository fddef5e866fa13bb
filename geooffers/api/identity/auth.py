"""Who calls: a phone by its own token, a till by an API key, a member of staff by their session."""

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from django.http import HttpRequest
from ninja.security.base import AuthBase
from ninja.utils import check_csrf

from geooffers.api import device_rows
from geooffers.api.device_caller import DeviceCaller, caller_of
from geooffers.api.edge import clock
from geooffers.shoppers.identity import tokens
from geooffers.shoppers.privacy import tombstones
from merchants.models import ApiKey, StaffMember, User
from merchants.people import keys
from merchants.people.access import Scanner

MAX_HEADER = 1024
# Names under which people put tokens into addresses, where every proxy writes them down.
_IN_URL = frozenset({"token", "access_token", "device_token", "api_key", "apikey", "authorization", "bearer"})


class TokenMissing(Exception):
    """Send the token as Authorization: Bearer <token>."""


class TokenUnknown(Exception):
    """Nobody is known by this token."""


class DeviceRetired(Exception):
    """This device was retired; register it again."""


class TokenInUrl(Exception):
    """A token never stands in an address; send it in the Authorization header."""


class AuthorizationTwice(Exception):
    """There is more than one Authorization header."""


class HeaderTooLarge(Exception):
    """The Authorization header is longer than any token."""


class KeyRevoked(Exception):
    """This API key was revoked."""


class ScopeMissing(Exception):
    """This API key may not do that."""


class NotStaff(Exception):
    """Sign in as a member of a merchant's staff, or send an API key."""


class CsrfFailed(Exception):
    """A browser session needs the CSRF token, in the X-CSRFToken header."""


class DeviceRequest(HttpRequest):
    """What an endpoint behind `device_auth` is given."""

    auth: DeviceCaller


class ScannerRequest(HttpRequest):
    """What an endpoint behind `staff_or_key_auth` is given."""

    auth: Scanner


def hash_token(token: str) -> bytes:
    return tokens.hash_of(token)


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


def find_device(token_hash: bytes) -> DeviceCaller:
    """Device, shopper, consents and packed state by one query; by two with the token before, while it is still good."""
    rows = device_rows.find(by="token_hash", value=token_hash)
    if rows is None:
        return _by_the_token_before(token_hash)
    caller = _caller(rows)
    if rows.value("previous_until") is not None:
        tokens.end_grace(device=caller.device)
    return caller


def _by_the_token_before(token_hash: bytes) -> DeviceCaller:
    rows = device_rows.find(by="previous_token_hash", value=token_hash)
    good_until = rows.value("previous_until") if rows is not None else None
    if rows is None or good_until is None or clock.now() >= good_until:
        refuse_unknown(token_hash)
    return _caller(rows)


def find_device_reporting(token_hash: bytes) -> DeviceCaller:
    """The same for a reporting key. It ends at once with the token that it was derived from."""
    rows = device_rows.find(by="token_hash", value=token_hash)
    if rows is None:
        raise TokenUnknown
    return _caller(rows)


def _caller(rows: device_rows.Rows) -> DeviceCaller:
    caller = caller_of(rows)
    if rows.value("retired_at") is not None:
        raise DeviceRetired
    return caller


def refuse_unknown(token_hash: bytes) -> NoReturn:
    """Erased lately, or never known. Asked here only, so that a known token costs one query."""
    if tombstones.erasure_of(token_hash=token_hash, now=clock.now()) is not None:
        raise tombstones.Erased
    raise TokenUnknown


class DeviceToken(AuthBase):
    """The token that the phone made and registered."""

    openapi_type = "http"
    openapi_scheme = "bearer"
    openapi_description = "The device's token: 32 random bytes in base64url, made by the phone."

    def __call__(self, request: HttpRequest) -> DeviceCaller:
        token = bearer(request)
        if token is None:
            raise TokenMissing
        return find_device(hash_token(token))


class KeyOfTill(AuthBase):
    """An API key of a POS or merchant system; without an Authorization header the session is asked."""

    openapi_type = "http"
    openapi_scheme = "bearer"
    openapi_description = "An API key made in the admin (`gok_…`), with the scope that the operation names."

    def __init__(self, scope: str) -> None:
        super().__init__()
        self.scope = scope

    def __call__(self, request: HttpRequest) -> Scanner | None:
        token = bearer(request)
        if token is None:
            return None
        key = (
            ApiKey.objects.filter(key_hash=keys.hash_of(token), merchant__archived_at=None)
            .select_related("merchant", "store")
            .first()
        )
        if key is None:
            raise TokenUnknown
        if key.revoked_at is not None:
            raise KeyRevoked
        if self.scope not in key.scopes:
            raise ScopeMissing
        return Scanner(api_key=key)


class StaffSession(AuthBase):
    """A signed-in member of staff. Browsers send cookies by themselves, so the CSRF token is asked for."""

    openapi_type = "apiKey"
    openapi_in = "cookie"
    openapi_name = "sessionid"
    openapi_description = "The session of a signed-in member of staff, with the CSRF token in `X-CSRFToken`."

    def __call__(self, request: HttpRequest) -> Scanner:
        user = request.user
        if not isinstance(user, User) or not user.is_active:
            raise NotStaff
        member = (
            StaffMember.objects.filter(user=user, archived_at=None, merchant__archived_at=None)
            .select_related("user", "merchant")
            .first()
        )
        if member is None:
            raise NotStaff
        if check_csrf(request):
            raise CsrfFailed
        return Scanner(staff_member=member)


device_auth = DeviceToken()


def staff_or_key_auth(scope: str) -> Sequence[Callable[[HttpRequest], Any]]:
    """For `auth=`: an API key with `scope`, or a member of staff."""
    return [KeyOfTill(scope), StaffSession()]
