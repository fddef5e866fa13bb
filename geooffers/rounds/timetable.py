"""The periodic rounds: which, and how often. Sending is not among them: every worker sends all the time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from geooffers.rounds import forget


class Run(Protocol):
    def __call__(self, *, now: datetime, limit: int) -> int:
        """Do at most `limit` of what is due; how much it was. As much as `limit` means there is more."""


@dataclass(frozen=True, kw_only=True)
class Round:
    name: str
    every_s: float
    run: Run


ROUNDS = (Round(name="forget", every_s=3600, run=forget.run),)
