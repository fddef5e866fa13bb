"""What is stored is moved to the newest data key, so that older ones can be taken away. docs/keys.md tells how keys are
changed; update that page too.

Small batches, each in a transaction of its own, one pass by primary key. A row that somebody else changes meanwhile is
left to them: what they write is under the newest key anyway.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models import BinaryField, Count, ExpressionWrapper, F, Model, Q, QuerySet

from geooffers.coupons import keyring
from geooffers.coupons.models import Coupon, CouponState
from geooffers.sealing import configured, rings
from geooffers.sealing.columns import SealedBytes, SealedHash
from geooffers.shoppers.models import Export
from geooffers.shoppers.privacy import export_files
from geooffers.visits.models import DeviceState
from geooffers.visits.state import sealed_state

# Of the rows under a key so many are tried: one may be damaged.
TRIED = 3


class KeysMissing(Exception):
    """Coupons' codes are sealed under a key that is gone, or another key has its id. Served without it, no till would
    know those coupons, and what is known of where phones are would be lost."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """One that holds sealed bytes."""

    what: str
    model: type[Model]
    name: str

    @property
    def field(self) -> SealedBytes:
        field = self.model._meta.get_field(self.name)
        assert isinstance(field, SealedBytes)  # noqa: S101  # a test goes through all models
        return field

    @property
    def rows(self) -> QuerySet[Any]:
        return self.model._default_manager.all()

    def under(self, key_id: str) -> QuerySet[Any]:
        return self.rows.filter(**{f"{self.name}__under": key_id})

    def outside(self) -> QuerySet[Any]:
        """Sealed under keys that are not in the ring: nobody can read these."""
        nothing = Q() if isinstance(self.field, SealedHash) else Q(**{self.name: b""})
        found = self.rows.filter(self.field.sealed_outside(configured.ring(), column=self.name))
        return found.exclude(nothing) if nothing else found

    def move(self, row: Any) -> int:
        if isinstance(row, DeviceState):
            # One that does not open is lost as it is, and is cleared.
            packed = sealed_state.open_(bytes(row.packed), device_id=row.pk)
            same = DeviceState.objects.filter(pk=row.pk, version=row.version)
            return same.update(packed=sealed_state.seal(packed, device_id=row.pk))
        value = getattr(row, self.name)
        # Written as it is, it is sealed under the newest key.
        return self.rows.filter(**{"pk": row.pk, self.name: value}).update(**{self.name: value})


class Copies:
    """Those that wait to be fetched. They are large: their key stands beside them, and one is read at a time."""

    what = "copies that wait"

    def under(self, key_id: str) -> QuerySet[Export]:
        return Export.objects.filter(body__isnull=False, key_id=key_id).defer("body")

    def outside(self) -> QuerySet[Export]:
        ids = [key.id for key in configured.ring().keys]
        return Export.objects.filter(body__isnull=False).exclude(key_id__in=ids)

    def move(self, row: Export) -> int:
        return export_files.move(export=row)


CODES = Column(what="coupon codes", model=Coupon, name="code_lookup")
COLUMNS = (CODES, Column(what="device states", model=DeviceState, name="packed"))
SEALED: tuple[Column | Copies, ...] = (*COLUMNS, Copies())


@dataclass(frozen=True, kw_only=True)
class Use:
    """How many rows need a key. `known`: whether it is in its ring; without an id nobody knows which one it was."""

    setting: str
    key_id: str | None
    what: str
    rows: int
    known: bool
    newest: bool


def uses() -> list[Use]:
    """Of every key in the rings and outside of them, also those that nothing needs."""
    ring = configured.ring()
    found = []
    for column in SEALED:
        counts = [(key.id, column.under(key.id).count()) for key in ring.keys]
        found += [
            Use(setting="GEOOFFERS_DATA_KEYS", key_id=key_id, what=column.what, rows=rows, known=True, newest=at == 0)
            for at, (key_id, rows) in enumerate(counts)
        ]
        lost = column.outside().count()
        if lost:
            found.append(
                Use(setting="GEOOFFERS_DATA_KEYS", key_id=None, what=column.what, rows=lost, known=False, newest=False)
            )
    return found + _code_keys()


def _code_keys() -> list[Use]:
    """Open coupons show their codes; the others are found without."""
    ids = [key.id for key in keyring.ring().keys]
    open_ones = Coupon.objects.filter(state=CouponState.OPEN).values_list("code_key_id").annotate(Count("pk"))
    needed = dict.fromkeys(ids, 0) | dict(open_ones.order_by("code_key_id"))
    return [
        Use(
            setting="GEOOFFERS_CODE_KEYS",
            key_id=key_id,
            what="open coupons",
            rows=rows,
            known=key_id in ids,
            newest=key_id == ids[0],
        )
        for key_id, rows in needed.items()
    ]


def refuse_without_keys() -> None:
    """Raises KeysMissing. Quick, for every start: only codes, by the index of their column."""
    try:
        lost = CODES.outside().exists()
        changed = sorted(key.id for key in configured.ring().keys if _is_another(key))
    except DatabaseError:
        return  # before the first migration nothing is there yet
    if lost:
        raise KeysMissing(
            f"{CODES.what}: sealed under a key that is not in GEOOFFERS_DATA_KEYS. Put it back (docs/keys.md)."
        )
    if changed:
        raise KeysMissing(
            f"GEOOFFERS_DATA_KEYS: {', '.join(changed)} opens nothing that is sealed under a key of that id. "
            "Put the old one back; a new key has a new id (docs/keys.md)."
        )


def _is_another(key: rings.Key) -> bool:
    """Whether coupons say that their codes are under the key of this id, and it opens none of those tried."""
    as_stored = ExpressionWrapper(F(CODES.name), output_field=BinaryField())
    tried = list(CODES.under(key.id).order_by().values_list(as_stored, flat=True)[:TRIED])
    return bool(tried) and not any(_opens(key, bytes(sealed)) for sealed in tried)


def _opens(key: rings.Key, sealed: bytes) -> bool:
    field = CODES.field
    assert isinstance(field, SealedHash)  # noqa: S101
    try:
        key.open_hash(sealed, purpose=field.purpose.encode())
    except rings.NotOurs:
        return False
    return True


def rotate(*, limit: int) -> Iterator[tuple[str, int]]:
    """Column after column, batch after batch: what was moved, and how many rows of at most `limit`."""
    for column in SEALED:
        for key in configured.ring().keys[1:]:
            yield from ((column.what, moved) for moved in _column(column, key_id=key.id, limit=limit))


def _column(column: Column | Copies, *, key_id: str, limit: int) -> Iterator[int]:
    last: Any = None
    while True:
        wanted = column.under(key_id).order_by("pk")
        rows = list((wanted.filter(pk__gt=last) if last is not None else wanted)[:limit])
        if not rows:
            return
        last = rows[-1].pk
        with transaction.atomic():
            yield sum(column.move(row) for row in rows)


def still_needed(found: Sequence[Use]) -> dict[tuple[str, str | None], int]:
    """Rows by setting and key."""
    needed: dict[tuple[str, str | None], int] = {}
    for use in found:
        needed[use.setting, use.key_id] = needed.get((use.setting, use.key_id), 0) + use.rows
    return needed
