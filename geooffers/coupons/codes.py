"""The code of a coupon: derived from its id under a secret key, so its owner can be shown it again on a second phone.

    K7QM-2F9X-C0TDR        12 symbols of HMAC-SHA256(key, coupon id), then one check symbol

The alphabet is Crockford's base32: no I, L, O or U. Who reads aloud or types may use any case, O for 0, I or L for 1,
and spaces or dashes anywhere. The check symbol is a weighted sum over GF(32) with a different weight for every place,
so every single wrong symbol and every swap of two is caught before a database is asked. It is no security: that is
the 60 bits, and the limits on scans.

Of a code nothing but its hash is stored, and that sealed (docs/keys.md). Keys have ids: the first of a ring makes new
codes, and a coupon says which one made its own, so a key can be followed by another while its coupons are still open.
"""

import hmac
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID

from geooffers import code_symbols
from geooffers.code_symbols import BadCheckSymbol, MalformedCode, UnreadableCode
from geooffers.sealing.rings import BadKeys, KeyGone, read_secrets

__all__ = ["BadCheckSymbol", "BadKeys", "Code", "CodeKey", "KeyGone", "KeyRing", "MalformedCode", "UnreadableCode"]
__all__ += ["read", "read_keys"]

# Printed as 4-4-5: short enough to read aloud in one breath each.
_GROUPS = ((0, 4), (4, 8), (8, 13))


@dataclass(frozen=True)
class Code:
    """The thirteen symbols, without dashes, check symbol verified."""

    symbols: str

    @property
    def digest(self) -> bytes:
        """What a coupon is found by; kept under seal, for 60 bits alone can be tried one by one."""
        return sha256(self.symbols.encode("ascii")).digest()

    def __str__(self) -> str:
        return "-".join(self.symbols[start:end] for start, end in _GROUPS)


@dataclass(frozen=True, kw_only=True)
class CodeKey:
    id: str
    making: bytes = field(repr=False)


@dataclass(frozen=True)
class KeyRing:
    """The first key makes new codes; the others show again those that they made."""

    keys: tuple[CodeKey, ...]

    @property
    def newest_id(self) -> str:
        return self.keys[0].id

    def code_for(self, *, coupon_id: UUID, key_id: str) -> Code:
        digest = hmac.digest(self._key(key_id).making, coupon_id.bytes, sha256)
        number = int.from_bytes(digest[:8], "big") >> 4
        values = [(number >> (5 * place)) & 31 for place in reversed(range(code_symbols.SYMBOLS))]
        return Code(code_symbols.written(values))

    def _key(self, key_id: str) -> CodeKey:
        for key in self.keys:
            if key.id == key_id:
                return key
        raise KeyGone(f"code key {key_id!r} is not in GEOOFFERS_CODE_KEYS; coupons issued under it cannot be shown")


def read_keys(text: str) -> KeyRing:
    """Read "id:hex,id:hex". Each secret is 32 bytes; the key that works is derived from it."""
    return KeyRing(
        tuple(
            CodeKey(id=key_id, making=hmac.digest(secret, b"geooffers coupon code", sha256))
            for key_id, secret in read_secrets(text)
        )
    )


def read(text: str) -> Code:
    """Read what was typed or scanned. Raises MalformedCode or BadCheckSymbol; without a query."""
    return Code(code_symbols.read(text))
