"""At most one visible message a shopper in ten minutes, over all merchants and phones.

What a shopper expects of a walk through a shopping street: to be told of something, not of everything. A coupon that
comes within the ten minutes is issued all the same, and appears silently: in the answer to the report and in the
list, as it does for somebody who does not allow marketing pushes.

The row is locked before it is known whether anything will be owed: its place in the order of docs/locking.md is before
device states, visits and coupons. Two phones of one shopper that walk into two shops at once are decided one after
the other, and the second one finds what the first one owed.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from geooffers.decisions.models import Interruption
from geooffers.shoppers.models import Shopper
from geooffers.statements.compiled import Given, Update

AT_MOST_EVERY = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True)
class Locked:
    """A shopper's row, which is ours until the transaction ends. `last_at`: when a message was last owed."""

    shopper_id: UUID
    last_at: datetime | None

    def is_free(self, *, now: datetime) -> bool:
        return is_free(last_at=self.last_at, now=now)


def is_free(*, last_at: datetime | None, now: datetime) -> bool:
    """`last_at`: when a visible message was last owed."""
    return last_at is None or now - last_at >= AT_MOST_EVERY


def lock(*, shopper_id: UUID) -> Locked:
    """In the caller's transaction. One statement whether or not there is a row yet: of two phones that make it at the
    same moment, the second waits for the first."""
    table = Interruption._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{table}" ("shopper_id", "last_at") VALUES (%s, NULL) '  # noqa: S608  # our own table's name
            f'ON CONFLICT ("shopper_id") DO UPDATE SET "last_at" = "{table}"."last_at" RETURNING "last_at"',
            [Interruption._meta.pk.get_db_prep_value(shopper_id, connection)],
        )
        (found,) = cursor.fetchone()
    return Locked(shopper_id=shopper_id, last_at=_read(found))


def use(*, interruption: Locked, now: datetime) -> None:
    """A message is owed. The caller holds the lock."""
    _USING.run(shopper=interruption.shopper_id, now=now)


def _using() -> tuple[QuerySet[Interruption], dict[str, Any]]:
    row = Interruption.objects.filter(pk=Given("shopper", Interruption.shopper.field))
    return row, {"last_at": Given("now", Interruption._meta.get_field("last_at"))}


_USING = Update(_using)


def move_to_account(*, anonymous: Shopper, account: Shopper) -> None:
    """At sign-in, after the consents: they were one person all along, so the later of the two times counts."""
    rows = Interruption.objects.filter(pk__in=[anonymous.pk, account.pk]).order_by("pk").select_for_update()
    last_at = {row.pk: row.last_at for row in rows}
    if anonymous.pk not in last_at:
        return
    latest = max((at for at in last_at.values() if at is not None), default=None)
    Interruption.objects.update_or_create(pk=account.pk, defaults={"last_at": latest})
    Interruption.objects.filter(pk=anonymous.pk).delete()


def _read(value: object) -> datetime | None:
    """As the ORM reads the column: SQLite keeps times as text."""
    field = Interruption._meta.get_field("last_at")
    expression = field.get_col(Interruption._meta.db_table)
    for convert in connection.ops.get_db_converters(expression):
        value = convert(value, expression, connection)
    return value if isinstance(value, datetime) else None
