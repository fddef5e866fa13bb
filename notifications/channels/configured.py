"""The transport that the settings ask for: Firebase, or the sandbox on this machine."""

from django.conf import settings
from google.oauth2 import service_account

from notifications.channels.fcm import TIMEOUT_S, FcmTransport
from notifications.sandbox.credentials import SCOPES, sandbox_credentials
from notifications.sandbox.keys import load_keys


def push_transport(*, connections: int, timeout_s: float = TIMEOUT_S) -> FcmTransport:
    if settings.SANDBOX:
        return FcmTransport(
            credential=sandbox_credentials(keys=load_keys(folder=settings.SANDBOX_DIR), address=settings.SANDBOX_URL),
            project=settings.FIREBASE_PROJECT,
            address=settings.SANDBOX_URL,
            connections=connections,
            timeout_s=timeout_s,
        )
    credential = service_account.Credentials.from_service_account_file(  # type: ignore[no-untyped-call]  # half typed
        settings.GOOGLE_APPLICATION_CREDENTIALS, scopes=SCOPES
    )
    return FcmTransport(
        credential=credential,
        project=settings.FIREBASE_PROJECT or credential.project_id,
        connections=connections,
        timeout_s=timeout_s,
    )
