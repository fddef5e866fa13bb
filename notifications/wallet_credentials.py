"""The wallets' keys that the settings ask for: the operator's, or in the sandbox our own."""

import json
import re
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from google.oauth2 import service_account

from notifications.channels.google_wallet import SCOPES, GoogleWallet
from notifications.passes import apple_keys
from notifications.passes.apple_keys import AppleKeys, AppleKeysUnusable
from notifications.passes.google import SAVE_ADDRESS, GoogleKeys
from notifications.sandbox import apple_chain
from notifications.sandbox.credentials import sandbox_credentials
from notifications.sandbox.keys import load_keys

SANDBOX_ISSUER = "3388000000000000000"
ISSUER, CREDENTIALS = "GEOOFFERS_GOOGLE_WALLET_ISSUER", "GEOOFFERS_GOOGLE_WALLET_CREDENTIALS"


class WalletNotConfigured(Exception):
    """This installation makes no passes for that wallet."""


class GoogleKeysUnusable(Exception):
    """The service account for Google Wallet is wrong."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


def apple(*, now: datetime) -> AppleKeys:
    """Raises WalletNotConfigured, or AppleKeysUnusable with a sentence that names the setting at fault."""
    given = {
        apple_keys.CERTIFICATE: settings.APPLE_PASS_CERTIFICATE,
        apple_keys.KEY: settings.APPLE_PASS_KEY,
        apple_keys.WWDR: settings.APPLE_PASS_WWDR,
    }
    if any(given.values()):
        for setting, path in given.items():
            if not path:
                raise AppleKeysUnusable(f"{setting}: not set; certificate, key and intermediate are needed together.")
        contents = tuple(_content(path, setting) for setting, path in given.items())
        keys = _apple(*contents, settings.APPLE_PASS_TYPE_ID, settings.APPLE_PASS_TEAM_ID)
    elif settings.SANDBOX:
        keys = _apple_of_sandbox(settings.SANDBOX_DIR)
    else:
        raise WalletNotConfigured(f"Apple passes need {', '.join(given)}.")
    keys.refuse_unless_valid(now=now)
    return keys


def google() -> GoogleKeys:
    """Raises WalletNotConfigured, or GoogleKeysUnusable with a sentence that names the setting at fault."""
    if settings.GOOGLE_WALLET_ISSUER:
        if not re.fullmatch(r"[0-9]{1,20}", settings.GOOGLE_WALLET_ISSUER):
            raise GoogleKeysUnusable(f"{ISSUER}: an issuer id is a number.")
        path = settings.GOOGLE_WALLET_CREDENTIALS
        if not path:
            raise GoogleKeysUnusable(f"{CREDENTIALS}: not set, nor is GOOGLE_APPLICATION_CREDENTIALS.")
        try:
            content = Path(path).read_bytes()
        except OSError as error:
            raise GoogleKeysUnusable(f"{CREDENTIALS}: {Path(path).name} cannot be read.") from error
        return _google(settings.GOOGLE_WALLET_ISSUER, content)
    if settings.SANDBOX:
        keys = load_keys(folder=settings.SANDBOX_DIR)
        return GoogleKeys(issuer=SANDBOX_ISSUER, email=keys.client_email, key=keys.service_account, self_made=True)
    raise WalletNotConfigured(f"Google passes need {ISSUER}.")


def _content(path: str, setting: str) -> bytes:
    """Read at every use, loaded once for each content: a renewed certificate works without a restart."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise AppleKeysUnusable(f"{setting}: {Path(path).name} cannot be read.") from error


@lru_cache(maxsize=2)
def _apple(certificate: bytes, key: bytes, wwdr: bytes, pass_type_id: str, team_id: str) -> AppleKeys:
    return apple_keys.read_apple_keys(
        certificate=certificate, key=key, wwdr=wwdr, pass_type_id=pass_type_id, team_id=team_id
    )


@lru_cache(maxsize=2)
def _apple_of_sandbox(folder: Path) -> AppleKeys:
    chain = apple_chain.load_chain(folder=folder)
    return apple_keys.read_apple_keys(
        certificate=chain.certificate, key=chain.key, wwdr=chain.intermediate, self_made=True
    )


@lru_cache(maxsize=2)
def _google(issuer: str, content: bytes) -> GoogleKeys:
    try:
        account = json.loads(content)
        email, text = str(account["client_email"]), str(account["private_key"])
        key = serialization.load_pem_private_key(text.encode(), password=None)
    except (KeyError, TypeError, ValueError) as error:
        raise GoogleKeysUnusable(f"{CREDENTIALS}: this is no service account file.") from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise GoogleKeysUnusable(f"{CREDENTIALS}: its key is no RSA key.")
    return GoogleKeys(issuer=issuer, email=email, key=key)


def google_wallet() -> GoogleWallet:
    """The client for `google()`'s issuer. Raises as that does."""
    keys = google()
    if keys.self_made:
        return _google_wallet_of_sandbox(settings.SANDBOX_DIR, settings.SANDBOX_URL)
    return _google_wallet(Path(settings.GOOGLE_WALLET_CREDENTIALS).read_bytes())


def save_address() -> str:
    """Where a save link leads: in the sandbox to the look-alike, which shows what would be saved."""
    return f"{settings.SANDBOX_URL}/gp/v/save" if google().self_made else SAVE_ADDRESS


@lru_cache(maxsize=2)
def _google_wallet_of_sandbox(folder: Path, address: str) -> GoogleWallet:
    credentials = sandbox_credentials(keys=load_keys(folder=folder), address=address, scopes=SCOPES)
    return GoogleWallet(credentials=credentials, address=address)


@lru_cache(maxsize=2)
def _google_wallet(account: bytes) -> GoogleWallet:
    credentials = service_account.Credentials.from_service_account_info(  # type: ignore[no-untyped-call]  # half typed
        json.loads(account), scopes=SCOPES
    )
    return GoogleWallet(credentials=credentials)
