"""Writing to the ledger: in the transaction in which it happened, all movements of a step by one statement."""

from collections.abc import Iterable

from geooffers.ledger.models import LedgerEntry
from geooffers.ledger.movements import Movement


def post(movements: Iterable[Movement]) -> None:
    """One INSERT, and nothing is read. (SQLite takes about a hundred rows in a statement, so many are several.)

    No other transaction waits for it: it inserts rows and locks no others. The counters decide; the entries say why.
    """
    LedgerEntry.objects.bulk_create(
        LedgerEntry(
            owner=each.owner,
            unit=each.unit,
            source=each.source.value,
            target=each.target.value,
            amount=each.amount,
            subject=each.subject,
            cause=each.cause,
            pseudonym=each.pseudonym,
            at=each.at,
        )
        for each in movements
    )
