"""Firebase App Check: does this call come from our app, on a phone whose maker vouches for it? docs/identity.md tells
what comes of the answer. Off, unless GEOOFFERS_APP_CHECK says otherwise.

What vouches stands in the Firebase console: Play Integrity, App Attest, DeviceCheck. Their verdicts come to us as one
token, which Firebase signs.
"""

from functools import cache

import firebase_admin
from django.conf import settings
from django.http import HttpRequest
from firebase_admin import app_check, credentials, exceptions
from google.auth import credentials as google_credentials
from google.auth.exceptions import GoogleAuthError
from jwt import PyJWKClient, PyJWKClientConnectionError, PyJWKClientError, PyJWTError

from geooffers.api.identity.id_tokens import MOST_CHARACTERS, TIMEOUT_S
from notifications.sandbox.credentials import sandbox_credentials
from notifications.sandbox.keys import load_keys

HEADER = "X-Firebase-AppCheck"
# Firebase asks that its keys be kept for so long.
KEYS_LAST_S = 21_600


class AppCheckMissing(Exception):
    """Send an App Check token in the X-Firebase-AppCheck header."""


class AppCheckInvalid(Exception):
    """This is not an App Check token of our project, or it has expired; ask Firebase for a new one."""


class AppCheckUsed(Exception):
    """This App Check token was used before; ask Firebase for a limited-use token."""


class AppCheckUnreachable(Exception):
    """Firebase could not be asked about the App Check token just now."""

    retry_after_s = 5


def verify(request: HttpRequest, *, consume: bool = False) -> bool:
    """Whether the app vouched for itself. A token that is sent and is not good is refused; one that is not sent is
    refused where the setting requires it. `consume`: each token is good once, and Firebase keeps count."""
    if settings.APP_CHECK == "off":
        return False
    token = request.headers.get(HEADER)
    if not token:
        if settings.APP_CHECK == "require":
            raise AppCheckMissing
        return False
    if len(token) > MOST_CHARACTERS:
        raise AppCheckInvalid
    app = _app(settings.FIREBASE_PROJECT, settings.SANDBOX_URL)  # a bad service account is no fault of the token
    try:
        claims = app_check.verify_token(token, app=app, consume=consume)
    except (PyJWKClientConnectionError, exceptions.FirebaseError, GoogleAuthError):
        raise AppCheckUnreachable from None
    except (PyJWKClientError, PyJWTError, ValueError, TypeError, AttributeError, KeyError, RecursionError):
        # The client stumbles over a token whose parts are JSON but not what it expects. None of these words is
        # repeated: they quote the token.
        raise AppCheckInvalid from None
    if not claims["app_id"]:
        raise AppCheckInvalid  # which the client lets pass
    if claims.get("already_consumed"):
        raise AppCheckUsed
    return True


class _SandboxAccount(credentials.Base):  # type: ignore[misc]  # firebase-admin ships no types
    def get_credential(self) -> google_credentials.Credentials:
        return sandbox_credentials(keys=load_keys(folder=settings.SANDBOX_DIR), address=settings.SANDBOX_URL)


@cache
def _app(project: str, sandbox_url: str) -> firebase_admin.App:
    """`sandbox_url`: empty at Google's."""
    account = _SandboxAccount() if sandbox_url else credentials.Certificate(settings.GOOGLE_APPLICATION_CREDENTIALS)
    options = {"projectId": project, "httpTimeout": TIMEOUT_S}
    app = firebase_admin.initialize_app(account, options, name=f"app-check-{project}-{sandbox_url}")
    # The client offers no setting for where its keys come from, nor for how long it waits. A test fails when one of
    # these names is gone.
    service = app_check._get_app_check_service(app)
    keys_url = f"{sandbox_url}/v1/jwks" if sandbox_url else service._JWKS_URL
    service._jwks_client = PyJWKClient(
        keys_url, lifespan=KEYS_LAST_S, headers=service._APP_CHECK_HEADERS, timeout=TIMEOUT_S
    )
    if sandbox_url:
        service._VERIFY_URL_FORMAT = f"{sandbox_url}/v1beta/projects/{{project_id}}:verifyAppCheckToken"
    return app
