"""The periodic tasks of one worker: which is due, whose turn it is, and what becomes of one that takes too long."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import InterfaceError, OperationalError

from geooffers.worker import leases
from geooffers.worker.timetable import Task

log = logging.getLogger(__name__)

LEASE_S = 300.0
BATCH = 500


@dataclass(kw_only=True)
class _Run:
    """A task that runs in this process. `lost`: another worker has taken its lease since."""

    lease: int
    began: float
    overran: bool = False
    lost: bool = False


class Tasks:
    """Shared by the threads of a worker that run tasks, and the one that renews their leases."""

    def __init__(
        self,
        tasks: Sequence[Task],
        *,
        holder: str,
        clock: Callable[[], datetime],
        stop: threading.Event,
        lease_s: float = LEASE_S,
    ) -> None:
        self.all = tasks
        self._holder = holder
        self._clock = clock
        self._stop = stop
        self._lease_s = lease_s
        self._lock = threading.Lock()
        # When this worker asks next whether a task is due; the database says whether it is.
        self._ask_at = {each.name: 0.0 for each in tasks}
        self._running: dict[str, _Run] = {}

    @property
    def renew_every_s(self) -> float:
        return self._lease_s / 4

    def names_running(self) -> list[str]:
        with self._lock:
            return sorted(self._running)

    def run_next_due(self) -> bool:
        """False when there was none."""
        with self._lock:
            due = [each for each in self.all if self._ask_at[each.name] <= time.monotonic()]
            if not due:
                return False
            task = min(due, key=lambda each: self._ask_at[each.name])
            self._ask_at[task.name] = time.monotonic() + task.every_s
        try:
            self.run(task, every_s=task.every_s)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            # One with a fault must not keep the others from running; it comes back in its own time.
            log.exception("the task %s failed", task.name)
        return True

    def run(self, task: Task, *, every_s: float) -> None:
        before = leases.take(name=task.name, holder=self._holder, every_s=every_s, lease_s=self._lease_s)
        if before is None:
            return
        if before.until is not None:
            log.error("the task %s was not given back by %s; taken over", task.name, before.holder)
        run = _Run(lease=before.lease + 1, began=time.monotonic())
        with self._lock:
            self._running[task.name] = run
        done = False
        try:
            # Half the lease: then the other tasks have their turn, and it comes back in its own time.
            until = run.began + self._lease_s / 2
            while task.run(now=self._clock(), limit=BATCH) >= BATCH:
                if self._stop.is_set() or run.lost or time.monotonic() > until:
                    break
            done = True
        finally:
            with self._lock:
                del self._running[task.name]
            if not leases.give_back(name=task.name, lease=run.lease, done=done):
                log.error("the task %s ended after another worker had taken it over", task.name)

    def renew(self) -> None:
        """What runs keeps its lease for as long as this process lives, so that no other worker begins the same. One
        that takes longer than a lease is said to, once: in the log, in its row and by the metrics."""
        with self._lock:
            running = list(self._running.items())
        for name, run in running:
            if not leases.renew(name=name, lease=run.lease, lease_s=self._lease_s):
                # Ended meanwhile; or this process was stopped for so long that it was taken for dead.
                with self._lock:
                    run.lost = self._running.get(name) is run
                if run.lost:
                    log.error("the task %s runs here while another worker has taken it over; it ends soon", name)
            elif not run.overran and time.monotonic() - run.began > self._lease_s:
                run.overran = True
                leases.keep_overrun(name=name, lease=run.lease)
                log.error("the task %s has been running for longer than its lease of %g s", name, self._lease_s)
