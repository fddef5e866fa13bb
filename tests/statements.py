"""The statements of a call, as docs/performance.md lists them: what each does to which table, in their order."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

# Of transactions: they ask for no row.
_UNCOUNTED = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")
_TABLE = re.compile(r'\b(?:FROM|INTO|UPDATE) "(\w+)"')


@contextmanager
def listed() -> Iterator[list[str]]:
    """Filled when the block is over: "INSERT visits_visit", "SELECT merchants_offer", ..."""
    found: list[str] = []
    with CaptureQueriesContext(connection) as queries:
        yield found
    found += [_short(query) for query in queries.captured_queries if not query["sql"].startswith(_UNCOUNTED)]


def _short(query: dict[str, Any]) -> str:
    sql = query["sql"]
    table = _TABLE.search(sql)
    return f"{sql.split()[0]} {table[1] if table else sql}"
