"""Counting what a piece of work asks of the database."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.test.utils import CaptureQueriesContext

# They send nothing to a table.
_FRAME = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")


class Statements(list[str]):
    """In the order in which they were sent, without those that begin and end transactions and savepoints."""

    def about(self, *tables: str) -> list[str]:
        """Those that name one of these tables."""
        return [one for one in self if any(f'"{table}"' in one for table in tables)]

    def __str__(self) -> str:
        return "\n".join(f"{number:3} {sql[:160]}" for number, sql in enumerate(self, start=1))


@contextmanager
def counted() -> Iterator[Statements]:
    """Filled when the block ends."""
    found = Statements()
    with CaptureQueriesContext(connection) as captured:
        yield found
    found += [query["sql"] for query in captured if not query["sql"].startswith(_FRAME)]
