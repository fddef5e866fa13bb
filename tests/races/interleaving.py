"""Any number of actors, each with a connection of its own, taken forward one SQL statement at a time in a drawn order.

Every statement and every commit of every actor waits for its turn; who is at a lock of the database's waits there, and
the others go on. So two transactions may meet between any two statements, and the same seed draws the same order again.
The actors' transactions are their own: nothing is put around them.
"""

import itertools
import random
import re
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.db import connection, connections

# How long to look whether an actor comes to its next statement, before asking the database if it waits for a lock.
A_MOMENT_S = 0.002
HANGS_AFTER_S = 60.0


@dataclass(frozen=True, kw_only=True)
class Statement:
    sql: str
    params: tuple[Any, ...]
    rows: int  # that it found or changed


@dataclass(frozen=True, kw_only=True)
class Commit:
    """A transaction's statements, and when its COMMIT was sent and answered. Outside of any, a statement's own."""

    statements: tuple[Statement, ...]
    began: float
    ended: float


@dataclass(kw_only=True)
class Actor:
    name: str
    work: Callable[[], object]
    refusals: tuple[type[Exception], ...] = ()  # what it may be answered without having failed
    cut: str = ""  # what this finds is taken out of its statements: what happens without that lock?
    commits: list[Commit] = field(default_factory=list)
    answer: object = None
    refused: Exception | None = None
    answered: float | None = None


class Company:
    """Threads that keep their connections from play to play."""

    def __init__(self, size: int) -> None:
        self._pools = [ThreadPoolExecutor(1) for _ in range(size)]
        self.pids = [pool.submit(_pid).result() for pool in self._pools]

    def start(self, number: int, work: Callable[[], None]) -> None:
        self._pools[number].submit(work)

    def leave(self) -> None:
        for pool in self._pools:
            pool.submit(lambda: connection.close()).result(HANGS_AFTER_S)  # its own, not ours
            pool.shutdown()


def _pid() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


class Play:
    """One play of a few actors."""

    def __init__(self, actors: Sequence[Actor], *, company: Company, luck: random.Random) -> None:
        self._actors, self._company, self._luck = actors, company, luck
        # Some are quick and some are slow: at one pace, who has few statements would always be first.
        self._paces = [10 ** luck.uniform(-1.5, 0) for _ in actors]
        self._standoff = self._drawn_standoff() if luck.random() < 0.5 else None
        self._moved = threading.Condition()
        self._ready: set[int] = set()  # who stands before a statement
        self._before_commit: dict[int, int] = {}  # of these, who stands before a COMMIT, and the how manieth of theirs
        self._done: set[int] = set()
        self._at_a_lock: set[int] = set()
        self._turn: int | None = None
        self._failed: list[BaseException] = []
        self.waits = 0  # how often somebody came to a lock that another held

    def run(self) -> None:
        for number, actor in enumerate(self._actors):
            self._company.start(number, partial(self._act, number, actor))
        while True:
            self._settle()
            with self._moved:
                if len(self._done) == len(self._actors):
                    break
                ready = sorted(self._ready - self._held() or self._ready)
                (self._turn,) = self._luck.choices(ready, [self._paces[number] for number in ready])
                self._ready.discard(self._turn)
                self._before_commit.pop(self._turn, None)
                self._moved.notify_all()
        if self._failed:
            raise self._failed[0]

    # -- an actor's own thread

    def _act(self, number: int, actor: Actor) -> None:
        wrapper: Any = connections["default"]
        open_: list[Statement] = []
        commits = itertools.count()
        commit, rollback = wrapper._commit, wrapper._rollback

        def gated_commit() -> None:
            self._before_commit[number] = next(commits)
            self._wait_for_turn(number)
            began = time.monotonic()
            commit()
            actor.commits.append(Commit(statements=tuple(open_), began=began, ended=time.monotonic()))
            open_.clear()

        def noticed_rollback() -> None:
            rollback()
            open_.clear()

        wrapper._commit, wrapper._rollback = gated_commit, noticed_rollback
        try:
            with wrapper.execute_wrapper(partial(self._execute, number, actor, open_)):
                actor.answer = actor.work()
                actor.answered = time.monotonic()
        except actor.refusals as refusal:
            actor.refused = refusal
        except BaseException as failed:
            self._failed.append(failed)
        finally:
            del wrapper._commit, wrapper._rollback
            with self._moved:
                self._done.add(number)
                self._moved.notify_all()

    def _execute(
        self,
        number: int,
        actor: Actor,
        open_: list[Statement],
        execute: Callable[..., Any],
        sql: str,
        params: Any,
        many: bool,
        context: Any,
    ) -> Any:
        self._wait_for_turn(number)
        began = time.monotonic()
        result = execute(re.sub(actor.cut, "", sql) if actor.cut else sql, params, many, context)
        done = Statement(sql=sql, params=tuple(params or ()), rows=context["cursor"].rowcount)
        if not context["connection"].in_atomic_block:
            actor.commits.append(Commit(statements=(done,), began=began, ended=time.monotonic()))
        elif sql.startswith("ROLLBACK TO SAVEPOINT"):
            savepoint = sql.removeprefix("ROLLBACK TO ")
            del open_[[each.sql for each in open_].index(savepoint) :]
        else:
            open_.append(done)
        return result

    def _wait_for_turn(self, number: int) -> None:
        with self._moved:
            self._ready.add(number)
            self._moved.notify_all()
            if not self._moved.wait_for(lambda: self._turn == number, HANGS_AFTER_S):
                raise TimeoutError("the turn never came")
            self._turn = None
            self._moved.notify_all()

    # -- whose turn it is

    def _drawn_standoff(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Two actors and a commit of each. The first has done all but its commit when the second begins; the second
        has done all but its own when the first goes through, and comes last. Left to chance that would be rare.
        """
        first, other = (
            (0, self._luck.randrange(2)),
            (self._luck.randrange(1, len(self._actors)), self._luck.randrange(4)),
        )
        return (first, other) if self._luck.random() < 0.5 else (other, first)

    def _held(self) -> set[int]:
        if self._standoff is None:
            return set()
        (first, its_commit), (second, seconds_commit) = self._standoff
        if first in self._done or second in self._done:
            return set()
        if self._before_commit.get(first) != its_commit or self._before_commit.get(second) == seconds_commit:
            return {second}
        return {first}

    def _settle(self) -> None:
        """Until everybody stands before a statement, is done or waits for a lock, and one can move or all are done."""
        until = time.monotonic() + HANGS_AFTER_S
        while time.monotonic() < until:
            moving = self._moving()
            if moving - self._at_a_lock:
                with self._moved:
                    self._moved.wait_for(lambda: not self._moving() - self._at_a_lock, A_MOMENT_S)
                moving = self._moving()
            locked = self._locked(moving)
            self.waits += len(locked - self._at_a_lock)
            self._at_a_lock = locked
            if locked == moving and (self._ready or not moving):
                return
        raise TimeoutError("nobody moves any more")

    def _moving(self) -> set[int]:
        return set(range(len(self._actors))) - self._ready - self._done

    def _locked(self, moving: set[int]) -> set[int]:
        """By the lock table, which knows of a release before the one who releases is answered."""
        if not moving:
            return set()
        asked = {self._company.pids[number]: number for number in moving}
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pid FROM unnest(%s::int[]) AS pid WHERE cardinality(pg_blocking_pids(pid)) > 0", [list(asked)]
            )
            return {asked[pid] for (pid,) in cursor.fetchall()}
