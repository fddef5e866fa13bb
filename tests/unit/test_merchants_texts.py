"""What people type: texts, schedules in words, names of time zones."""

from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from merchants.offers import schedule_texts, schedules
from merchants.shops import texts, time_zones


@given(st.text(max_size=200))
def test_a_cleaned_text_is_clean_and_cleaning_it_again_changes_nothing(value: str) -> None:
    cleaned = texts.clean(value)
    assert texts.clean(cleaned) == cleaned
    assert not set(cleaned) & set("\x00\x07\n\u202e\u2066\u2069\u2028")
    cleaned.encode()  # no half of a surrogate pair is left


@pytest.mark.parametrize("typed", ["Bun", "面包", "خبز", "👨‍👩‍👧", "🏴󠁧󠁢󠁥󠁮󠁧󠁿 pie", "½", "ניו־יורק", "á"])
def test_what_people_write_is_left_alone(typed: str) -> None:
    assert texts.clean_visible(typed) == typed


@pytest.mark.parametrize("typed", ["\u200d", "\u00a0", "\u2800\u3164", "\u202e", "\u0301", "\ufeff", "\x00"])
def test_what_nobody_can_see_is_refused(typed: str) -> None:
    with pytest.raises(texts.NoVisibleText):
        texts.clean_visible(typed)


def test_line_breaks_stay_where_there_are_lines() -> None:
    assert texts.clean("one\r\ntwo", lines=True) == "one\ntwo"
    assert texts.clean("one\r\ntwo") == "one two"


ranges = st.builds(
    lambda days, opens, closes: {"days": sorted(days), "opens": opens, "closes": closes},
    st.sets(st.integers(1, 7), min_size=1),
    st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59)),
    st.one_of(st.just("24:00"), st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))),
).filter(lambda entry: entry["opens"] != entry["closes"])


@given(st.lists(ranges, max_size=6))
def test_a_schedule_in_words_reads_back_as_the_same_times(stored: list[dict[str, object]]) -> None:
    again = schedule_texts.to_stored(schedule_texts.to_text(stored))

    def times(schedule: object) -> set[tuple[frozenset[int], int, int]]:
        return {(each.days, each.opens, each.closes % 1440) for each in schedules.parse(schedule)}

    assert times(again) == times(stored)


@pytest.mark.parametrize(
    ("typed", "days"),
    [
        ("Mon-Fri 9:00-17:00", [1, 2, 3, 4, 5]),
        ("fri-mon 9:00-17:00", [1, 5, 6, 7]),
        ("Saturday, SUN 9:00-17:00", [6, 7]),
        ("every day 9:00–17:00", [1, 2, 3, 4, 5, 6, 7]),
        ("Ｔｕｅ ９：００－１７：００", [2]),
    ],
)
def test_days_are_read_as_people_write_them(typed: str, days: list[int]) -> None:
    assert schedule_texts.to_stored(typed) == [{"days": days, "opens": "09:00", "closes": "17:00"}]


@given(st.text(max_size=60))
def test_any_text_is_a_schedule_or_refused(typed: str) -> None:
    try:
        stored = schedule_texts.to_stored(typed)
    except schedules.BadSchedule:
        return
    schedules.parse(stored)


def test_every_name_of_a_zone_means_a_zone_and_a_place_means_itself() -> None:
    for name in available_timezones() - {"Factory", "localtime"}:
        ZoneInfo(time_zones.canonical(name))
    for place in time_zones.places():
        assert time_zones.canonical(place) == place


@pytest.mark.parametrize("name", ["Mars/Base", "", "..", "/etc/passwd", "Factory", "Europe/Helsinki\x00"])
def test_what_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(time_zones.UnknownTimezone):
        time_zones.canonical(name)
