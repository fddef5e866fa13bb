"""Columns whose bytes are sealed (`rings`): by the field itself, or by the code that writes them."""

from typing import Any

from django.db import models
from django.db.models import Lookup, Q
from django.db.models.lookups import Exact

from geooffers.sealing import configured, rings


class SealedBytes(models.BinaryField):  # type: ignore[type-arg]  # Python's bytes in and out, as its base
    """Bytes that begin with the id of their key; their writer seals them. `__under="k1"`: those of one key."""

    def deconstruct(self) -> Any:
        """In migrations a plain column: they must run whatever becomes of this module."""
        name, _, args, options = super().deconstruct()
        return name, "django.db.models.BinaryField", args, options

    def sealed_outside(self, ring: rings.Ring, *, column: str) -> Q:
        """Rows sealed under keys that are not in `ring`, or not at all."""
        found = Q()
        for low, high in ring.gaps():
            piece = Q(**{f"{column}__not_before": low} if low is not None else {})
            found |= piece & Q(**{f"{column}__before": high} if high is not None else {})
        return found


class SealedHash(SealedBytes):
    """A hash: in Python as it is, in the database sealed. It is found by `=`, whichever key of the ring it is under.

    `purpose` is what the hash is of. A hash that was moved from a column of another purpose does not open.
    """

    # Without a purpose only in migrations, where it is a plain column.
    def __init__(self, *args: Any, purpose: str = "", **options: Any) -> None:
        self.purpose = purpose
        super().__init__(*args, **options)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> bytes | None:
        if value is None:
            return None
        sealed = bytes(value)
        return configured.ring().key_of(sealed).open_hash(sealed, purpose=self.purpose.encode())

    def forms(self, digest: bytes) -> list[bytes]:
        """As it may stand in the database, under each key, the newest first."""
        return [key.seal_hash(bytes(digest), purpose=self.purpose.encode()) for key in configured.ring().keys]

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        sealed = None if value is None else self.forms(value)[0]
        return super().get_db_prep_value(sealed, connection, prepared)


class _Raw(Lookup):
    """Compares what stands in the database with the bytes given."""

    prepare_rhs = False
    sign = ""

    def get_db_prep_lookup(self, value: Any, connection: Any) -> Any:
        return "%s", [connection.Database.Binary(value)]

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        left, left_params = self.process_lhs(compiler, connection)
        right, right_params = self.process_rhs(compiler, connection)
        return f"{left} {self.sign} {right}", (*left_params, *right_params)


@SealedBytes.register_lookup
class Before(_Raw):
    lookup_name, sign = "before", "<"


@SealedBytes.register_lookup
class NotBefore(_Raw):
    lookup_name, sign = "not_before", ">="


@SealedBytes.register_lookup
class Under(_Raw):
    """By the id of the key."""

    lookup_name = "under"

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        left, left_params = self.process_lhs(compiler, connection)
        low, high = (connection.Database.Binary(end) for end in rings.Key(str(self.rhs), b"").range)
        return f"({left} >= %s AND {left} < %s)", (*left_params, low, *left_params, high)


@SealedHash.register_lookup
class ExactUnderAnyKey(Exact):
    """While a ring has several keys, a hash may be under each of them."""

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        field = self.lhs.output_field
        if not self.rhs_is_direct_value() or len(configured.ring().keys) == 1:
            return super().as_sql(compiler, connection)
        left, left_params = self.process_lhs(compiler, connection)
        forms = [connection.Database.Binary(form) for form in field.forms(self.rhs)]
        return f"{left} IN ({', '.join(['%s'] * len(forms))})", (*left_params, *forms)
