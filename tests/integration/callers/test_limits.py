"""Limits are exact, in the database and in Redis, whoever writes what into X-Forwarded-For."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import redis
from django.db import connection

from geooffers.callers import limits
from geooffers.callers.models import RateCount
from tests.cast import NOON
from tests.conftest import skip_or_fail
from tests.phone import Phone

pytestmark = pytest.mark.both

THREADS, CALLS, AMOUNT = 8, 50, 25
REDIS_URL = "redis://127.0.0.1:6379/9"


def limit() -> limits.Limit:
    return limits.Limit(name=f"test-{uuid4().hex}", amount=AMOUNT, per_s=3600)


def allowed(call: Callable[[], None]) -> int:
    """How many of THREADS x CALLS concurrent calls were let through."""
    counts = [0] * THREADS
    start = threading.Barrier(THREADS)

    def run(number: int) -> None:
        start.wait()
        try:
            for _ in range(CALLS):
                try:
                    call()
                    counts[number] += 1
                except limits.TooManyRequests:
                    pass
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts)


def spend(of: limits.Limit, *, now: datetime = NOON, caller: str = "one") -> limits.Allowance:
    return limits.spend(of, caller=caller, now=now)


@pytest.mark.django_db(transaction=True)
def test_of_400_concurrent_calls_exactly_the_limit_passes(settings: Any) -> None:
    settings.REDIS_URL = ""
    of = limit()
    assert allowed(lambda: spend(of) and None) == AMOUNT
    assert RateCount.objects.get(caller=f"{of.name}:one").count == THREADS * CALLS


@pytest.mark.django_db(transaction=True)
def test_twin_read_then_write_lets_more_through(requires_postgresql: None) -> None:
    """The same load on a counter that is read, then written: what our one statement is for."""
    of = limit()
    RateCount.objects.create(caller=of.name, window_start=NOON, count=0)

    def check_then_act() -> None:
        row = RateCount.objects.get(caller=of.name)
        if row.count >= AMOUNT:
            raise limits.TooManyRequests(allowance=limits.Allowance(limit=of, remaining=0, reset_s=1))
        row.count += 1
        row.save()

    assert allowed(check_then_act) > AMOUNT


@pytest.fixture
def at_redis(settings: Any) -> None:
    try:
        redis.Redis.from_url(REDIS_URL).ping()
    except redis.ConnectionError:
        skip_or_fail("Redis (127.0.0.1:6379)")
    settings.REDIS_URL = REDIS_URL
    limits._redis.cache_clear()


def test_in_redis_exactly_the_limit_passes_and_the_database_is_not_asked(at_redis: None) -> None:
    of = limit()
    assert allowed(lambda: spend(of, now=datetime.now(UTC)) and None) == AMOUNT


@pytest.mark.django_db
def test_without_redis_the_database_counts(settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    limits._redis.cache_clear()
    of = limit()
    for _ in range(AMOUNT):
        spend(of)
    with pytest.raises(limits.TooManyRequests):
        spend(of)
    assert "Redis did not answer" in caplog.text
    limits._redis.cache_clear()


@pytest.mark.django_db
def test_a_window_ends_and_callers_do_not_share_it(settings: Any) -> None:
    settings.REDIS_URL = ""
    of = limit()
    for left in range(AMOUNT - 1, -1, -1):
        allowance = spend(of, now=NOON + timedelta(seconds=600))
        assert (allowance.remaining, allowance.reset_s) == (left, 3000)
    with pytest.raises(limits.TooManyRequests) as refused:
        spend(of, now=NOON + timedelta(seconds=3599))
    assert refused.value.retry_after_s == 1
    assert spend(of, now=NOON + timedelta(seconds=3600)).remaining == AMOUNT - 1
    assert spend(of, caller="another").remaining == AMOUNT - 1


@pytest.mark.django_db
def test_a_spoofed_x_forwarded_for_changes_nothing() -> None:
    codes = []
    for number in range(limits.REGISTRATIONS.amount + 1):
        phone = Phone()
        phone.client.defaults["HTTP_X_FORWARDED_FOR"] = f"198.51.{number // 250}.{number % 250}"
        codes.append(phone.register().status_code)
    assert codes == [201] * limits.REGISTRATIONS.amount + [429]


@pytest.mark.django_db
def test_the_rows_hold_no_address() -> None:
    Phone(address="203.0.113.77").register()
    assert RateCount.objects.count() == 1
    assert "203.0.113" not in RateCount.objects.get().caller
