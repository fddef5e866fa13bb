"""The followers of one worker: what is new is delivered, each from its own offset."""

import logging
import time
from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import InterfaceError, OperationalError

from geooffers.events import following
from geooffers.events.following import Follower
from geooffers.events.horizon import Horizon

log = logging.getLogger(__name__)

PAUSE_AFTER_FAILURE_S = 10.0


class Followers:
    def __init__(self, followers: Sequence[Follower], *, holder: str, clock: Callable[[], datetime]) -> None:
        self._followers = followers
        self._holder = holder
        self._clock = clock
        self._horizon = Horizon()
        self._prepared = False
        self._leases: dict[str, int] = {}
        # Up to which number a follower has nothing to be given: asked again when the horizon has moved on.
        self._done_to: dict[str, int] = {}
        self._again_at: dict[str, float] = {}

    def deliver(self) -> bool:
        """One batch to each that is behind; True when there may be more."""
        if not self._prepared:
            following.prepare(names=[each.name for each in self._followers])
            self._prepared = True
        number = self._horizon.look(now=self._clock())
        more = False
        for each in self._followers:
            if self._done_to.get(each.name) != number and self._again_at.get(each.name, 0.0) <= time.monotonic():
                more |= self._deliver_to(each)
        return more

    def _deliver_to(self, follower: Follower) -> bool:
        name = follower.name
        if not following.is_behind(name=name, horizon=self._horizon):
            self._done_to[name] = self._horizon.number
            return False
        lease = self._leases.get(name) or following.take(name=name, holder=self._holder)
        if lease is None:
            return False
        self._leases[name] = lease
        try:
            given = following.deliver(follower=follower, lease=lease, horizon=self._horizon)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            # One with a fault must not keep the others from being given theirs.
            log.exception("the follower %s failed; again in %g s", name, PAUSE_AFTER_FAILURE_S)
            following.keep_failure(name=name, lease=lease)
            self._again_at[name] = time.monotonic() + PAUSE_AFTER_FAILURE_S
            return False
        if given is None:
            del self._leases[name]  # another worker has it
            return False
        return given == following.BATCH

    def leave(self) -> None:
        """Another worker need not wait for the leases to end."""
        for name, lease in self._leases.items():
            following.give_back(name=name, lease=lease)
        self._leases.clear()
