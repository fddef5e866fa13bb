"""A weekly schedule as people write it, one line for each set of days:

Mon-Fri 11:00-14:00, 17:00-21:00
Sat, Sun 10:00-24:00
daily 22:00-02:00
"""

import re
import unicodedata

from merchants.offers import schedules

_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FULL = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_LINE = re.compile(r"^(?P<days>[^0-9]+?)\s*(?P<times>[0-9].*)$")
_TIMES = re.compile(r"^(\d{1,2}:\d{2})\s*-\s*(\d{1,2}:\d{2})$", re.ASCII)

Stored = list[dict[str, object]]


def to_stored(text: str) -> Stored:
    """Read what was written; `schedules.BadSchedule` names the line that cannot be read."""
    stored: Stored = []
    # Full-width digits and colons become plain ones, every dash a hyphen.
    plain = re.sub(r"[\u2010-\u2015\u2212]", "-", unicodedata.normalize("NFKC", text))
    for number, line in enumerate(plain.splitlines(), start=1):
        if line.strip():
            stored.extend(_read_line(line.strip(), number))
    schedules.parse(stored)
    return stored


def _read_line(line: str, number: int) -> Stored:
    try:
        split = _LINE.match(line)
        if split is None:
            raise schedules.BadSchedule("write days, then times: Mon-Fri 11:00-14:00")
        days = _read_days(split["days"])
        entries: Stored = []
        for times in split["times"].split(","):
            read = _TIMES.match(times.strip())
            if read is None:
                raise schedules.BadSchedule(f"cannot read “{times.strip()}” as a time: write 11:00-14:00")
            opens, closes = (time.zfill(5) for time in read.groups())
            entry: dict[str, object] = {"days": days, "opens": opens, "closes": closes}
            schedules.parse([entry])
            entries.append(entry)
    except schedules.BadSchedule as bad:
        raise schedules.BadSchedule(f"line {number}: {bad.message}") from None
    return entries


def _read_days(text: str) -> list[int]:
    days: list[int] = []
    for part in text.lower().split(","):
        ends = [end.strip() for end in part.split("-")]
        if ends in (["daily"], ["every day"]):
            days += range(1, 8)
        elif len(ends) <= 2 and all(end in _NAMES or end in _FULL for end in ends):
            first, last = _day(ends[0]), _day(ends[-1])
            # Fri-Mon runs over the end of the week.
            days += [(first - 1 + step) % 7 + 1 for step in range((last - first) % 7 + 1)]
        else:
            raise schedules.BadSchedule(f"cannot read “{part.strip()}” as a day: write Mon, Tue-Fri or daily")
    return sorted(set(days))


def _day(name: str) -> int:
    return _NAMES.index(name[:3]) + 1


def to_text(stored: object) -> str:
    """The stored schedule in the words that `to_stored` reads."""
    lines: dict[str, list[str]] = {}
    for each in schedules.parse(stored):
        closes = each.closes
        if closes > schedules.MINUTES_A_DAY:
            closes -= schedules.MINUTES_A_DAY
        lines.setdefault(_days_text(each.days), []).append(f"{_time(each.opens)}-{_time(closes)}")
    return "\n".join(f"{days} {', '.join(times)}" for days, times in lines.items())


def _days_text(days: frozenset[int]) -> str:
    if len(days) == 7:
        return "daily"
    runs: list[list[int]] = []
    for day in sorted(days):
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ", ".join(
        _NAMES[run[0] - 1].title() if len(run) == 1 else f"{_NAMES[run[0] - 1].title()}-{_NAMES[run[-1] - 1].title()}"
        for run in runs
    )


def _time(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
