"""May a merchant push where its shop is? Not if it gives health care, where the law forbids it or no jurisdiction is
set.

The promise itself stays: the coupon is in the answer and in the app, only no message is sent because of where a phone
is.
"""

from django.db.models import Q

from geooffers.jurisdictions import configured
from geooffers.jurisdictions.rules import LawTable
from merchants.models import Trade


def off(store: str = "", *, table: LawTable | None = None) -> Q:
    """Of a store, or with `store="visit__fence__store__"` of a row that leads to one: its pushes are off. `table`:
    where the query is kept, the one that it was made by."""
    return _off(table or configured.table(), store)


def _off(table: LawTable, store: str) -> Q:
    closed = Q(**{f"{store}jurisdiction": ""})
    if not table.everywhere.health_push:
        closed |= ~closed
    for code, row in table.rows.items():
        if not row.health_push:
            closed |= Q(**{f"{store}jurisdiction": code}) | Q(**{f"{store}jurisdiction__startswith": f"{code}-"})
    return Q(**{f"{store}merchant__trade": Trade.HEALTH}) & closed
