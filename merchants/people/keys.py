"""API keys of tills and merchants' systems: `gok_` + 8 characters to tell them apart + `_` + 256 random bits.

The key is shown once, when it is made; kept are its first twelve characters and its SHA-256. Neither a slow hash nor a
sealed one would protect more: nobody guesses 256 bits.
"""

import secrets
from collections.abc import Collection
from datetime import datetime
from hashlib import sha256

from merchants.models import ApiKey, Store

COUPONS_LOOKUP = "coupons:lookup"
COUPONS_REDEEM = "coupons:redeem"
SCOPES: dict[str, str] = {COUPONS_LOOKUP: "look up a coupon", COUPONS_REDEEM: "redeem a coupon"}


class UnknownScope(Exception):
    """A scope that no endpoint asks for."""


def hash_of(key: str) -> bytes:
    return sha256(key.encode()).digest()


def make_key(*, store: Store, name: str, scopes: Collection[str]) -> tuple[ApiKey, str]:
    """The row, and the key in full: show it now, it cannot be shown again."""
    row = ApiKey(store=store, name=name, scopes=list(scopes))
    return row, save_new(row=row)


def save_new(*, row: ApiKey) -> str:
    """Give a row that a form has filled its key, and save it. Answers the key."""
    unknown = sorted(set(row.scopes) - set(SCOPES))
    if unknown or not row.scopes:
        raise UnknownScope(", ".join(unknown) or "no scope at all")
    row.scopes = sorted(set(row.scopes))
    row.merchant_id = row.store.merchant_id
    row.prefix = "gok_" + secrets.token_hex(4)
    key = f"{row.prefix}_{secrets.token_urlsafe(32)}"
    row.key_hash = hash_of(key)
    row.save(force_insert=True)
    return key


def revoke(*, key: ApiKey, now: datetime) -> None:
    """For good, and harmless to repeat: the first time stands."""
    ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now)
    key.refresh_from_db(fields=["revoked_at"])


def find_usable(*, key: str) -> ApiKey | None:
    """The row of a key that may still be used: not revoked, its store and merchant not archived."""
    return (
        ApiKey.objects.filter(
            key_hash=hash_of(key),
            revoked_at=None,
            store__archived_at=None,
            merchant__archived_at=None,
        )
        .select_related("store", "merchant")
        .first()
    )
