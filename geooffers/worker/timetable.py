"""The periodic tasks: which, and how often; and who follows the events. Sending is not among them: it never stops."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from geooffers.events import counting
from geooffers.events.following import Follower
from geooffers.worker.tasks import close_stale, erase, expire, export, forget


class Run(Protocol):
    def __call__(self, *, now: datetime, limit: int) -> int:
        """Do at most `limit` of what is due; how much it was. As much as `limit` means there is more."""


@dataclass(frozen=True, kw_only=True)
class Task:
    name: str
    every_s: float
    run: Run


TASKS = (
    Task(name="close_stale", every_s=60, run=close_stale.run),
    Task(name="expire", every_s=30, run=expire.run),
    Task(name="erase", every_s=60, run=erase.run),
    Task(name="export", every_s=60, run=export.run),
    Task(name="forget", every_s=6 * 3600, run=forget.run),
)

FOLLOWERS = (Follower(name=counting.NAME, handle=counting.count),)
