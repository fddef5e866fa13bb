"""Weekly schedules: when, on the wall clock of the store, an offer holds.

A schedule is a list of `{"days": [1..7], "opens": "HH:MM", "closes": "HH:MM"}`; 1 is Monday. Empty means always.
A range that closes at or before it opens runs into the next day: `22:00` to `02:00`. `24:00` is the end of the
day, so `00:00` to `24:00` is a whole day. Ranges may overlap.

When the clock is changed there is one rule. **A range holds from the first moment at which the wall clock shows its
opening time or later, until the last moment at which it still shows an earlier time than its closing time.** So:

* 02:30 does not exist on the night when clocks jump from 02:00 to 03:00: what opens or closes at 02:30 does so at
  the jump, and a range wholly inside the missing hour does not take place.
* 01:30 comes twice on the night when clocks go back from 02:00 to 01:00: what opens at 01:30 opens at the first,
  what closes at 01:30 closes at the second, and nothing opens twice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MOST_RANGES = 50
MINUTES_A_DAY = 24 * 60
# Far enough that a weekly range lost in a missing hour still comes round again.
_HORIZON_DAYS = 15


class BadSchedule(Exception):
    """Not a weekly schedule; `index` is the entry that is wrong, from 0, or None for the whole."""

    def __init__(self, message: str, *, index: int | None = None) -> None:
        super().__init__(message if index is None else f"range {index + 1}: {message}")
        self.message = message
        self.index = index


@dataclass(frozen=True, kw_only=True)
class OpenRange:
    """One line of a schedule; minutes since midnight, `closes` above 1440 when it runs into the next day."""

    days: frozenset[int]
    opens: int
    closes: int


def parse(value: object) -> tuple[OpenRange, ...]:
    """Check a schedule as it is stored. What is refused here is never saved."""
    if not isinstance(value, list):
        raise BadSchedule("a schedule is a list of ranges")
    if len(value) > MOST_RANGES:
        raise BadSchedule(f"{len(value)} ranges are too many, at most {MOST_RANGES}")
    return tuple(_parse_range(entry, index) for index, entry in enumerate(value))


def _parse_range(entry: object, index: int) -> OpenRange:
    if not isinstance(entry, dict) or set(entry) != {"days", "opens", "closes"}:
        raise BadSchedule("a range has days, opens and closes, and nothing else", index=index)
    days = entry["days"]
    if not isinstance(days, list) or not days:
        raise BadSchedule("name at least one day", index=index)
    if any(type(day) is not int or not 1 <= day <= 7 for day in days):
        raise BadSchedule("days are numbers from 1 (Monday) to 7 (Sunday)", index=index)
    if len(set(days)) != len(days):
        raise BadSchedule("a day is named twice", index=index)
    opens = minutes_of(entry["opens"], index=index)
    closes = minutes_of(entry["closes"], index=index)
    if opens == MINUTES_A_DAY:
        raise BadSchedule("24:00 is the end of a day; to open there, write 00:00 of the next", index=index)
    if opens == closes:
        raise BadSchedule("it opens and closes at the same time; a whole day is 00:00 to 24:00", index=index)
    if closes < opens:
        closes += MINUTES_A_DAY
    return OpenRange(days=frozenset(days), opens=opens, closes=closes)


def minutes_of(text: object, *, index: int | None = None) -> int:
    """Minutes since midnight of "HH:MM", from "00:00" to "24:00"."""
    if not isinstance(text, str) or len(text) != 5 or text[2] != ":" or not text.isascii():
        raise BadSchedule("a time is written HH:MM", index=index)
    if not (text[:2].isdigit() and text[3:].isdigit()):
        raise BadSchedule("a time is written HH:MM", index=index)
    hours, minutes = int(text[:2]), int(text[3:])
    if minutes > 59 or hours * 60 + minutes > MINUTES_A_DAY:
        raise BadSchedule(f"there is no time {text}; the last is 24:00", index=index)
    return hours * 60 + minutes


def is_open(*, schedule: object, at: datetime, zone: ZoneInfo) -> bool:
    ranges = parse(schedule)
    if not ranges:
        return True
    today = at.astimezone(zone).date()
    # Two days back: yesterday's range may run into today, and a clock may skip a whole day (Apia, 2011).
    return any(starts <= at < ends for starts, ends in _intervals(ranges, zone, today - timedelta(days=2), 4))


def next_change(*, schedule: object, at: datetime, zone: ZoneInfo) -> datetime | None:
    """The next moment after `at` when it opens or closes; None when it always or never will."""
    ranges = parse(schedule)
    if not ranges:
        return None
    first = at.astimezone(zone).date() - timedelta(days=2)
    end_of_view = _first_at_or_after(first + timedelta(days=_HORIZON_DAYS), 0, zone)
    for starts, ends in _merged(sorted(_intervals(ranges, zone, first, _HORIZON_DAYS))):
        if at < starts:
            return starts
        if at < ends:
            return ends if ends < end_of_view else None
    return None


def _intervals(
    ranges: Sequence[OpenRange], zone: ZoneInfo, first: date, days: int
) -> Iterator[tuple[datetime, datetime]]:
    for offset in range(days):
        day = first + timedelta(days=offset)
        for each in ranges:
            if day.isoweekday() in each.days:
                starts = _first_at_or_after(day, each.opens, zone)
                ends = _last_before(day, each.closes, zone)
                if starts < ends:
                    yield starts, ends


def _merged(intervals: Sequence[tuple[datetime, datetime]]) -> Iterator[tuple[datetime, datetime]]:
    """Sorted intervals, those that touch or overlap made one."""
    current: tuple[datetime, datetime] | None = None
    for starts, ends in intervals:
        if current is not None and starts <= current[1]:
            current = (current[0], max(current[1], ends))
            continue
        if current is not None:
            yield current
        current = (starts, ends)
    if current is not None:
        yield current


def _first_at_or_after(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    """The first moment at which the clock in `zone` shows this time or later."""
    shown = datetime.combine(day, time()) + timedelta(minutes=minutes)
    moment = shown.replace(tzinfo=zone, fold=0).astimezone(UTC)
    return moment if _clock(moment, zone) == shown else _jump_over(shown, zone)


def _last_before(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    """The end of the last moment at which the clock in `zone` still shows an earlier time than this."""
    shown = datetime.combine(day, time()) + timedelta(minutes=minutes)
    second = shown.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if _clock(second, zone) != shown:
        return _jump_over(shown, zone)
    # At the very start of the repeated hour the clock comes *back* to this time: it has closed at the first.
    if _clock(second - timedelta.resolution, zone) >= shown:
        return shown.replace(tzinfo=zone, fold=0).astimezone(UTC)
    return second


def _clock(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def _jump_over(shown: datetime, zone: ZoneInfo) -> datetime:
    """The moment at which the clock jumps over `shown`, a time that it never shows."""
    # Read with the offset after the jump it lies before the jump, with the one before it lies after.
    before = shown.replace(tzinfo=zone, fold=1).astimezone(UTC)
    after = shown.replace(tzinfo=zone, fold=0).astimezone(UTC)
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if _clock(middle, zone) < shown:
            before = middle
        else:
            after = middle
    return after
