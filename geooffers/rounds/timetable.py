"""The periodic rounds: which, and how often. Sending is not among them: every worker sends all the time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from geooffers.rounds import close_stale, erase, expire, export, forget


class Run(Protocol):
    def __call__(self, *, now: datetime, limit: int) -> int:
        """Do at most `limit` of what is due; how much it was. As much as `limit` means there is more."""


@dataclass(frozen=True, kw_only=True)
class Round:
    name: str
    every_s: float
    run: Run


ROUNDS = (
    Round(name="close_stale", every_s=60, run=close_stale.run),
    Round(name="expire", every_s=30, run=expire.run),
    Round(name="erase", every_s=60, run=erase.run),
    Round(name="export", every_s=60, run=export.run),
    Round(name="forget", every_s=6 * 3600, run=forget.run),
)
