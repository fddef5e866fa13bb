"""What a piece of work asks of the database: how often, and what of which table."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.test.utils import CaptureQueriesContext

# Of transactions: they ask for no row.
_FRAME = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")
_TABLE = re.compile(r'\b(?:FROM|INTO|UPDATE) "?(\w+)"?')


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


@contextmanager
def listed() -> Iterator[list[str]]:
    """As docs/performance.md lists them: "INSERT visits_visit", "SELECT merchants_offer" … Filled when the block
    ends."""
    found: list[str] = []
    with counted() as statements:
        yield found
    found += [_short(sql) for sql in statements]


def _short(sql: str) -> str:
    table = _TABLE.search(sql)
    return f"{sql.split()[0]} {table[1] if table else sql}"
