"""Up to which number events can be read, because nothing below it can appear any more.

PostgreSQL's sequence gives out numbers before transactions commit: number 8 may be there while number 7 is still to
come, and a reader that goes by number alone never sees 7. So:

1. Note the sequence's last value.
2. Then take a transaction id (xid) of our own: every transaction that has taken a number up to that value had its xid
   before (`appending` sees to that), so its xid is lower than ours.
3. Once `pg_snapshot_xmin` is not below it, all those transactions are over. What they appended is there to be read, and
   what is appended from now on has a higher number.

`pg_snapshot_xmax` would cost no xid and is not enough: it is one more than the newest xid that is *over*. Transactions
with higher xids may be running, and they may have taken their numbers.

The order of the numbers is causal: a transaction that has read an effect of another takes a higher number than that
one. This does not hold for xids, which are given out when a transaction first writes (docs/decisions/0014).

A look is made outside a transaction: inside one that has written, that transaction itself would be waited for.

Snapshots show the transactions of all databases of a cluster: one that stays open anywhere holds up every follower.
"""

from collections import deque
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Max

from geooffers.events.appending import TABLE
from geooffers.events.models import Event

# Notes that wait for transactions to end. More would let a follower be a little nearer, and cost nothing but this list.
MOST_NOTES = 64

_LAST_VALUE = f"SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM {TABLE}_id_seq"  # noqa: S608


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """`number`: the sequence's last value at `at`. It can be read up to once no xid below `xid` is running."""

    number: int
    xid: int
    at: datetime


class Horizon:
    """Of one process. `number` can be read up to; all that was appended before `at` is below or at it."""

    def __init__(self) -> None:
        self.number = 0
        self.at: datetime | None = None
        self._notes: deque[Note] = deque()

    def look(self, *, now: datetime) -> int:
        if connection.vendor != "postgresql":
            # One writer at a time: numbers appear in their order.
            self.number, self.at = Event.objects.aggregate(last=Max("pk"))["last"] or 0, now
            return self.number
        number = _ask(_LAST_VALUE)
        newest = self._notes[-1].number if self._notes else self.number
        if number > newest and len(self._notes) < MOST_NOTES:
            self._notes.append(Note(number=number, xid=self._later_xid(), at=now))
        if self._notes:
            oldest_running = _ask("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
            while self._notes and self._notes[0].xid <= oldest_running:
                note = self._notes.popleft()
                self.number, self.at = note.number, note.at
        elif number == self.number:
            self.at = now
        return self.number

    @staticmethod
    def _later_xid() -> int:
        """Higher than that of every transaction that has one. A statement of its own, so it is over at once."""
        return _ask("SELECT pg_current_xact_id()::text::bigint")


def _ask(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.fetchone()[0])
