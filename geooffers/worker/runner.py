"""The worker: one process that sends what is due, runs the tasks that are due, and follows the events.

Each has threads of its own, so that none waits for another: a task may take minutes, a push is due within a second.
Threads and not processes: nearly all of the time they wait for the database or a vendor, one process is one thing to
start and to stop, and on a small machine it is one interpreter in memory. Where a task's arithmetic would slow the
sender, `runworker --only send` and `--only tasks` are two processes.

Each channel has a sender of its own: a wallet that answers slowly holds up no push. Each thread has a connection of its
own to the database, which it closes at its end: two senders, two for tasks, one that follows and the main thread are
the six of the pool (`GEOOFFERS_DATABASE_POOL`). On SQLite, which has one writer, a transaction of a
task holds up the sender for as long as it is open; so every task works in batches that are short transactions.
"""

import logging
import math
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import InterfaceError, OperationalError, connection, connections

from geooffers.events.following import Follower
from geooffers.worker import leases, running, send
from geooffers.worker.follow import Followers
from geooffers.worker.running import Tasks
from geooffers.worker.timetable import FOLLOWERS, TASKS, Task
from notifications.channels.protocol import PassUpdate, PushMessage, Transport
from notifications.deliveries.limits import Limits

logger = logging.getLogger(__name__)

# While one is slow the others go on.
TASK_THREADS = 2
DATABASE_PAUSE_S = 2.0
# How long a task may go on after the worker was asked to stop. Its transaction is rolled back then, and its lease ends.
TASKS_STOP_WITHIN_S = 30.0
# How often the main thread looks whether it was asked to stop. It does not wait for the event: a signal's handler that
# sets an event whose lock the main thread holds would wait for ever.
LOOK_EVERY_S = 0.1


# One turn of a thread. It answers in how many seconds there is more to do, as far as it knows: 0, or up to infinity.
Turn = Callable[[], float]


class Part(StrEnum):
    SEND = "send"
    TASKS = "tasks"
    FOLLOW = "follow"


class Worker:
    def __init__(
        self,
        *,
        transport: Transport[PushMessage],
        clock: Callable[[], datetime],
        stop: threading.Event,
        batch: int,
        connections: int,
        lease_s: float,
        wallet: Transport[PassUpdate] | None = None,
        tasks: Sequence[Task] = TASKS,
        followers: Sequence[Follower] = FOLLOWERS,
        task_lease_s: float = running.LEASE_S,
    ) -> None:
        self.name = f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._clock = clock
        self._stop = stop
        limits = replace(transport.limits, batch=batch, connections=connections, lease_s=lease_s)
        self._channels: dict[str, tuple[Transport[Any], Limits]] = {"pushes": (transport, limits)}
        if wallet is not None:
            self._channels["passes"] = (wallet, wallet.limits)
        self.tasks = Tasks(tasks, holder=self.name, clock=clock, stop=stop, lease_s=task_lease_s)
        self._followers = Followers(followers, holder=self.name, clock=clock)
        self._prepared = False
        self._broken = False

    def run_once(self) -> None:
        """All of it in the caller's thread, one after the other; first what is due to be sent."""
        leases.prepare(names=[each.name for each in self.tasks.all])
        self._send_all()
        for each in self.tasks.all:
            self.tasks.run(each, every_s=0)
        while self._follow() == 0 and not self._stop.is_set():
            pass
        self._followers.leave()
        self._send_all()

    def run(self, *, poll_s: float, parts: Collection[Part] = frozenset(Part)) -> bool:
        """Until it is asked to stop. False: one of its threads ended by a fault, which stops the others."""
        sending = {f"send-{what}": self._sender(what) for what in self._channels}
        senders = self._start(sending if Part.SEND in parts else {}, poll_s=poll_s)
        task_threads = {f"tasks-{number}": self._run_task for number in range(TASK_THREADS)}
        others = self._start(task_threads if Part.TASKS in parts else {}, poll_s=poll_s)
        others += self._start({"follow": self._follow} if Part.FOLLOW in parts else {}, poll_s=poll_s)
        renew_at = 0.0
        try:
            while not self._stop.is_set():
                time.sleep(LOOK_EVERY_S)
                if time.monotonic() >= renew_at:
                    renew_at = time.monotonic() + self.tasks.renew_every_s
                    self._renew()
            self._finish(senders, others)
        finally:
            self._stop.set()
            connections.close_all()
        return not self._broken

    # -- threads

    def _start(self, turns: Mapping[str, Turn], *, poll_s: float) -> list[threading.Thread]:
        # Daemons: a task that hangs must not keep the process from ending.
        threads = [
            threading.Thread(target=self._loop, args=(turn,), kwargs={"poll_s": poll_s}, name=name, daemon=True)
            for name, turn in turns.items()
        ]
        for thread in threads:
            thread.start()
        return threads

    def _loop(self, turn: Turn, *, poll_s: float) -> None:
        try:
            while not self._stop.is_set():
                try:
                    more_in_s = turn()
                except (OperationalError, InterfaceError):
                    # The database restarts or is unreachable. Leases take care of what was in our hands.
                    logger.exception("the database does not answer; trying again in %g s", DATABASE_PAUSE_S)
                    connection.close()
                    self._stop.wait(DATABASE_PAUSE_S)
                    continue
                if more_in_s > 0:
                    self._stop.wait(min(poll_s, more_in_s))
        except BaseException:
            logger.exception("the worker stops")
            self._broken = True
            self._stop.set()
        finally:
            connections.close_all()

    def _renew(self) -> None:
        try:
            self.tasks.renew()
        except (OperationalError, InterfaceError):
            logger.exception("the database does not answer; leases of tasks were not renewed")
        finally:
            connection.close()  # a minute goes by until it is needed again

    def _finish(self, senders: Sequence[threading.Thread], others: Sequence[threading.Thread]) -> None:
        """The sender settles what it has sent, however long that takes; tasks end with the batch at hand."""
        until = time.monotonic() + TASKS_STOP_WITHIN_S
        for thread in others:
            thread.join(max(until - time.monotonic(), 0.0))
        for name in self.tasks.names_running():
            logger.error("the task %s has not ended within %g s; its lease will", name, TASKS_STOP_WITHIN_S)
        for thread in senders:
            thread.join()
        try:
            self._followers.leave()
        except (OperationalError, InterfaceError):
            pass  # their leases end by themselves

    # -- what they do

    def _run_task(self) -> float:
        if not self._prepared:
            leases.prepare(names=[each.name for each in self.tasks.all])
            self._prepared = True
        return 0.0 if self.tasks.run_next_due() else math.inf

    def _follow(self) -> float:
        return 0.0 if self._followers.deliver() else math.inf

    def _send_all(self) -> None:
        for what in self._channels:
            while self._send(what) == 0 and not self._stop.is_set():
                pass

    def _sender(self, what: str) -> Turn:
        return lambda: self._send(what)

    def _send(self, what: str) -> float:
        """One batch of a channel."""
        transport, limits = self._channels[what]
        batch = send.send_due(transport=transport, clock=self._clock, limits=limits)
        if batch.counts:
            told = ", ".join(f"{count} {outcome}" for outcome, count in sorted(batch.counts.items()))
            logger.info("%s: %s", what, told)
            return 0.0
        return math.inf if batch.next_at is None else max((batch.next_at - self._clock()).total_seconds(), 0.1)
