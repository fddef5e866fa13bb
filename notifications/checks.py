"""`manage.py check --deploy`: the wallets' keys are looked at before the first shopper asks for a pass."""

from datetime import UTC, datetime
from typing import Any

from django.core.checks import CheckMessage, Error

from notifications import wallets
from notifications.passes.apple_keys import AppleKeysUnusable


def wallet_keys_are_usable(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    for check, id in ((_apple, "geooffers.E010"), (wallets.google, "geooffers.E011")):
        try:
            check()
        except wallets.WalletNotConfigured:
            continue
        except (AppleKeysUnusable, wallets.GoogleKeysUnusable) as unusable:
            found.append(Error(str(unusable), hint="docs/wallet-passes.md", id=id))
    return found


def _apple() -> None:
    wallets.apple(now=datetime.now(UTC))
