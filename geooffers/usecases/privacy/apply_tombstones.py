"""What the file of tombstones says and this database does not know: a backup that was restored forgets again.

The tombstones name nobody, so everybody is asked: an HMAC of each shopper's id and of each phone's token hash.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from geooffers.shoppers.models import Device, Shopper
from geooffers.shoppers.privacy import tombstones
from geooffers.shoppers.privacy.tombstone_file import TombstoneLine
from geooffers.usecases.privacy import erase_shopper

_AT_ONCE = 5_000


@dataclass(frozen=True, kw_only=True)
class Applied:
    """`lines` of the file were not known here; so many shoppers of this database were among them."""

    lines: int
    shoppers: int


def apply_tombstones(*, now: datetime) -> Applied:
    """Safe to repeat, and to be killed: a line is mirrored when everybody it stands for has been erased."""
    lines = tombstones.unapplied(now=now)
    if not lines:
        return Applied(lines=0, shoppers=0)
    keys = tombstones.keys_of(lines)
    erased = sum(
        erase_shopper.erase_again(shopper_id=shopper_id, line=line, now=now)
        for shopper_id, line in _shoppers(lines, keys)
    )
    # What is left are phones that changed hands after the backup was made.
    for line, device_ids in _phones(lines, keys):
        erase_shopper.erase_phones_again(device_ids=device_ids, line=line, now=now)
    for line in lines:
        tombstones.mirror(line)
    return Applied(lines=len(lines), shoppers=erased)


def _shoppers(lines: Iterable[TombstoneLine], keys: Mapping[str, bytes]) -> list[tuple[UUID, TombstoneLine]]:
    wanted = {digest: line for line in lines for digest in line.shoppers}
    found = []
    for shopper_id in Shopper.objects.filter(erasure=None).values_list("pk", flat=True).iterator(_AT_ONCE):
        for key in keys.values():
            line = wanted.get(tombstones.shopper_digest(key=key, shopper_id=shopper_id))
            if line is not None:
                found.append((shopper_id, line))
    return found


def _phones(lines: Iterable[TombstoneLine], keys: Mapping[str, bytes]) -> list[tuple[TombstoneLine, list[UUID]]]:
    wanted = {digest: line for line in lines for digest in line.tokens}
    found: dict[UUID, tuple[TombstoneLine, list[UUID]]] = {}
    for device_id, *hashes in Device.objects.values_list("pk", "token_hash", "previous_token_hash").iterator(_AT_ONCE):
        for token_hash in filter(None, hashes):
            for key in keys.values():
                line = wanted.get(tombstones.token_digest(key=key, token_hash=bytes(token_hash)))
                if line is not None:
                    found.setdefault(line.request_id, (line, []))[1].append(device_id)
    return list(found.values())
