"""Any number of actors, each with a connection of its own, taken forward one SQL statement at a time in a drawn order.

Every statement of every actor waits for its turn; who is at a lock of the database's waits there, and the others go on.
So two transactions may meet between any two statements, and the same seed draws the same order again.
"""

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

# How long to look whether an actor comes to its next statement, before asking the database if it waits for a lock.
A_MOMENT_S = 0.002
HANGS_AFTER_S = 60.0


@dataclass(kw_only=True)
class Actor:
    """`work` in one transaction. What it answered or raised, when it began to commit, and when it had."""

    name: str
    work: Callable[[], Any]
    answer: Any = None
    refused: Exception | None = None
    commit_began: float | None = None
    committed: float | None = None
    # The statements it came to, for whoever wants to know what happened.
    steps: list[str] = field(default_factory=list)

    @property
    def did(self) -> bool:
        return self.committed is not None


class Play:
    """One play of a few actors."""

    def __init__(
        self, actors: Sequence[Actor], *, luck: random.Random, refusals: tuple[type[Exception], ...] = ()
    ) -> None:
        """`refusals` are answers that an actor may get without having failed."""
        self._actors, self._luck, self._refusals = actors, luck, refusals
        self._moved = threading.Condition()
        self._waiting: set[str] = set()
        self._done: set[str] = set()
        self._turn: str | None = None
        self._pids: dict[str, int] = {}
        self._failed: list[BaseException] = []

    def run(self) -> None:
        threads = [threading.Thread(target=self._play, args=[actor], daemon=True) for actor in self._actors]
        for thread in threads:
            thread.start()
        self._give_turns()
        for thread in threads:
            thread.join(HANGS_AFTER_S)
        if self._failed:
            raise self._failed[0]

    # -- an actor's own thread

    def _play(self, actor: Actor) -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                self._pids[actor.name] = cursor.fetchone()[0]
            with connection.execute_wrapper(self._gate(actor)):
                self._in_a_transaction(actor)
        except BaseException as failed:
            self._failed.append(failed)
        finally:
            connection.close()
            with self._moved:
                self._done.add(actor.name)
                self._moved.notify_all()

    def _in_a_transaction(self, actor: Actor) -> None:
        try:
            with transaction.atomic():
                actor.answer = actor.work()
                self._wait_for_turn(actor, "COMMIT")
                actor.commit_began = time.monotonic()
            actor.committed = time.monotonic()
        except self._refusals as refusal:
            actor.refused, actor.commit_began = refusal, None

    def _gate(self, actor: Actor) -> Callable[..., Any]:
        def gate(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
            self._wait_for_turn(actor, sql)
            return execute(sql, params, many, context)

        return gate

    def _wait_for_turn(self, actor: Actor, step: str) -> None:
        actor.steps.append(step[:60])
        with self._moved:
            self._waiting.add(actor.name)
            self._moved.notify_all()
            until = time.monotonic() + HANGS_AFTER_S
            while self._turn != actor.name:
                if not self._moved.wait(until - time.monotonic()):
                    raise TimeoutError(f"{actor.name} never got its turn at {step[:60]}")
            self._turn = None
            self._waiting.discard(actor.name)

    # -- whose turn it is

    def _give_turns(self) -> None:
        until = time.monotonic() + HANGS_AFTER_S
        self._wait_until(lambda: len(self._waiting | self._done) == len(self._actors), until=until)
        while len(self._done) < len(self._actors):
            with self._moved:
                ready = sorted(self._waiting - self._done)
                if not ready:
                    # All others are at a lock, or on their way to the next statement.
                    self._moved.wait(A_MOMENT_S)
                    if time.monotonic() > until:
                        raise TimeoutError("nobody moves any more")
                    continue
                chosen = self._luck.choice(ready)
                self._turn = chosen
                self._moved.notify_all()
            self._see_it_move(chosen, until=until)

    def _see_it_move(self, chosen: str, *, until: float) -> None:
        """Until it stands at its next statement, is done, or waits for a lock."""
        while time.monotonic() < until:
            with self._moved:
                took = self._turn is None
                if took and (chosen in self._waiting or chosen in self._done):
                    return
                self._moved.wait(A_MOMENT_S)
                if self._turn is None and (chosen in self._waiting or chosen in self._done):
                    return
            if self._turn is None and self._is_at_a_lock(chosen):
                return
        raise TimeoutError(f"{chosen} hangs")

    def _is_at_a_lock(self, name: str) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = %s AND state = 'active'",
                [self._pids[name]],
            )
            row = cursor.fetchone()
        return bool(row and row[0])

    def _wait_until(self, there: Callable[[], bool], *, until: float) -> None:
        with self._moved:
            while not there():
                if not self._moved.wait(until - time.monotonic()):
                    raise TimeoutError("the actors did not come")
