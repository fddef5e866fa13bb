"""Keys with ids, the newest first: it seals, all of them open. Plain Python.

    "k2:hex,k1:hex"     32 bytes each

What was sealed begins with the id of its key and a colon: it says itself what is needed to open it, and what is under
one key lies side by side in an index.
"""

import hmac
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV

_ID = re.compile(r"[a-z0-9]{1,20}")
_NONCE_BYTES = 12


class BadKeys(ValueError):
    """The keys of a ring are not written as "id:hex,id:hex" with 32 bytes each."""


class KeyGone(LookupError):
    """Something was made or sealed under a key that is no longer in the ring."""


class NotOurs(ValueError):
    """These bytes were not sealed with this key for this purpose and row, or they were damaged."""


def read_secrets(text: str) -> list[tuple[str, bytes]]:
    """Ids and secrets, in the order in which they are written."""
    secrets: list[tuple[str, bytes]] = []
    for part in text.split(","):
        key_id, _, digits = part.strip().partition(":")
        if not _ID.fullmatch(key_id):
            raise BadKeys("the id of a key is 1 to 20 lower-case letters and digits")
        if not re.fullmatch(r"[0-9a-fA-F]{64}", digits):
            raise BadKeys(f"key {key_id!r} is not 64 hexadecimal digits")
        if any(key_id == known for known, _ in secrets):
            raise BadKeys(f"key {key_id!r} stands there twice")
        secrets.append((key_id, bytes.fromhex(digits)))
    return secrets


@dataclass(frozen=True)
class Key:
    id: str
    secret: bytes = field(repr=False)

    @cached_property
    def prefix(self) -> bytes:
        return self.id.encode("ascii") + b":"

    @property
    def range(self) -> tuple[bytes, bytes]:
        """The first bytes that may have been sealed under this key, and the first after them."""
        return self.prefix, self.id.encode("ascii") + b";"

    @cached_property
    def _hashes(self) -> AESSIV:
        """Its own two keys, derived: what seals hashes seals nothing else."""
        return AESSIV(
            hmac.digest(self.secret, b"geooffers hashes 1", sha256)
            + hmac.digest(self.secret, b"geooffers hashes 2", sha256)
        )

    @cached_property
    def _rows(self) -> bytes:
        return hmac.digest(self.secret, b"geooffers rows", sha256)

    def seal_hash(self, digest: bytes, *, purpose: bytes) -> bytes:
        """The same for the same, so that it can be looked for; and, unlike an HMAC, it can be moved to another key."""
        return self.prefix + self._hashes.encrypt(digest, [purpose])

    def open_hash(self, sealed: bytes, *, purpose: bytes) -> bytes:
        try:
            return self._hashes.decrypt(sealed[len(self.prefix) :], [purpose])
        except (InvalidTag, ValueError):
            raise NotOurs("a hash that was not sealed with this key, or not for this column") from None

    def seal_row(self, content: bytes, *, row: bytes, purpose: bytes) -> bytes:
        """AES-GCM under a key of the row's own: 2^32 random nonces are enough for one row, and would not be for all."""
        nonce = os.urandom(_NONCE_BYTES)
        return self.prefix + nonce + self._of_row(row).encrypt(nonce, content, purpose + row)

    def open_row(self, sealed: bytes, *, row: bytes, purpose: bytes) -> bytes:
        at = len(self.prefix)
        try:
            return self._of_row(row).decrypt(sealed[at : at + _NONCE_BYTES], sealed[at + _NONCE_BYTES :], purpose + row)
        except (InvalidTag, ValueError):
            raise NotOurs("bytes that were not sealed with this key, or not for this row") from None

    def _of_row(self, row: bytes) -> AESGCM:
        return AESGCM(hmac.digest(self._rows, row, "sha256"))


@dataclass(frozen=True)
class Ring:
    keys: tuple[Key, ...]

    @property
    def newest(self) -> Key:
        return self.keys[0]

    def key_of(self, sealed: bytes) -> Key:
        """The one that these bytes say they were sealed under."""
        for key in self.keys:
            if sealed.startswith(key.prefix):
                return key
        raise KeyGone(f"what begins with {_shown(sealed)} was sealed under a key that is not in GEOOFFERS_DATA_KEYS")

    def gaps(self) -> Sequence[tuple[bytes | None, bytes | None]]:
        """The ranges, from a first to the first after them, in which nothing of this ring's can lie; None is no end."""
        found: list[tuple[bytes | None, bytes | None]] = []
        start: bytes | None = None
        for low, high in sorted(key.range for key in self.keys):
            found.append((start, low))
            start = high
        return [*found, (start, None)]


def _shown(sealed: bytes) -> str:
    """The id, if it looks like one; anything else may be a secret and is not shown."""
    key_id, colon, _ = sealed.decode("ascii", "replace").partition(":")
    return repr(key_id) if colon and _ID.fullmatch(key_id) else "no id"


def read_ring(text: str) -> Ring:
    return Ring(tuple(Key(key_id, secret) for key_id, secret in read_secrets(text)))
