"""The worker's loop: send what is due, run the rounds that are due, wait a little when there is nothing."""

import logging
import math
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from django.db import InterfaceError, OperationalError, connection

from geooffers.rounds import leases, send
from geooffers.rounds.timetable import ROUNDS, Round
from notifications.channels.protocol import PassUpdate, PushMessage, Transport

logger = logging.getLogger(__name__)

ROUND_LEASE_S = 300.0
ROUND_BATCH = 500
DATABASE_PAUSE_S = 2.0


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
    ) -> None:
        self.name = f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._transport, self._wallet = transport, wallet
        self._clock = clock
        self._stop = stop
        self._limits = replace(transport.limits, batch=batch, connections=connections, lease_s=lease_s)
        # How long there is nothing to send, in seconds, as far as is known.
        self._idle_s = math.inf
        # When this worker asks next whether a round is due; the database says whether it is.
        self._ask_at = dict.fromkeys((each.name for each in ROUNDS), 0.0)

    def run_once(self) -> None:
        leases.prepare(names=self._ask_at)
        for each in ROUNDS:
            self._run_round(each, every_s=0)
        while self._send() and not self._stop.is_set():
            pass

    def run(self, *, poll_s: float) -> None:
        prepared = False
        while not self._stop.is_set():
            try:
                if not prepared:
                    leases.prepare(names=self._ask_at)
                    prepared = True
                self._run_due_rounds()
                sent = self._send()
            except (OperationalError, InterfaceError):
                # The database restarts or is unreachable. Leases take care of what was in our hands.
                logger.exception("the database does not answer; trying again in %g s", DATABASE_PAUSE_S)
                connection.close()
                self._stop.wait(DATABASE_PAUSE_S)
                continue
            if not sent:
                self._stop.wait(min(poll_s, self._idle_s))

    def _run_due_rounds(self) -> None:
        for each in ROUNDS:
            if time.monotonic() < self._ask_at[each.name]:
                continue
            self._ask_at[each.name] = time.monotonic() + each.every_s
            try:
                self._run_round(each, every_s=each.every_s)
            except (OperationalError, InterfaceError):
                raise
            except Exception:
                # A round with a fault must not keep pushes from being sent; it comes back in its own time.
                logger.exception("the round %s failed", each.name)

    def _run_round(self, each: Round, *, every_s: float) -> None:
        if not leases.take(name=each.name, holder=self.name, every_s=every_s, lease_s=ROUND_LEASE_S):
            return
        # Half the lease: a batch that takes long must not run into the next holder's.
        until = time.monotonic() + ROUND_LEASE_S / 2
        done = False
        try:
            while each.run(now=self._clock(), limit=ROUND_BATCH) >= ROUND_BATCH:
                if self._stop.is_set() or time.monotonic() > until:
                    break
            done = True
        finally:
            leases.give_back(name=each.name, holder=self.name, done=done)

    def _send(self) -> int:
        """One batch of each channel."""
        batches = {"pushes": send.send_due(transport=self._transport, clock=self._clock, limits=self._limits)}
        if self._wallet is not None:
            batches["passes"] = send.send_due(transport=self._wallet, clock=self._clock)
        for what, batch in batches.items():
            if batch.counts:
                told = ", ".join(f"{count} {outcome}" for outcome, count in sorted(batch.counts.items()))
                logger.info("%s: %s", what, told)
        due = [batch.next_at for batch in batches.values() if batch.next_at is not None]
        self._idle_s = max((min(due) - self._clock()).total_seconds(), 0.0) if due else math.inf
        return sum(batch.counts.total() for batch in batches.values())
