"""The name under which a shopper stands in the books of one merchant. Plain Python."""

import hmac
from hashlib import sha256
from uuid import UUID


class KeyDiscarded(ValueError):
    """An erased shopper has no pseudonym any more."""


def pseudonym(*, ledger_key: bytes, merchant_id: UUID) -> bytes:
    """Links a shopper's redemptions at one merchant, and nothing across merchants. Without the key it is nobody."""
    if not ledger_key:
        raise KeyDiscarded
    return hmac.digest(ledger_key, merchant_id.bytes, sha256)
