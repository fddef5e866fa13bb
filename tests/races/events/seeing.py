"""The table `seen`: which follower was given which event, in which order, as its own transactions committed it."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from geooffers.events import following
from geooffers.events.following import Follower
from geooffers.events.horizon import Horizon
from tests.races.events.follower_process import LEASE_S

POLL_S = 0.002


def make_table() -> None:
    place = "bigserial" if connection.vendor == "postgresql" else "integer PRIMARY KEY AUTOINCREMENT"
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS seen")
        cursor.execute(f"CREATE TABLE seen (place {place}, follower text, number bigint)")


def see(follower: str, events: Sequence[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO seen (follower, number) VALUES (%s, %s)", [(follower, each.pk) for each in events]
        )


def seen_by(follower: str) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT number FROM seen WHERE follower = %s ORDER BY place", [follower])
        return [number for (number,) in cursor.fetchall()]


def follow_for_ever(
    follower: Follower,
    *,
    holder: str,
    clock: Callable[[], datetime],
    horizon: Horizon | None = None,
    until: Callable[[], bool] = lambda: False,
) -> None:
    """As the worker does it: look, and when there is something, take the lease and deliver."""
    horizon = horizon or Horizon()
    following.prepare(names=[follower.name])
    lease: int | None = None
    while not until():
        horizon.look(now=clock())
        if not following.is_behind(name=follower.name, horizon=horizon):
            time.sleep(POLL_S)
            continue
        lease = lease or following.take(name=follower.name, holder=holder, lease_s=LEASE_S)
        if lease is None:
            time.sleep(POLL_S)
            continue
        if following.deliver(follower=follower, lease=lease, horizon=horizon, lease_s=LEASE_S) is None:
            lease = None
