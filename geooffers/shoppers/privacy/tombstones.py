"""Tombstones: who was erased, as HMACs, in a file outside the database and mirrored in a table of it.

The file is written before the erasure commits. So whatever happens to the database afterwards (the commit fails, a
backup of yesterday is restored) the file still has the erasure, and no process serves a database that lacks it:
docs/erasure.md draws it.
"""

import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError

from geooffers.shoppers.models import Tombstone, TombstoneKind
from geooffers.shoppers.privacy import tombstone_file
from geooffers.shoppers.privacy.tombstone_file import TombstoneLine

_KEY_ID = re.compile(r"[a-z0-9]{1,20}")
_AT_ONCE = 500


class Erased(Exception):
    """What this token stood for was erased."""


class BadTombstoneKeys(ValueError):
    """GEOOFFERS_TOMBSTONE_KEYS is not "id:hex,id:hex" of 32 bytes each."""


class KeyUnknown(LookupError):
    """Lines were written under a key that is not there."""


class NotCaughtUp(Exception):
    """The file holds erasures of which this database does not know, or cannot be read."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The erasure that a token belongs to: the answer when the same phone asks again."""

    request_id: UUID
    at: datetime


# -- what is written


def line_of(
    *, request_id: UUID, at: datetime, shopper_ids: Iterable[UUID], token_hashes: Iterable[bytes]
) -> TombstoneLine:
    key_id, key = next(iter(_keys().items()))
    return TombstoneLine(
        key_id=key_id,
        request_id=request_id,
        at=at,
        shoppers=tuple(shopper_digest(key=key, shopper_id=shopper_id) for shopper_id in shopper_ids),
        tokens=tuple(token_digest(key=key, token_hash=token_hash) for token_hash in token_hashes),
        key_check=_check_of(key),
    )


def keep(line: TombstoneLine) -> None:
    """The last thing that an erasure does before it commits: file, then mirror. CannotKeep: nothing may be erased."""
    tombstone_file.append(path=settings.TOMBSTONES, line=line)
    mirror(line)


def mirror(line: TombstoneLine) -> None:
    of_kind = {TombstoneKind.SHOPPER: line.shoppers, TombstoneKind.TOKEN: line.tokens}
    Tombstone.objects.bulk_create(
        [
            Tombstone(digest=digest, key_id=line.key_id, kind=kind, request_id=line.request_id, at=line.at)
            for kind, digests in of_kind.items()
            for digest in digests
        ],
        ignore_conflicts=True,
    )


def take_over(*, path: Path) -> int:
    """Another machine's file, or a copy: what stands there and not in ours is written into ours. How many lines."""
    have = {line.request_id for line in tombstone_file.read(path=settings.TOMBSTONES)}
    new = [line for line in tombstone_file.read(path=path) if line.request_id not in have]
    for line in new:
        tombstone_file.append(path=settings.TOMBSTONES, line=line)
    return len(new)


# -- what is asked


def erasure_of(*, token_hash: bytes, now: datetime) -> Asked | None:
    """The erasure that took this token with it, if it was lately. Asked about unknown tokens only."""
    digests = [token_digest(key=key, token_hash=token_hash) for key in _keys().values()]
    young = Tombstone.objects.filter(digest__in=digests, at__gt=now - settings.ERASED_TOKENS_KNOWN_FOR)
    stone = young.order_by("-at").first()
    return None if stone is None else Asked(request_id=stone.request_id, at=stone.at)


def is_taken(*, token_hash: bytes) -> bool:
    """Whether a phone may not use this token as a new one, however long ago it was erased."""
    digests = [token_digest(key=key, token_hash=token_hash) for key in _keys().values()]
    return Tombstone.objects.filter(digest__in=digests).exists()


def unapplied(*, now: datetime) -> list[TombstoneLine]:
    """The lines of the file that this database does not know, the oldest first."""
    lines = _kept(now)
    digests = {digest for line in lines for digest in (*line.shoppers, *line.tokens)}
    asked = list(digests)
    for first in range(0, len(asked), _AT_ONCE):
        known = Tombstone.objects.filter(digest__in=asked[first : first + _AT_ONCE]).values_list("digest", flat=True)
        digests.difference_update(bytes(digest) for digest in known)
    return [line for line in lines if not digests.isdisjoint((*line.shoppers, *line.tokens))]


