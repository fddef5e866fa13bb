"""Offer classes and objects into Google Wallet, over REST: at the click of a save link, and by deliveries afterwards.

The click is the one call to a vendor that a web request makes: a save link names an object by its id only, so the
object must be there before the link is followed, and Google asks to be told at the click, rather than for a whole
campaign (twenty calls a second are all it takes). So everything here is bounded by one short deadline, and no database
transaction is open meanwhile.

What a coupon becomes after it was saved is told by deliveries. Each carries the whole object as it is now, so one that
is sent twice says the same or something newer.
"""

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import google.auth.credentials
import google.auth.exceptions
import google.auth.transport.requests
import requests

from notifications.channels import retry_after
from notifications.channels.protocol import PassUpdate, TransportError
from notifications.deliveries.limits import Limits
from notifications.models import Channel
from notifications.passes import google as passes

GOOGLE = "https://walletobjects.googleapis.com"
SCOPES = ("https://www.googleapis.com/auth/wallet_object.issuer",)
# For all calls of one save link together, and for each wait for the network. No call begins after the deadline; one
# that began before it, with its token, may end a little later.
DEADLINE_S = 5.0
CALL_S = 2.0
# By then Google has heard all of a save link that began now, its token included.
LONGEST_SAVE_S = 2 * DEADLINE_S
# Our key or our issuer is wrong: every pass fails until a person helps, so hurry gains nothing.
CONFIGURATION_PAUSE_S = 60.0
# A pass in somebody's hands should not show a used coupon as good, so the first pauses are short.
LIMITS = Limits(batch=20, connections=4, lease_s=60.0, first_pause_s=0.5, longest_pause_s=3600.0, max_attempts=1000)


class WalletUnavailable(Exception):
    """Google Wallet does not answer at the moment."""

    retry_after_s = 5

    def __init__(self, asked: str = "") -> None:
        super().__init__(asked)
        # Its Retry-After, as it stands there.
        self.asked = asked


class WalletRefused(Exception):
    """Google Wallet refuses this issuer, or what was sent."""

    def __init__(self, detail: str, *, is_about_us: bool = False) -> None:
        super().__init__(detail)
        # True: our key or our issuer. No other pass would be taken either.
        self.is_about_us = is_about_us


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
            status = self._replace(offer_object, until=until)
        self._expect(status, 200)

    def tell(self, *, offer_class: Mapping[str, Any], offer_object: Mapping[str, Any]) -> None:
        """As `put`, for an object that is most likely there: one call."""
        status = self._replace(offer_object, until=time.monotonic() + self._deadline_s)
        if status == 404:
            self.put(offer_class=offer_class, offer_object=offer_object)
            return
        self._expect(status, 200)

    def void(self, *, object_id: str) -> None:
        """Nothing that it said is readable any more. An object that was never there needs no telling."""
        # What a PATCH does not name stays, so the code is written over.
        said_no_more: dict[str, Any] = {
            "state": "COMPLETED",
            "barcode": {"type": "QR_CODE", "value": "void", "alternateText": ""},
            "merchantLocations": [],
            "textModulesData": [],
        }
        until = time.monotonic() + self._deadline_s
        self._expect(self._call("PATCH", f"offerObject/{object_id}", said_no_more, until=until), 200, 404)

    def _replace(self, offer_object: Mapping[str, Any], *, until: float) -> int:
        """PUT: a PATCH would leave the code of a used coupon, because the new object does not name one."""
        return self._call("PUT", f"offerObject/{offer_object['id']}", offer_object, until=until)

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
            raise WalletRefused("Google refuses the service account of Google Wallet.", is_about_us=True) from error
        except (requests.RequestException, google.auth.exceptions.GoogleAuthError) as error:
            raise WalletUnavailable from error
        if response.status_code == 429 or response.status_code >= 500:
            raise WalletUnavailable(response.headers.get("Retry-After", ""))
        if response.status_code == 200 and not _is_json_object(response):
            raise WalletUnavailable  # something in between answered
        return int(response.status_code)

    @staticmethod
    def _expect(status: int, *good: int) -> None:
        if status not in good:
            raise WalletRefused(f"Google Wallet answered {status}.", is_about_us=status in (401, 403))


class GoogleWalletTransport:
    """`connect` gives the keys and the client as they are now. Raises TransportError where there are none."""

    channel = Channel.GOOGLE_WALLET
    longest_send_s = LONGEST_SAVE_S
    last_word_stands = True

    def __init__(
        self, *, connect: Callable[[], tuple[passes.GoogleKeys, GoogleWallet]], limits: Limits = LIMITS
    ) -> None:
        self._connect = connect
        self.limits = limits

    def send(self, *, message: PassUpdate, now: datetime) -> str:
        keys, client = self._connect()
        name = passes.object_id(serial=message.serial, issuer=keys.issuer)
        try:
            if message.content is None:
                client.void(object_id=name)
            else:
                client.tell(
                    offer_class=passes.offer_class(content=message.content, id=message.template),
                    offer_object=passes.offer_object(
                        content=message.content, issuer=keys.issuer, class_id=message.template
                    ),
                )
        except WalletUnavailable as error:
            wait_s = retry_after.seconds(error.asked, now=now)
            raise TransportError("unavailable", permanent=False, retry_after_s=wait_s) from error
        except WalletRefused as error:
            if error.is_about_us:
                raise TransportError(
                    "configuration", permanent=False, retry_after_s=CONFIGURATION_PAUSE_S, detail=str(error)
                ) from error
            raise TransportError("payload_refused", permanent=True, detail=str(error)) from error
        return name


def _is_json_object(response: requests.Response) -> bool:
    try:
        return isinstance(response.json(), dict)
    except ValueError:
        return False
