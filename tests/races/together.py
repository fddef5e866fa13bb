"""Several callers at once, each with a connection of its own."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from django.db import connection


def together(*works: Callable[[], Any]) -> list[Any]:
    """Start all at the same moment; what each answered. An exception of any is raised."""
    start = threading.Barrier(len(works))

    def one(work: Callable[[], Any]) -> Any:
        try:
            start.wait(30)
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        futures: Sequence[Future[Any]] = [pool.submit(one, work) for work in works]
        return [future.result() for future in futures]


class Another:
    """Somebody who works in a thread, and of whom one can tell whether they wait for a lock (PostgreSQL)."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._pool = ThreadPoolExecutor(1)
        self._pid: Future[int] = Future()
        self._future = self._pool.submit(self._run, work)

    def _run(self, work: Callable[[], Any]) -> Any:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                self._pid.set_result(cursor.fetchone()[0])
            return work()
        finally:
            connection.close()

    def wait_until_waiting(self) -> None:
        """Return once it waits for a lock; if it finishes instead, nothing was in its way and the test is wrong."""
        until = time.monotonic() + 20
        while time.monotonic() < until:
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM pg_locks WHERE pid = %s AND NOT granted", [self._pid.result(20)])
                if cursor.fetchone()[0]:
                    return
            assert not self._future.done(), f"it did not wait: {self._future.result()}"
            time.sleep(0.01)
        raise AssertionError("it neither waited nor finished")

    @property
    def is_done(self) -> bool:
        return self._future.done()

    def result(self) -> Any:
        try:
            return self._future.result(30)
        finally:
            self._pool.shutdown()
