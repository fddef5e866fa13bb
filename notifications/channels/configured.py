"""The transports that the settings ask for: the vendors' own, or the sandbox on this machine."""

from django.conf import settings
from google.oauth2 import service_account

from notifications import wallet_credentials
from notifications.channels import fcm, google_wallet
from notifications.channels.fcm import TIMEOUT_S, FcmTransport
from notifications.channels.google_wallet import GoogleWallet, GoogleWalletTransport
from notifications.channels.protocol import TransportError
from notifications.deliveries.limits import Limits
from notifications.passes.google import GoogleKeys
from notifications.sandbox.credentials import SCOPES, sandbox_credentials
from notifications.sandbox.keys import load_keys


def push_transport(*, limits: Limits = fcm.LIMITS, timeout_s: float = TIMEOUT_S) -> FcmTransport:
    if settings.SANDBOX:
        return FcmTransport(
            credential=sandbox_credentials(keys=load_keys(folder=settings.SANDBOX_DIR), address=settings.SANDBOX_URL),
            project=settings.FIREBASE_PROJECT,
            address=settings.SANDBOX_URL,
            limits=limits,
            timeout_s=timeout_s,
        )
    credential = service_account.Credentials.from_service_account_file(  # type: ignore[no-untyped-call]  # half typed
        settings.GOOGLE_APPLICATION_CREDENTIALS, scopes=SCOPES
    )
    return FcmTransport(
        credential=credential,
        project=settings.FIREBASE_PROJECT or credential.project_id,
        limits=limits,
        timeout_s=timeout_s,
    )


def wallet_transport(*, limits: Limits = google_wallet.LIMITS) -> GoogleWalletTransport:
    """The keys are read at every pass, so new ones work without a restart, and without any the deliveries wait."""
    return GoogleWalletTransport(connect=_wallet, limits=limits)


def _wallet() -> tuple[GoogleKeys, GoogleWallet]:
    try:
        return wallet_credentials.google(), wallet_credentials.google_wallet()
    except (wallet_credentials.GoogleKeysUnusable, wallet_credentials.WalletNotConfigured) as unusable:
        raise TransportError(
            "configuration",
            permanent=False,
            retry_after_s=google_wallet.CONFIGURATION_PAUSE_S,
            detail=str(unusable),
        ) from unusable
