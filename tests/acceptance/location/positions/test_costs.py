"""What a report costs in queries and writes, and how many a phone may make."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from geooffers.usecases.location import report_positions
from geooffers.visits.models import Visit
from merchants.live_fences import live_fences
from merchants.models import Geofence
from tests.acceptance.location.positions.answers import minutes, results
from tests.cast import NOON, make_fence, make_offer, make_store
from tests.statements import listed
from tests.walker import AT_AINO, DOWN_THE_STREET, Walker, fix

pytestmark = [pytest.mark.django_db, pytest.mark.both]


def writes_in(queries: CaptureQueriesContext) -> list[str]:
    return [query["sql"] for query in queries if not query["sql"].startswith("SELECT")]


@pytest.mark.parametrize("place", [AT_AINO, DOWN_THE_STREET], ids=["inside", "outside"])
def test_a_report_that_changes_nothing_makes_no_write_and_at_most_two_queries(
    aino: Geofence, place: tuple[float, float]
) -> None:
    walker = Walker()
    walker.be_at(place, NOON - timedelta(seconds=20))
    walker.be_at(place, NOON)
    one = fix(NOON + timedelta(seconds=30), place)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = walker.report(one, now=NOON + timedelta(seconds=30))
    assert results(answer) == [("accepted", None)]
    assert writes_in(queries) == []
    assert len(queries) == 1


def test_a_repeat_makes_no_write_and_at_most_two_queries(aino: Geofence) -> None:
    walker = Walker()
    one = fix(NOON)
    first = walker.report(one, now=NOON)
    with CaptureQueriesContext(connection) as queries:
        answer = walker.report(one, now=NOON + timedelta(seconds=30))
    assert answer["coupons"] == first["coupons"]
    assert writes_in(queries) == []
    assert len(queries) == 2


def test_a_minute_later_the_state_is_written_and_no_row_of_a_visit(aino: Geofence) -> None:
    walker = Walker()
    walker.be_at(AT_AINO, NOON - timedelta(seconds=20))
    walker.be_at(AT_AINO, NOON)  # who is there again has settled
    with CaptureQueriesContext(connection) as queries:
        walker.be_at(AT_AINO, NOON + minutes(1))
    written = [sql for sql in writes_in(queries) if sql.startswith(("INSERT", "UPDATE", "DELETE"))]
    assert len(written) == 1
    assert "visits_devicestate" in written[0]


# What of an entry's statements is no decision and no message, in their order. docs/performance.md has the whole list.
REPORT = [
    "SELECT shoppers_device",
    "SELECT shoppers_consentstate",
    "INSERT decisions_interruption",
    "UPDATE visits_devicestate",
]
BEGINNING = ["INSERT visits_visit", "INSERT visits_presence"]
ENTRY_AT_MOST, TWENTY_AT_MOST = 20, 40


def entry_at(fences: int) -> list[str]:
    """The statements of a report that begins so many visits of one store, and brings a coupon."""
    store = make_store()
    for _ in range(fences):
        make_fence(store)
    make_offer(store)
    live_fences.matcher().refresh()
    walker = Walker()
    walker.be_at(DOWN_THE_STREET, NOON)
    with listed() as statements:
        answer = walker.be_at(AT_AINO, NOON + minutes(1))
    assert (len(answer["transitions"]), len(answer["coupons"])) == (fences, 1)
    return statements


@pytest.mark.parametrize("fences", [1, 20])
def test_what_an_entry_writes_of_visits_does_not_depend_on_how_many_begin(fences: int) -> None:
    statements = entry_at(fences)
    assert statements[: len(REPORT) + len(BEGINNING)] == REPORT + BEGINNING
    assert [one for one in statements if one.endswith(("_visit", "_presence", "_devicestate"))] == [
        "UPDATE visits_devicestate",
        *BEGINNING,
    ]


@pytest.mark.parametrize(("fences", "at_most"), [(1, ENTRY_AT_MOST), (20, TWENTY_AT_MOST)])
def test_an_entry_is_at_most_so_many_statements(fences: int, at_most: int) -> None:
    statements = entry_at(fences)
    assert len(statements) <= at_most, "\n".join(["", *statements])


def test_writes_of_a_device_are_limited_exactly_and_say_when_to_come_back(aino: Geofence) -> None:
    walker = Walker()
    at = NOON
    for step in range(report_positions.WRITES_A_MINUTE):
        at = NOON + timedelta(seconds=step)
        walker.be_at((60.2 + step * 0.01, 24.9), at)
    refused = walker.send(fix(at, AT_AINO), now=at)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_changes")
    assert refused["Retry-After"] == str(60 - at.second)
    assert not Visit.objects.exists()
    assert walker.send(fix(at, AT_AINO), now=NOON + minutes(1)).status_code == 200
    assert Visit.objects.count() == 1


def test_a_flood_of_reports_is_refused_with_a_time_to_come_back(aino: Geofence) -> None:
    walker = Walker()
    walker.be_at(DOWN_THE_STREET, NOON)
    answers = [walker.send(fix(NOON, DOWN_THE_STREET), now=NOON) for _ in range(60)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) == 21  # 40 in a burst, of which the first was taken before
    assert {(answer.json()["code"], answer["Retry-After"]) for answer in refused} == {("too_many_reports", "1")}
    assert walker.send(fix(NOON), now=NOON + timedelta(seconds=1)).status_code == 200
