"""`manage.py check --deploy`: the wallets' keys are looked at before the first shopper asks for a pass."""

from datetime import UTC, datetime
from typing import Any

from django.core.checks import CheckMessage, Error

from notifications import wallet_credentials
from notifications.passes.apple_keys import AppleKeysUnusable


def wallet_keys_are_usable(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    for check, id in ((_apple, "geooffers.E010"), (wallet_credentials.google, "geooffers.E011")):
        try:
            check()
        except wallet_credentials.WalletNotConfigured:
            continue
        except (AppleKeysUnusable, wallet_credentials.GoogleKeysUnusable) as unusable:
            found.append(Error(str(unusable), hint="docs/wallet-passes.md", id=id))
    return found


def _apple() -> None:
    wallet_credentials.apple(now=datetime.now(UTC))
