"""Lists come in pages: a total order, and a signed cursor that says where the last page ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from django.core import signing
from django.db.models import Q, QuerySet
from pydantic import Field

Row = TypeVar("Row")

PageLimit = Annotated[int, Field(ge=1, le=100, description="How many at most.")]
PageCursor = Annotated[
    str | None,
    Field(
        max_length=500,
        description="`next_cursor` of the page before; without it the first page.",
        examples=[":1vXk2Q:nJ3kq0vX7b2Wc9sLr5tYh8mPz1dFg4aQe6uRo0iKxwA"],
    ),
]


class BadCursor(Exception):
    """The cursor is not one that this list gave."""


@dataclass(frozen=True, kw_only=True)
class Page(Generic[Row]):
    rows: list[Row]
    next_cursor: str | None


def page(*, rows: QuerySet[Any, Row], order: Sequence[str], of: str, cursor: str | None, limit: int) -> Page[Row]:
    """One page of `rows` in `order`, whose last field must be unique (`("-issued_at", "-id")`).

    `of` names the list and whose it is; a cursor of one list is refused by every other.
    """
    if cursor:
        rows = rows.filter(_after(order=order, values=_read(cursor=cursor, of=of, length=len(order))))
    found = list(rows.order_by(*order)[: limit + 1])
    if len(found) <= limit:
        return Page(rows=found, next_cursor=None)
    last = found[limit - 1]
    values = [_write(getattr(last, name.removeprefix("-"))) for name in order]
    return Page(rows=found[:limit], next_cursor=signing.dumps(values, salt=f"page of {of}", compress=True))


def _after(*, order: Sequence[str], values: list[Any]) -> Q:
    """Rows behind `values`: the first field further on, or equal and the next one further on, and so on."""
    behind = Q()
    equal = Q()
    for name, value in zip(order, values, strict=True):
        field = name.removeprefix("-")
        comparison = "lt" if name.startswith("-") else "gt"
        behind |= equal & Q(**{f"{field}__{comparison}": value})
        equal &= Q(**{field: value})
    return behind


def _write(value: Any) -> str | int:
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, int) else str(value)


def _read(*, cursor: str, of: str, length: int) -> list[Any]:
    try:
        values = signing.loads(cursor, salt=f"page of {of}")
    except (signing.BadSignature, ValueError):
        raise BadCursor from None
    if not isinstance(values, list) or len(values) != length:
        raise BadCursor
    return values
