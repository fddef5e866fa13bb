"""Writes events into the table: one INSERT for any number of them, in the transaction in which they happened.

Plain SQL, and no model: rooms that may append (merchants') must not be able to read what others appended.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from operator import attrgetter
from typing import Any

from django.db import connection

from geooffers.events.happened import Happened

TABLE = "events_event"
COLUMNS = ("kind", "at", "shopper_id", "visit_id", "coupon_id", "offer_id", "store_id", "message_id")
_TYPES = ("text", "timestamptz", *["uuid"] * 6)
_values = attrgetter(*COLUMNS)

# The condition is about order, not about rows: PostgreSQL evaluates it before it makes the first row, so the
# transaction has its number (xid) before it takes one from the sequence. Else it could take number 7 while no snapshot
# shows it as running, and a follower would go past 7 before it is there (docs/decisions/0014).
_POSTGRESQL = (
    f"INSERT INTO {TABLE} ({', '.join(COLUMNS)}) "  # noqa: S608  # no value from outside
    f"SELECT * FROM unnest({', '.join(f'%s::{one}[]' for one in _TYPES)}) WHERE pg_current_xact_id() IS NOT NULL"
)
_SQLITE = f"INSERT INTO {TABLE} ({', '.join(COLUMNS)}) VALUES "  # noqa: S608
_SQLITE_ROW = f"({', '.join(['%s'] * len(COLUMNS))})"


class NotInTransaction(RuntimeError):
    """An event is appended in the transaction in which it happened."""


class InsideSavepoint(RuntimeError):
    """What is gathered for one statement is appended after a savepoint, never inside: it may yet be rolled back."""


class _Gathering(threading.local):
    happened: list[Happened] | None = None
    savepoints: int = 0


_gathering = _Gathering()


def append(*happened: Happened) -> None:
    """In the order given. In the caller's transaction; with `in_one_statement` around it, at that block's end."""
    if not connection.in_atomic_block:
        raise NotInTransaction
    if _gathering.happened is None:
        _insert(happened)
        return
    if len(connection.savepoint_ids) != _gathering.savepoints:
        raise InsideSavepoint
    _gathering.happened += happened


@contextmanager
def in_one_statement() -> Iterator[None]:
    """All that is appended inside is written at the end of the block; after an error nothing is. A block inside of
    another belongs to the outer one."""
    if _gathering.happened is not None:
        yield
        return
    gathered: list[Happened] = []
    _gathering.happened, _gathering.savepoints = gathered, len(connection.savepoint_ids)
    try:
        yield
    finally:
        _gathering.happened = None
    append(*gathered)


def _insert(happened: Sequence[Happened]) -> None:
    if not happened:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_POSTGRESQL, [list(column) for column in zip(*map(_values, happened), strict=True)])
        else:
            statement = _SQLITE + ", ".join([_SQLITE_ROW] * len(happened))
            cursor.execute(statement, [value for one in happened for value in _for_sqlite(one)])


def _for_sqlite(happened: Happened) -> list[Any]:
    kind, at, *ids = _values(happened)
    return [kind, connection.ops.adapt_datetimefield_value(at), *(one and one.hex for one in ids)]
