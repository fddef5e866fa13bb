"""Firebase Cloud Messaging through the real firebase-admin client, one message a call.

Its batch calls are not used: `send_each` starts a thread for each message and turns one failed token refresh into one
exception for five hundred messages. Its retries are switched off too: they would sleep in our thread for as long as a
429 asks (up to six hours) while the lease runs out. The delivery is tried again instead, until it is too late.
"""

import uuid
from datetime import datetime

import firebase_admin
import google.auth.credentials
import google.auth.exceptions
import requests.adapters
from firebase_admin import exceptions, messaging

from notifications.channels import retry_after
from notifications.channels.protocol import PushMessage, TransportError
from notifications.deliveries.limits import Limits
from notifications.models import Channel

TIMEOUT_S = 10.0
# One grant may be tried three times by google-auth with pauses of a few seconds, then comes the message itself.
GRANT_ATTEMPTS = 3
GRANT_PAUSES_S = 5.0
# Google asks for a minute after a 429 that names no time.
QUOTA_PAUSE_S = 60.0
# Our key or our project is wrong: every message fails until a person helps, so hurry gains nothing.
CONFIGURATION_PAUSE_S = 60.0
# With these pauses twelve attempts are about fifty minutes of trying.
LIMITS = Limits(batch=100, connections=8, lease_s=120.0, first_pause_s=5.0, longest_pause_s=600.0, max_attempts=12)


class FcmTransport:
    """`address` is Firebase's own unless it is the sandbox's."""

    channel = Channel.FCM
    last_word_stands = False

    def __init__(
        self,
        *,
        credential: google.auth.credentials.Credentials,
        project: str,
        address: str = "",
        limits: Limits = LIMITS,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self.limits = limits
        self.longest_send_s = (GRANT_ATTEMPTS + 1) * timeout_s + GRANT_PAUSES_S
        self._app = firebase_admin.initialize_app(
            credential, {"httpTimeout": timeout_s, "projectId": project}, name=f"push-{uuid.uuid4()}"
        )
        # The client offers no setting for its address or its retries. A test fails when these names are gone.
        service = messaging._get_messaging_service(self._app)
        adapter = requests.adapters.HTTPAdapter(pool_maxsize=limits.connections, max_retries=0)
        for prefix in ("https://fcm.googleapis.com", "https://", "http://"):
            service._client.session.mount(prefix, adapter)
        if address:
            service._fcm_url = f"{address}/v1/projects/{project}/messages:send"

    def close(self) -> None:
        firebase_admin.delete_app(self._app)

    def send(self, *, message: PushMessage, now: datetime) -> str:
        encoded = fcm_message(message=message, now=now)
        try:
            str(encoded)  # the client's own validation, before anything leaves
        except ValueError as error:
            raise TransportError("not_encodable", permanent=True, detail=str(error)) from error
        try:
            return str(messaging.send(encoded, app=self._app))
        except exceptions.FirebaseError as error:
            raise _refusal(error, now=now) from error
        except google.auth.exceptions.GoogleAuthError as error:
            # Not one of Firebase's errors: the grant failed. Nothing was sent.
            raise TransportError(
                "no_access_token", permanent=False, retry_after_s=_pause_without_token(error), detail=str(error)
            ) from error
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            # The client stumbles over an answer that is JSON and not Google's. It may or may not have been sent.
            raise TransportError("answer_unreadable", permanent=False, detail=repr(error)) from error


def fcm_message(*, message: PushMessage, now: datetime) -> messaging.Message:
    """docs/push-payload.md describes these members; update that page too."""
    left_s = max(0, int((message.expires_at - now).total_seconds()))
    expires = str(int(message.expires_at.timestamp()))
    if message.is_visible:
        encoded = messaging.Message(
            data=dict(message.data),
            notification=messaging.Notification(title=message.title, body=message.body),
            android=messaging.AndroidConfig(
                priority="high", ttl=left_s, notification=messaging.AndroidNotification(tag=message.tag)
            ),
            apns=messaging.APNSConfig(
                headers={
                    "apns-push-type": "alert",
                    "apns-priority": "10",
                    "apns-expiration": expires,
                    "apns-collapse-id": message.tag,
                }
            ),
        )
    else:
        encoded = messaging.Message(
            data=dict(message.data),
            android=messaging.AndroidConfig(priority="normal", ttl=left_s),
            apns=messaging.APNSConfig(
                headers={"apns-push-type": "background", "apns-priority": "5", "apns-expiration": expires},
                payload=messaging.APNSPayload(aps=messaging.Aps(content_available=True)),
            ),
        )
    # Set after the constructor, which warns about tokens: phones of both kinds will be around for years, and a
    # warnings filter is shared by all threads of the process.
    if message.address_kind == "token":
        encoded.token = message.address
    else:
        encoded.fid = message.address
    return encoded


def _refusal(error: exceptions.FirebaseError, *, now: datetime) -> TransportError:
    wait_s = _retry_after(error, now=now)
    match error:
        case messaging.UnregisteredError():
            return TransportError("unregistered", permanent=True, device_gone=True)
        case messaging.SenderIdMismatchError():
            return TransportError("sender_id_mismatch", permanent=True)
        case exceptions.InvalidArgumentError() | exceptions.OutOfRangeError() | exceptions.FailedPreconditionError():
            return TransportError("payload_refused", permanent=True, detail=str(error))
        case exceptions.ResourceExhaustedError():
            return TransportError("quota", permanent=False, retry_after_s=wait_s or QUOTA_PAUSE_S)
        case (
            exceptions.UnauthenticatedError() | exceptions.PermissionDeniedError() | exceptions.NotFoundError()
        ):  # the last one without UNREGISTERED: it is our project that is not found
            return TransportError(
                "configuration", permanent=False, retry_after_s=wait_s or CONFIGURATION_PAUSE_S, detail=str(error)
            )
    return TransportError(str(error.code).lower(), permanent=False, retry_after_s=wait_s, detail=str(error))


def _retry_after(error: exceptions.FirebaseError, *, now: datetime) -> float | None:
    if error.http_response is None:
        return None
    return retry_after.seconds(error.http_response.headers.get("Retry-After", ""), now=now)


def _pause_without_token(error: google.auth.exceptions.GoogleAuthError) -> float | None:
    """A grant that Google refuses for good waits for the operator; a network that fails waits as any other failure."""
    refused = isinstance(error, google.auth.exceptions.RefreshError) and not error.retryable
    return CONFIGURATION_PAUSE_S if refused else None
