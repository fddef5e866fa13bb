"""The time of a request. An endpoint reads it once; below, `now` is an argument.

A story that spans days (a recorded walk, a coupon that expires) is told at its own times: `set_to` holds for the
calls made inside it, in this thread alone.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_told: ContextVar[datetime | None] = ContextVar("geooffers.api.edge.clock", default=None)


def now() -> datetime:
    return _told.get() or datetime.now(UTC)


@contextmanager
def set_to(moment: datetime) -> Iterator[None]:
    token = _told.set(moment)
    try:
        yield
    finally:
        _told.reset(token)