def _kept(now: datetime) -> list[TombstoneLine]:
    return [line for line in tombstone_file.read(path=settings.TOMBSTONES) if line.at >= now - settings.KEEP_TOMBSTONES]


def refuse_unless_usable() -> None:
    """NotCaughtUp, with a sentence for the operator, unless erasures can be written down."""
    try:
        _keys()
        tombstone_file.refuse_unless_usable(path=settings.TOMBSTONES)
    except BadTombstoneKeys as error:
        raise NotCaughtUp(str(error)) from error
    except OSError as error:
        raise NotCaughtUp(
            f"GEOOFFERS_TOMBSTONES: {settings.TOMBSTONES} cannot be written ({error.strerror}); nobody could be erased."
        ) from error


def refuse_unless_caught_up(*, now: datetime) -> None:
    """NotCaughtUp, with a sentence for the operator. Web and worker ask before they start."""
    refuse_unless_usable()
    try:
        waiting = unapplied(now=now)
    except tombstone_file.DamagedTombstones as error:
        raise NotCaughtUp(
            f"{error}. Compare the file with a copy of it; what the line said is not known here."
        ) from error
    except DatabaseError as error:
        raise NotCaughtUp("The table of tombstones cannot be read: has `manage.py migrate` run?") from error
    try:
        keys_of(waiting)
        # Also of those that are applied: else this process would write under the same id what the key of the older
        # lines does not know, and a restored backup could be brought up to date with neither.
        _refuse_other_keys(_kept(now))
    except KeyUnknown as error:
        raise NotCaughtUp(
            f"{settings.TOMBSTONES} holds erasures under {error}: nobody can tell whom they are about."
        ) from error
    if waiting:
        raise NotCaughtUp(
            f"{settings.TOMBSTONES} holds {len(waiting)} erasures that this database has not applied: it was restored "
            "from a backup, or a commit failed. Run `manage.py applytombstones`."
        )


# -- whom they stand for


def keys_of(lines: Iterable[TombstoneLine]) -> Mapping[str, bytes]:
    """The keys that wrote these lines. KeyUnknown: one of them is not configured any more, or another key has its id,
    under which every HMAC would look like somebody else's.
    """
    keys = _keys()
    lines = list(lines)
    gone = sorted({line.key_id for line in lines} - keys.keys())
    if gone:
        raise KeyUnknown(f"the key {', '.join(gone)}, which is not in GEOOFFERS_TOMBSTONE_KEYS")
    _refuse_other_keys(lines)
    return {line.key_id: keys[line.key_id] for line in lines}


def _refuse_other_keys(lines: Iterable[TombstoneLine]) -> None:
    checks = {key_id: _check_of(key) for key_id, key in _keys().items()}
    # Keys that are not there are asked for by who needs them.
    written = {(line.key_id, line.key_check) for line in lines if line.key_check and line.key_id in checks}
    other = {key_id for key_id, check in written if check != checks[key_id]}
    if other:
        raise KeyUnknown(f"another key {', '.join(sorted(other))} than the one in GEOOFFERS_TOMBSTONE_KEYS")


def shopper_digest(*, key: bytes, shopper_id: UUID) -> bytes:
    return hmac.digest(key, b"shopper:" + shopper_id.bytes, sha256)


def token_digest(*, key: bytes, token_hash: bytes) -> bytes:
    return hmac.digest(key, b"token:" + token_hash, sha256)


def _check_of(key: bytes) -> bytes:
    """It tells keys apart, and nothing of the key."""
    return hmac.digest(key, b"check", sha256)[:8]


def _keys() -> Mapping[str, bytes]:
    return _read_keys(settings.TOMBSTONE_KEYS)


@cache
def _read_keys(text: str) -> Mapping[str, bytes]:
    keys: dict[str, bytes] = {}
    for part in text.split(","):
        key_id, _, digits = part.strip().partition(":")
        if not _KEY_ID.fullmatch(key_id) or not re.fullmatch(r"[0-9a-fA-F]{64}", digits) or key_id in keys:
            raise BadTombstoneKeys("GEOOFFERS_TOMBSTONE_KEYS is not `id:hex,id:hex` of 32 bytes each")
        keys[key_id] = bytes.fromhex(digits)
    return keys
