"""Google Play Integrity: what Google says of an Android phone and of the app on it. docs/identity.md tells what comes
of it. Off, unless GEOOFFERS_PLAY_INTEGRITY_PACKAGE names the app.

The phone asks us for a challenge and Play for a token that carries it; Google decodes the token for us. The challenge
is an HMAC of the phone's id and the time, so nothing is kept of it and Google learns neither.
"""

import hmac
import logging
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import google.auth.exceptions
import requests
from django.conf import settings
from django.utils.crypto import salted_hmac
from google.auth import credentials as google_credentials
from google.auth.transport.requests import AuthorizedSession
from google.oauth2 import service_account

from geooffers.api.identity.id_tokens import TIMEOUT_S
from geooffers.shoppers.models import Integrity
from notifications.sandbox.credentials import sandbox_credentials
from notifications.sandbox.keys import load_keys

log = logging.getLogger(__name__)

GOOGLE = "https://playintegrity.googleapis.com"
SCOPES = ("https://www.googleapis.com/auth/playintegrity",)
# Google names no limit; tokens have some two thousand characters.
MOST_CHARACTERS = 16_384
# From the challenge to the token's arrival here; and so far may Google's clock be from ours.
ANSWERED_WITHIN = timedelta(minutes=10)
CLOCKS_APART = timedelta(minutes=1)


class IntegrityOff(Exception):
    """This service does not ask for Google Play's verdict."""


class IntegrityInvalid(Exception):
    """This is not an integrity token of our app for this phone's newest challenge; ask for both anew."""


class IntegrityUnreachable(Exception):
    """Google could not be asked about the integrity token just now."""

    retry_after_s = 5


class IntegrityRefused(Exception):
    """Google does not decode tokens of this app for this service account."""


@dataclass(frozen=True, kw_only=True)
class IntegrityVerdict:
    """`integrity` is None where Google could not say. `at`: when Google said it."""

    integrity: Integrity | None
    at: datetime


def challenge(*, device_id: UUID, now: datetime) -> str:
    """What the token has to carry as its `requestHash`."""
    return _challenge(device_id, int(now.timestamp()))


def _challenge(device_id: UUID, second: int) -> str:
    digest = salted_hmac("geooffers.play_integrity", f"{device_id}:{second}", algorithm="sha256").digest()
    return f"{second}.{urlsafe_b64encode(digest).decode().rstrip('=')}"


def verdict(token: str, *, device_id: UUID, now: datetime) -> IntegrityVerdict:
    """One call to Google. No transaction is open meanwhile."""
    refuse_if_off()
    return judged(_decoded(token), package=settings.PLAY_INTEGRITY_PACKAGE, device_id=device_id, now=now)


def refuse_if_off() -> None:
    if not settings.PLAY_INTEGRITY_PACKAGE:
        raise IntegrityOff


def judged(payload: Mapping[str, Any], *, package: str, device_id: UUID, now: datetime) -> IntegrityVerdict:
    """What Google's payload comes to. Raises IntegrityInvalid where it is not the answer to our challenge."""
    try:
        request, app, phone = (payload[part] for part in ("requestDetails", "appIntegrity", "deviceIntegrity"))
        at = datetime.fromtimestamp(int(request["timestampMillis"]) / 1000, tz=UTC)
        asked, ours = str(request["requestHash"]), request["requestPackageName"] == package
        second = int(asked.partition(".")[0])
        asked_at = datetime.fromtimestamp(second, tz=UTC)
        recognized, levels = app.get("appRecognitionVerdict"), list(phone.get("deviceRecognitionVerdict") or ())
        # Set where Google has looked at the app.
        ours = ours and app.get("packageName", package) == package
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError):
        raise IntegrityInvalid from None
    ours = ours and hmac.compare_digest(asked.encode(), _challenge(device_id, second).encode())
    fresh = asked_at - CLOCKS_APART <= at <= now + CLOCKS_APART and asked_at <= now <= asked_at + ANSWERED_WITHIN
    if not (ours and fresh):
        raise IntegrityInvalid
    return IntegrityVerdict(integrity=_integrity(recognized, levels), at=at)


def _integrity(recognized: Any, levels: list[Any]) -> Integrity | None:
    if recognized == "UNRECOGNIZED_VERSION" or not levels or "MEETS_VIRTUAL_INTEGRITY" in levels:
        return Integrity.FAILED
    if recognized == "PLAY_RECOGNIZED" and ("MEETS_DEVICE_INTEGRITY" in levels or "MEETS_STRONG_INTEGRITY" in levels):
        return Integrity.PASSED
    # Not looked at, or a phone that is sound as far as Google can see and not certified: that says nothing.
    return None


def _decoded(token: str) -> Mapping[str, Any]:
    if len(token) > MOST_CHARACTERS:
        raise IntegrityInvalid
    base = settings.SANDBOX_URL or GOOGLE
    try:
        session = _session(settings.SANDBOX_URL)
    except (OSError, ValueError, google.auth.exceptions.GoogleAuthError) as error:
        # No fault of the token: GEOOFFERS_PLAY_INTEGRITY_CREDENTIALS is no service account, or cannot be read.
        log.error("the service account of Play Integrity cannot be used (%s)", type(error).__name__)
        raise IntegrityRefused from None
    try:
        response = session.request(  # type: ignore[no-untyped-call]  # google-auth types half of itself
            "POST",
            f"{base}/v1/{settings.PLAY_INTEGRITY_PACKAGE}:decodeIntegrityToken",
            json={"integrityToken": token},
            timeout=TIMEOUT_S,
            max_allowed_time=TIMEOUT_S,
            allow_redirects=False,
        )
        if response.status_code == 400:
            raise IntegrityInvalid
        if response.status_code in (401, 403, 404):
            raise IntegrityRefused
        payload = response.json()["tokenPayloadExternal"] if response.status_code == 200 else None
    except (requests.RequestException, google.auth.exceptions.GoogleAuthError, ValueError, KeyError, TypeError):
        raise IntegrityUnreachable from None
    if not isinstance(payload, dict):
        raise IntegrityUnreachable  # Google has trouble, or something in between answered
    return payload


@cache
def _session(sandbox_url: str) -> AuthorizedSession:
    """`sandbox_url`: empty at Google's."""
    account: google_credentials.Credentials
    if sandbox_url:
        account = sandbox_credentials(keys=load_keys(folder=settings.SANDBOX_DIR), address=sandbox_url)
    else:
        account = service_account.Credentials.from_service_account_file(  # type: ignore[no-untyped-call]
            settings.PLAY_INTEGRITY_CREDENTIALS, scopes=SCOPES
        )
    return AuthorizedSession(account, max_refresh_attempts=1)  # type: ignore[no-untyped-call]
