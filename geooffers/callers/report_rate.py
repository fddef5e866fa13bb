"""How many reports a second one phone may send to this process: a bucket for each, in memory, that protects the CPU.

What a phone may change is counted exactly and in the database (`report_positions.WRITES_A_MINUTE`). Reports that
change nothing cost no write, so counting them in the database would cost more than answering them.
"""

import threading
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

A_SECOND = 10
# A phone that was offline sends what it kept, often one by one.
BURST = 40
# Buckets of phones that have been quiet are full. They are thrown away when there are more than this, and every so
# often: the memory of a process is no place to keep a list of phones.
MOST = 20_000
SWEEP_EVERY_S = 60


class TooManyReports(Exception):
    """Too many reports in a second; send them as one batch, or wait as long as Retry-After says."""

    retry_after_s = 1


class Busy(Exception):
    """Too many reports; send the same again after as long as Retry-After says."""

    # For a client that throws away what is refused with 4xx, and keeps what met trouble.
    def __init__(self, *, retry_after_s: int) -> None:
        super().__init__()
        self.retry_after_s = retry_after_s


class Buckets:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: dict[UUID, tuple[float, float]] = {}  # device -> (reports left, as of second)
        self._swept_at = 0.0

    def spend(self, *, device_id: UUID, now: datetime) -> None:
        second = now.timestamp()
        with self._lock:
            left, since = self._left.get(device_id, (BURST, second))
            # A clock that was set back gives nothing, and takes nothing.
            left = min(BURST, left + max(second - since, 0) * A_SECOND)
            if left < 1:
                raise TooManyReports
            is_full = len(self._left) >= MOST and device_id not in self._left
            if is_full or abs(second - self._swept_at) > SWEEP_EVERY_S:
                self._swept_at = second
                self._left = {
                    key: (had, at) for key, (had, at) in self._left.items() if had + (second - at) * A_SECOND < BURST
                }
            self._left[device_id] = (left - 1, second)

    def forget(self, device_ids: Iterable[UUID]) -> None:
        with self._lock:
            for device_id in device_ids:
                self._left.pop(device_id, None)


BUCKETS = Buckets()
