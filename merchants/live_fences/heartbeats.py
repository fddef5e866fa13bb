"""What each process that follows the fences tells of itself, for the operators' page.

The polling thread writes one small row, at its first poll and then every fifteen seconds, never a request. So a hundred
processes are seven writes a second, however often fences change. It waits for no lock for long: a held table must not
keep the thread from its next poll. Rows of processes that are gone are dropped by those that live.
"""

import contextlib
import os
import random
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

from django.db import connection, transaction

from merchants.live_fences import snapshots
from merchants.live_fences.snapshots import SnapshotMark
from merchants.models import FenceFollower

TELL_EVERY_S = 15.0
# Three signs missed: it is busy, frozen, cut off from the database, or gone.
SILENT_AFTER = timedelta(seconds=3 * TELL_EVERY_S)
DROP_AFTER = timedelta(minutes=10)
WRITTEN_WITHIN_MS = 500


@dataclass(frozen=True, kw_only=True)
class Sign:
    """Where a process stands."""

    last_number: int
    areas: int
    changes: int
    mark: SnapshotMark | None


class Teller:
    def __init__(self, root: Path) -> None:
        self._root = root
        self._id = uuid4()
        self._started_at: datetime | None = None
        self._due_at = 0.0
        self._lag_s: float | None = None
        self._lag_is_told = True

    def took_in(self, *, lag: timedelta) -> None:
        """Changes, the oldest of which had waited so long. The longest wait since the last sign is told."""
        lag_s = max(lag.total_seconds(), 0.0)  # clocks of two machines
        self._lag_s = lag_s if self._lag_is_told or self._lag_s is None else max(self._lag_s, lag_s)
        self._lag_is_told = False

    def is_due(self) -> bool:
        return time.monotonic() >= self._due_at

    def tell(self, sign: Sign, *, now: datetime) -> None:
        """Also when it fails it is tried again no sooner."""
        # Not all at the same moment: the processes of a machine start together.
        self._due_at = time.monotonic() + TELL_EVERY_S * random.uniform(0.8, 1.2)  # noqa: S311  # no secret
        self._started_at = self._started_at or now
        row = FenceFollower(
            id=self._id,
            host=socket.gethostname()[:60],
            pid=os.getpid(),
            started_at=self._started_at,
            seen_at=now,
            last_number=sign.last_number,
            lag_s=self._lag_s,
            areas=sign.areas,
            changes=sign.changes,
            base=sign.mark.name if sign.mark is not None else "",
            base_built_at=snapshots.built_at(self._root, sign.mark) if sign.mark is not None else None,
            disk_bytes=snapshots.bytes_on_disk(self._root),
        )
        told = [field.name for field in FenceFollower._meta.concrete_fields if not field.primary_key]
        with _in_a_hurry():
            FenceFollower.objects.filter(seen_at__lt=now - DROP_AFTER).delete()
            FenceFollower.objects.bulk_create([row], update_conflicts=True, unique_fields=["id"], update_fields=told)
        self._lag_is_told = True


@contextlib.contextmanager
def _in_a_hurry() -> Iterator[None]:
    """A transaction that rather fails than waits for others."""
    if connection.vendor == "postgresql":
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL statement_timeout = {WRITTEN_WITHIN_MS}")
            yield
        return
    with connection.cursor() as cursor:
        (patience_ms,) = cursor.execute("PRAGMA busy_timeout").fetchone()
        cursor.execute(f"PRAGMA busy_timeout = {WRITTEN_WITHIN_MS}")
        try:
            with transaction.atomic():
                yield
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {patience_ms}")
