"""Firebase ID tokens: whose account is this? The one file of the API that knows Firebase."""

from functools import cache

import firebase_admin
import google.auth.credentials
from django.conf import settings
from firebase_admin import auth, credentials

# A phone's token was made by Google's clock; ours may be a little behind.
CLOCK_SKEW_S = 10
TIMEOUT_S = 5
# Firebase's have about a thousand characters, and claims that a project adds may be another thousand bytes.
MOST_CHARACTERS = 8_192


class SignInOff(Exception):
    """This installation has no Firebase project, so nobody can sign in; devices work without."""


class IdTokenInvalid(Exception):
    """This is not a Firebase ID token of our project."""

    field = "id_token"


class IdTokenExpired(Exception):
    """The ID token has expired; ask Firebase for a new one."""

    field = "id_token"


class CertificatesUnreachable(Exception):
    """Google's certificates could not be fetched, so no ID token can be checked just now."""

    retry_after_s = 5


class _Nobody(credentials.Base):  # type: ignore[misc]  # firebase-admin ships no types
    """Checking a signature needs public certificates only, so this part of the house holds no credentials."""

    def get_credential(self) -> google.auth.credentials.Credentials:
        return google.auth.credentials.AnonymousCredentials()  # type: ignore[no-untyped-call]  # half typed


def uid_of(*, id_token: str) -> str:
    """The account that Firebase says this is."""
    if not settings.FIREBASE_PROJECT:
        raise SignInOff
    if len(id_token) > MOST_CHARACTERS:
        raise IdTokenInvalid
    app = _app(settings.FIREBASE_PROJECT, f"{settings.SANDBOX_URL}/certs" if settings.SANDBOX else "")
    try:
        claims = auth.verify_id_token(id_token, app=app, clock_skew_seconds=CLOCK_SKEW_S)
    except auth.ExpiredIdTokenError:
        raise IdTokenExpired from None
    except auth.CertificateFetchError:
        raise CertificatesUnreachable from None
    except (auth.InvalidIdTokenError, ValueError, TypeError, AttributeError, KeyError, RecursionError):
        # The client stumbles over a token whose parts are JSON but not objects. None of these words is repeated:
        # they quote the token.
        raise IdTokenInvalid from None
    return str(claims["uid"])


@cache
def _app(project: str, certificates_url: str) -> firebase_admin.App:
    app = firebase_admin.initialize_app(
        _Nobody(), {"projectId": project, "httpTimeout": TIMEOUT_S}, name=f"id-tokens-{project}-{certificates_url}"
    )
    if certificates_url:
        # The client offers no setting for where certificates come from. A test fails when this name is gone.
        auth._get_client(app)._token_verifier.id_token_verifier.cert_url = certificates_url
    return app
