"""When a phone counts as silent. The engine and the task `close_stale` ask the same question of the same minute.

A state is written at most once a minute while nothing happens, so the newest fix known may be up to a minute older
than the newest fix there was. Silence is therefore counted from the end of the minute that was written.
"""

from datetime import datetime, timedelta

MINUTE = timedelta(minutes=1)


def minute_of(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def is_silent(*, newest_at: datetime, now: datetime, limit: timedelta) -> bool:
    return minute_of(newest_at) <= silent_when_before(now=now, limit=limit)


def silent_when_before(*, now: datetime, limit: timedelta) -> datetime:
    """States whose minute is this or earlier have been silent for longer than the limit."""
    return now - limit - MINUTE


def is_silent_ms(*, newest_ms: int, now_ms: int, limit_ms: int) -> bool:
    """The same question, of milliseconds since 1970."""
    return newest_ms // 60_000 * 60_000 <= now_ms - limit_ms - 60_000
