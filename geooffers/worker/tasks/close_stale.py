"""Phones that fell silent leave their visits, and what was kept of where they were is cleared."""

from datetime import datetime

from geooffers.visits import recording


def run(*, now: datetime, limit: int) -> int:
    return recording.close_stale(now=now, limit=limit)
