"""Google credentials for the sandbox: the real grant, without a call to Google on the side."""

from collections.abc import Sequence

from google.oauth2 import service_account

from notifications.sandbox.keys import SandboxKeys

SCOPES = ("https://www.googleapis.com/auth/firebase.messaging",)


class LoopbackCredentials(service_account.Credentials):
    """google-auth asks iamcredentials.googleapis.com where the account may be used, in a thread of its own. The
    sandbox's account exists nowhere, and nothing leaves this machine."""

    def _is_regional_access_boundary_lookup_required(self) -> bool:
        return False


def sandbox_credentials(*, keys: SandboxKeys, address: str, scopes: Sequence[str] = SCOPES) -> LoopbackCredentials:
    info = keys.service_account_info(token_uri=f"{address}/token")
    credentials: LoopbackCredentials = LoopbackCredentials.from_service_account_info(  # type: ignore[no-untyped-call]  # google-auth types half of itself
        info, scopes=scopes
    )
    return credentials
