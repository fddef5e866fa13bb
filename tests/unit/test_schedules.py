"""The schedule against a clock on the wall that is read minute by minute: all zones, all changes of 2026."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pytest

from merchants.offers import schedules

HELSINKI = ZoneInfo("Europe/Helsinki")  # 2026: 29 March 03:00 -> 04:00, 25 October 04:00 -> 03:00
ALL_DAYS = [1, 2, 3, 4, 5, 6, 7]


def daily(opens: str, closes: str, days: list[int] = ALL_DAYS) -> list[dict[str, object]]:
    return [{"days": days, "opens": opens, "closes": closes}]


def at_helsinki(text: str, *, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=HELSINKI, fold=fold).astimezone(UTC)


def open_at(schedule: object, text: str, *, fold: int = 0) -> bool:
    return schedules.is_open(schedule=schedule, at=at_helsinki(text, fold=fold), zone=HELSINKI)


def test_lunch_is_half_open() -> None:
    lunch = daily("11:00", "14:00", [2])
    assert [open_at(lunch, f"2026-06-02T{t}") for t in ("10:59", "11:00", "13:59", "14:00")] == [
        False,
        True,
        True,
        False,
    ]
    assert not open_at(lunch, "2026-06-03T12:00")


def test_no_schedule_is_always_open() -> None:
    assert open_at([], "2026-06-02T03:00")
    assert schedules.next_change(schedule=[], at=at_helsinki("2026-06-02T03:00"), zone=HELSINKI) is None


def test_a_night_belongs_to_the_day_on_which_it_opens() -> None:
    friday_night = daily("22:00", "02:00", [5])
    assert open_at(friday_night, "2026-06-05T23:30")
    assert open_at(friday_night, "2026-06-06T01:59")
    assert not open_at(friday_night, "2026-06-06T02:00")
    assert not open_at(friday_night, "2026-06-05T01:00")


def test_2400_closes_with_the_day() -> None:
    evening = daily("18:00", "24:00", [7])
    assert open_at(evening, "2026-06-07T23:59")
    assert not open_at(evening, "2026-06-08T00:00")


def test_an_opening_in_the_missing_hour_happens_at_the_jump() -> None:
    assert not open_at(daily("03:30", "05:00"), "2026-03-29T02:59")
    assert open_at(daily("03:30", "05:00"), "2026-03-29T04:00")


def test_a_range_inside_the_missing_hour_does_not_take_place() -> None:
    inside = daily("03:15", "03:45", [7])
    change = schedules.next_change(schedule=inside, at=at_helsinki("2026-03-28T12:00"), zone=HELSINKI)
    assert change == at_helsinki("2026-04-05T03:15")


def test_a_closing_that_comes_twice_is_the_second_and_nothing_reopens() -> None:
    early = daily("01:00", "03:30")
    assert open_at(early, "2026-10-25T03:45", fold=0)  # between the two: it did not close
    assert open_at(early, "2026-10-25T03:29", fold=1)
    assert not open_at(early, "2026-10-25T03:30", fold=1)


def test_closing_as_the_repeated_hour_begins_closes_at_the_first() -> None:
    assert not open_at(daily("01:00", "03:00"), "2026-10-25T03:00", fold=0)
    assert not open_at(daily("01:00", "03:00"), "2026-10-25T03:00", fold=1)


def test_ranges_that_touch_make_no_change_between_them() -> None:
    two = daily("09:00", "12:00") + daily("12:00", "17:00")
    assert schedules.next_change(schedule=two, at=at_helsinki("2026-06-02T10:00"), zone=HELSINKI) == at_helsinki(
        "2026-06-02T17:00"
    )


def test_round_the_clock_never_changes() -> None:
    always = daily("00:00", "24:00")
    assert open_at(always, "2026-06-02T00:00")
    assert schedules.next_change(schedule=always, at=at_helsinki("2026-06-02T10:00"), zone=HELSINKI) is None


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("always", "a schedule is a list"),
        ([[]], "days, opens and closes"),
        ([{"days": [1], "opens": "09:00"}], "days, opens and closes"),
        ([{"days": [1], "opens": "09:00", "closes": "10:00", "note": ""}], "nothing else"),
        (daily("09:00", "10:00", []), "at least one day"),
        (daily("09:00", "10:00", [0]), "from 1"),
        (daily("09:00", "10:00", [True]), "from 1"),
        (daily("09:00", "10:00", [1, 1]), "named twice"),
        (daily("25:00", "26:00"), "no time 25:00"),
        (daily("09:60", "10:00"), "no time 09:60"),
        (daily("9:00", "10:00"), "HH:MM"),
        (daily("０９:００", "10:00"), "HH:MM"),
        (daily("24:00", "02:00"), "end of a day"),
        (daily("09:00", "09:00"), "same time"),
        (daily("09:00", "10:00") * 51, "too many"),
    ],
)
def test_what_is_no_schedule_is_refused_with_the_reason(value: object, says: str) -> None:
    with pytest.raises(schedules.BadSchedule, match=says):
        schedules.parse(value)


def test_a_refusal_names_the_range() -> None:
    with pytest.raises(schedules.BadSchedule) as refused:
        schedules.parse(daily("09:00", "10:00") + daily("09:00", "25:00"))
    assert refused.value.index == 1


# --- the oracle: read the wall clock minute by minute ----------------------------------------------------------


def transitions_of_2026(zone: ZoneInfo) -> list[datetime]:
    """Every change of the clock in 2026, to the minute; found by looking, not by asking the schedule."""
    found = []
    hour = datetime(2025, 12, 31, tzinfo=UTC)
    offset = hour.astimezone(zone).utcoffset()
    while hour < datetime(2027, 1, 2, tzinfo=UTC):
        later = hour + timedelta(hours=6)
        new = later.astimezone(zone).utcoffset()
        if new != offset:
            minute = hour
            while minute.astimezone(zone).utcoffset() == offset:
                minute += timedelta(minutes=1)
            found.append(minute)
        hour, offset = later, new
    return found


@cache
def wall(zone: ZoneInfo, start: datetime, minutes: int) -> list[datetime]:
    return [(start + timedelta(minutes=m)).astimezone(zone).replace(tzinfo=None, fold=0) for m in range(minutes)]


def oracle(zone: ZoneInfo, start: datetime, minutes: int, entry: dict[str, object], day: date) -> set[int]:
    """The minutes of one range on one day by the rule as it is written, and nothing cleverer."""
    opens, closes = str(entry["opens"]), str(entry["closes"])
    midnight = datetime.combine(day, datetime.min.time())
    opens_at = midnight + timedelta(hours=int(opens[:2]), minutes=int(opens[3:]))
    closes_at = midnight + timedelta(hours=int(closes[:2]), minutes=int(closes[3:]))
    if closes <= opens:
        closes_at += timedelta(days=1)
    clock = wall(zone, start, minutes)
    reached = [m for m, shown in enumerate(clock) if shown >= opens_at]
    before = [m for m, shown in enumerate(clock) if shown < closes_at]
    return set(range(reached[0], before[-1] + 1)) if reached and before else set()


def test_the_schedule_agrees_with_the_wall_clock_at_every_change_of_2026_in_every_zone() -> None:
    minutes, margin = 3 * 24 * 60, timedelta(hours=36)
    checked = 0
    seen: set[tuple[object, ...]] = set()
    for name in sorted(available_timezones()):
        zone = ZoneInfo(name)
        for change in transitions_of_2026(zone):
            # Zones that share rule, moment and offsets show the same wall: one of them is enough.
            key = (change, (change - timedelta(minutes=1)).astimezone(zone).utcoffset(), change.astimezone(zone).dst())
            key += (change.astimezone(zone).utcoffset(),)
            if key in seen:
                continue
            seen.add(key)
            start = change - margin
            clock = wall(zone, start, minutes)
            jump = clock[36 * 60]
            # Edges on, just before, just after the change, inside the missing or repeated hour, and far away.
            for opens_in, closes_in in [
                (-90, 30),
                (-30, 15),
                (-15, -45),
                (0, 60),
                (-60, 0),
                (-59, -1),
                (20, 25),
                (1, -1),
            ]:
                opens = jump + timedelta(minutes=opens_in)
                closes = jump + timedelta(minutes=closes_in)
                entry = {"days": ALL_DAYS, "opens": f"{opens:%H:%M}", "closes": f"{closes:%H:%M}"}
                expected: set[int] = set()
                for offset in range(-2, 2):
                    expected |= oracle(zone, start, minutes, entry, jump.date() + timedelta(days=offset))
                # A hundred minutes either side, where every range that matters is seen whole.
                window = range(34 * 60 + 20, 37 * 60 + 40)
                got = {
                    m for m in window if schedules.is_open(schedule=[entry], at=start + timedelta(minutes=m), zone=zone)
                }
                assert got == expected & set(window), (name, change, entry)
                checked += 1
    assert checked > 300


@pytest.mark.parametrize("name", ["Europe/Helsinki", "America/St_Johns", "Australia/Lord_Howe", "Africa/Casablanca"])
def test_the_next_change_is_the_first_minute_that_differs(name: str) -> None:
    zone = ZoneInfo(name)
    week = daily("22:30", "02:15", [5, 6]) + daily("02:10", "02:50", [7]) + daily("11:00", "24:00", [1, 3])
    for change in transitions_of_2026(zone):
        at = change - timedelta(days=1)
        while at < change + timedelta(days=1):
            now_open = schedules.is_open(schedule=week, at=at, zone=zone)
            expected = at
            while schedules.is_open(schedule=week, at=expected, zone=zone) == now_open:
                expected += timedelta(minutes=5)  # every edge above is on a multiple of five minutes
            assert schedules.next_change(schedule=week, at=at, zone=zone) == expected
            at = max(at + timedelta(hours=3), expected)
