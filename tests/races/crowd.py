"""A crowd of threads at the same moment, each with a database connection of its own."""

import threading
from collections.abc import Callable
from typing import TypeVar

from django.db import connections

Answer = TypeVar("Answer")

# PostgreSQL takes 100 connections as it comes, and other tests want some; so many of ours are open at a time.
MOST_CONNECTIONS = 40


def crowd(count: int, work: Callable[[int], Answer]) -> list[Answer | Exception]:
    """Run `work(0)` ... `work(count - 1)` at the same moment; what each answered, or the exception it raised."""
    answers: list[Answer | Exception | None] = [None] * count
    start = threading.Barrier(count)
    free = threading.BoundedSemaphore(MOST_CONNECTIONS)

    def one(number: int) -> None:
        start.wait()
        with free:
            try:
                answers[number] = work(number)
            except Exception as problem:
                answers[number] = problem
            finally:
                connections.close_all()

    threads = [threading.Thread(target=one, args=(number,), daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=240)
        assert not thread.is_alive(), "a thread hangs"
    return answers  # type: ignore[return-value]  # every thread has answered


class Meeting:
    """Where unguarded threads wait for one another between looking and acting: the race at its worst, every time."""

    def __init__(self, count: int) -> None:
        self._barrier = threading.Barrier(count)

    def wait(self) -> None:
        self._barrier.wait(timeout=60)
