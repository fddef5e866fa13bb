"""Offer classes and objects into Google Wallet, over REST.

This is the one call to a vendor that a web request makes: a save link names an object by its id only, so the object
must be there before the link is followed, and Google asks to be told at the click, rather than for a whole campaign
(twenty calls a second are all it takes). So everything here is bounded by one short deadline, and no database
transaction is open meanwhile.
"""

import time
from collections.abc import Mapping
from typing import Any

import google.auth.credentials
import google.auth.exceptions
import google.auth.transport.requests
import requests

GOOGLE = "https://walletobjects.googleapis.com"
SCOPES = ("https://www.googleapis.com/auth/wallet_object.issuer",)
# For all calls of one save link together, and for each wait for the network. No call begins after the deadline; one
# that began before it, with its token, may end a little later.
DEADLINE_S = 5.0
CALL_S = 2.0


class WalletUnavailable(Exception):
    """Google Wallet does not answer at the moment."""

    retry_after_s = 5


class WalletRefused(Exception):
    """Google Wallet refuses this issuer, or what was sent."""


class GoogleWallet:
    """`address` is Google's own unless it is the sandbox's."""

    def __init__(
        self,
        *,
        credentials: google.auth.credentials.Credentials,
        address: str = GOOGLE,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._base = f"{address}/walletobjects/v1"
        self._deadline_s = deadline_s
        # One renewal: a token may be revoked before its hour is over.
        self._session = google.auth.transport.requests.AuthorizedSession(  # type: ignore[no-untyped-call]  # half typed
            credentials, max_refresh_attempts=1
        )

    def put(self, *, offer_class: Mapping[str, Any], offer_object: Mapping[str, Any]) -> None:
        """Afterwards both are there, and the object says what it says here.

        A coupon's first save is one call when another coupon of the same promise was saved before it, three when it
        is the first of all. The class is never changed: its id stands for what it says.
        """
        until = time.monotonic() + self._deadline_s
        status = self._insert("offerObject", offer_object, until=until)
        if status in (400, 404):  # the class is not known
            self._expect(self._insert("offerClass", offer_class, until=until), 200, 409)
            status = self._insert("offerObject", offer_object, until=until)
        if status == 409:
            status = self._call("PATCH", f"offerObject/{offer_object['id']}", offer_object, until=until)
        self._expect(status, 200)

    def _insert(self, kind: str, body: Mapping[str, Any], *, until: float) -> int:
        return self._call("POST", kind, body, until=until)

    def _call(self, method: str, path: str, body: Mapping[str, Any], *, until: float) -> int:
        left_s = until - time.monotonic()
        if left_s <= 0:
            raise WalletUnavailable
        try:
            response = self._session.request(  # type: ignore[no-untyped-call]  # half typed
                method,
                f"{self._base}/{path}",
                json=body,
                timeout=min(left_s, CALL_S),
                max_allowed_time=left_s,
                allow_redirects=False,
            )
        except google.auth.exceptions.RefreshError as error:
            if error.retryable:
                raise WalletUnavailable from error
            raise WalletRefused("Google refuses the service account of Google Wallet.") from error
        except (requests.RequestException, google.auth.exceptions.GoogleAuthError) as error:
            raise WalletUnavailable from error
        if response.status_code == 429 or response.status_code >= 500:
            raise WalletUnavailable
        if response.status_code == 200 and not _is_json_object(response):
            raise WalletUnavailable  # something in between answered
        return int(response.status_code)

    @staticmethod
    def _expect(status: int, *good: int) -> None:
        if status not in good:
            raise WalletRefused(f"Google Wallet answered {status}.")


def _is_json_object(response: requests.Response) -> bool:
    try:
        return isinstance(response.json(), dict)
    except ValueError:
        return False
