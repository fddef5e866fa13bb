"""New rows in one statement. A row that a constraint says is there already is left alone, as with Django's
`ignore_conflicts`; unlike there the caller learns which of them are new, so nobody has to look again.

Only a row that is there is passed over. One that breaks another rule fails, on SQLite too.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import AutoField, Field, Model


def insert_new(rows: Sequence[Model]) -> set[Any]:
    """Of one model. The primary keys of those that were not there before."""
    if not rows:
        return set()
    model = type(rows[0])
    fields = _fields(model)
    new: set[Any] = set()
    # A database takes only so many values in a statement; for SQLite Django says 999.
    most = connection.ops.bulk_batch_size(list(fields), list(rows))
    with connection.cursor() as cursor:
        for first in range(0, len(rows), most):
            some = rows[first : first + most]
            values = [field.get_db_prep_save(field.pre_save(row, True), connection) for row in some for field in fields]
            cursor.execute(_written(connection.vendor, model, len(some)), values)
            new.update(_converted(model, key) for (key,) in cursor.fetchall())
    for row in rows:
        if row.pk in new:
            row._state.adding, row._state.db = False, connection.alias
    return new


@lru_cache
def _fields(model: type[Model]) -> "tuple[Field[Any, Any], ...]":
    """But a number that the database gives."""
    return tuple(field for field in model._meta.concrete_fields if not isinstance(field, AutoField))


@lru_cache(256)
def _written(vendor: str, model: type[Model], count: int) -> str:
    quoted, fields = connection.ops.quote_name, _fields(model)
    columns = ", ".join(quoted(str(field.column)) for field in fields)
    row = f"({', '.join(['%s'] * len(fields))})"
    table, key = quoted(model._meta.db_table), quoted(str(model._meta.pk.column))
    values = ", ".join([row] * count)
    return f"INSERT INTO {table} ({columns}) VALUES {values} ON CONFLICT DO NOTHING RETURNING {key}"  # noqa: S608


def _converted(model: type[Model], key: Any) -> Any:
    column = model._meta.pk.get_col(model._meta.db_table)
    for convert in (*connection.ops.get_db_converters(column), *column.get_db_converters(connection)):
        key = convert(key, column, connection)
    return key
