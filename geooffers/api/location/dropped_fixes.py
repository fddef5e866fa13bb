"""How many fixes were acknowledged and not used, by client and reason: for operators, and off the requests' way.

A request adds to numbers in memory. A thread of the process writes them down, to one row an hour, client and reason.
When the process is killed, the last fifteen seconds of them are lost.
"""

import logging
import threading
from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from django.db import close_old_connections, connection
from django.utils import timezone

from geooffers.api.models import DroppedFixes

log = logging.getLogger(__name__)

WRITE_EVERY_S = 15.0

_lock = threading.Lock()
_counted: Counter[tuple[str, str]] = Counter()


def count(*, client: str, reasons: Mapping[str, int]) -> None:
    """How many for which reason. Names and words of ours alone: nothing that somebody sent."""
    if reasons:
        with _lock:
            _counted.update({(client, str(reason)): number for reason, number in reasons.items()})


def not_written_yet() -> Mapping[tuple[str, str], int]:
    with _lock:
        return dict(_counted)


def write(*, now: datetime) -> None:
    """What was counted since the last time, under the hour of `now`. What cannot be written is kept for the next."""
    with _lock:
        counted = dict(_counted)
        _counted.clear()
    if not counted:
        return
    try:
        _add(counted, hour=now.replace(minute=0, second=0, microsecond=0))
    except Exception:
        with _lock:
            _counted.update(counted)
        raise


def _add(counted: Mapping[tuple[str, str], int], *, hour: datetime) -> None:
    table = connection.ops.quote_name(DroppedFixes._meta.db_table)
    at = connection.ops.adapt_datetimefield_value(hour)
    # In one order, so that two processes never wait for each other in a circle.
    rows = [value for (client, reason), number in sorted(counted.items()) for value in (at, client, reason, number)]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (hour, client, reason, count) VALUES "  # noqa: S608  # our own table's name
            + ", ".join(["(%s, %s, %s, %s)"] * len(counted))
            + f" ON CONFLICT (hour, client, reason) DO UPDATE SET count = {table}.count + excluded.count",
            rows,
        )


def keep_writing(*, every_s: float = WRITE_EVERY_S) -> threading.Event:
    """Start the thread. Set what is answered, and it ends."""
    ended = threading.Event()
    threading.Thread(target=_keep_writing, args=(ended, every_s), name="dropped-fixes", daemon=True).start()
    return ended


def _keep_writing(ended: threading.Event, every_s: float) -> None:
    while not ended.wait(every_s):
        try:
            close_old_connections()
            write(now=timezone.now())
        except Exception as error:
            # The database is away, or full: the numbers wait. Only the kind: the text may hold a row's values.
            log.warning("dropped fixes: could not write the counts (%s)", type(error).__name__)
        finally:
            connection.close()
