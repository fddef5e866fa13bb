"""How often a caller may call, counted exactly: one SQL upsert a call, or Redis when there is one.

django-ninja's own throttles read, then write: of 400 concurrent calls 35 passed a limit of 10.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from django.conf import settings
from django.db import connection
from limits import RateLimitItemPerSecond, storage
from limits.strategies import FixedWindowRateLimiter

from geooffers.callers.models import RateCount

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Limit:
    name: str
    amount: int
    per_s: int


# Behind a mobile carrier's gateway thousands of phones share an address, so this is not tight.
REGISTRATIONS = Limit(name="registrations", amount=120, per_s=3600)
OPEN_READS = Limit(name="open_reads", amount=600, per_s=60)
SIGN_INS = Limit(name="sign_ins", amount=20, per_s=600)
DEVICE_CALLS = Limit(name="device_calls", amount=240, per_s=60)
# Every live offer of the cities listed is counted.
CITY_LISTS = Limit(name="city_lists", amount=30, per_s=60)
# A pass is drawn, signed, and told to a vendor.
PASSES = Limit(name="passes", amount=60, per_s=60)
# A till scans a queue of people; somebody who guesses codes is stopped long before 32^12.
SCANS = Limit(name="scans", amount=120, per_s=60)
# A copy of everything is gathered for each.
EXPORTS = Limit(name="exports", amount=30, per_s=3600)
OF_DEVICES = (SIGN_INS, DEVICE_CALLS, CITY_LISTS, PASSES, EXPORTS)


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """What is left of a limit."""

    limit: Limit
    remaining: int
    reset_s: int


class TooManyRequests(Exception):
    """Too many calls; wait as long as Retry-After says."""

    def __init__(self, *, allowance: Allowance) -> None:
        super().__init__()
        self.allowance = allowance
        self.retry_after_s = allowance.reset_s


def spend(limit: Limit, *, caller: str, now: datetime) -> Allowance:
    """Count one call of `caller`; refuse it beyond the limit. Not inside a transaction, which would hold the row."""
    used, reset_s = _count(limit=limit, caller=caller, now=now)
    allowance = Allowance(limit=limit, remaining=max(limit.amount - used, 0), reset_s=reset_s)
    if used > limit.amount:
        raise TooManyRequests(allowance=allowance)
    return allowance


def _count(*, limit: Limit, caller: str, now: datetime) -> tuple[int, int]:
    if settings.REDIS_URL:
        try:
            return _count_in_redis(limit=limit, caller=caller, now=now)
        except _redis().storage.base_exceptions as error:
            # Without Redis the database counts: as exact, only slower.
            log.warning("limits: Redis did not answer (%s); counting in the database", type(error).__name__)
    return _count_in_database(limit=limit, caller=caller, now=now)


def _count_in_database(*, limit: Limit, caller: str, now: datetime) -> tuple[int, int]:
    second = int(now.timestamp())
    start = second - second % limit.per_s
    table = connection.ops.quote_name(RateCount._meta.db_table)
    window = connection.ops.adapt_datetimefield_value(datetime.fromtimestamp(start, UTC))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (caller, window_start, count) VALUES (%s, %s, 1) "  # noqa: S608  # our own table's name
            f"ON CONFLICT (caller, window_start) DO UPDATE SET count = {table}.count + 1 RETURNING count",
            [f"{limit.name}:{caller}", window],
        )
        (used,) = cursor.fetchone()
    return used, start + limit.per_s - second


@cache
def _redis() -> Any:
    return FixedWindowRateLimiter(storage.storage_from_string(settings.REDIS_URL))


def _count_in_redis(*, limit: Limit, caller: str, now: datetime) -> tuple[int, int]:
    limiter = _redis()
    item = RateLimitItemPerSecond(limit.amount, limit.per_s, namespace="geooffers")
    allowed = limiter.hit(item, limit.name, caller)
    stats = limiter.get_window_stats(item, limit.name, caller)
    reset_s = max(int(stats.reset_time - now.timestamp()), 1)
    return (limit.amount - int(stats.remaining) if allowed else limit.amount + 1), reset_s


def forget(*, callers: Sequence[str]) -> int:
    """Delete the counts of callers who are erased. Where Redis does not answer, its counts end with their window."""
    names = [f"{limit.name}:{caller}" for limit in OF_DEVICES for caller in callers]
    forgotten = RateCount.objects.filter(caller__in=names).delete()[0]
    if settings.REDIS_URL:
        limiter = _redis()
        for limit in OF_DEVICES:
            item = RateLimitItemPerSecond(limit.amount, limit.per_s, namespace="geooffers")
            for caller in callers:
                try:
                    limiter.clear(item, limit.name, caller)
                except limiter.storage.base_exceptions as error:
                    log.warning("limits: Redis did not answer (%s); its counts expire", type(error).__name__)
                    return forgotten
    return forgotten
