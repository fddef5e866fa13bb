"""Fixes that are not used are counted for operators: off the requests' way, and nobody's in particular."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from bs4 import BeautifulSoup
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from geooffers.api.location import dropped_fixes
from geooffers.api.models import DroppedFixes
from merchants.live_fences import live_fences
from merchants.models import Role, User
from tests.cast import NOON, make_staff, make_store
from tests.walker import AT_AINO, Walker, fix

pytestmark = pytest.mark.django_db
PAGE = "admin:api_droppedfixes_changelist"


@pytest.fixture(autouse=True)
def nothing_counted(db: None) -> Iterator[None]:
    live_fences.matcher().refresh()  # the process may know the fences of another test
    dropped_fixes._counted.clear()
    yield
    dropped_fixes._counted.clear()


def rows() -> dict[tuple[datetime, str, str], int]:
    return {(row.hour, row.client, row.reason): row.count for row in DroppedFixes.objects.all()}


def shown(client: Client, **asked: str) -> list[tuple[str, ...]]:
    page = BeautifulSoup(client.get(reverse(PAGE), asked).content, "html.parser")
    cells = [
        [cell.get_text(" ", strip=True) for cell in row.select("td, th")]
        for row in page.select("#result_list tbody tr")
    ]
    return sorted((tuple(row[-3:]) for row in cells), key=lambda row: (-int(row[2]), row))


def report_some() -> None:
    Walker().report(
        fix(NOON),
        fix(NOON - timedelta(days=3)),
        fix(NOON, accuracy_m=9_000.0),
        fix(NOON, accuracy_m=9_000.0),
        fix(NOON, lat=91.0),
        now=NOON,
    )


def test_what_a_report_did_not_use_is_counted_by_reason_and_written_later() -> None:
    report_some()
    assert rows() == {}
    dropped_fixes.write(now=NOON + timedelta(minutes=25))
    expected = {"too_old": 1, "too_coarse": 2, "out_of_range": 1}
    assert rows() == {(NOON, "positions", reason): count for reason, count in expected.items()}


def test_counts_of_one_hour_add_up_whoever_writes_them() -> None:
    for minute in (0, 30, 59, 61):
        dropped_fixes.count(client="overland", reasons={"bad_time": 3})
        dropped_fixes.write(now=NOON + timedelta(minutes=minute))
    dropped_fixes.write(now=NOON)
    hour = timedelta(hours=1)
    assert rows() == {(NOON, "overland", "bad_time"): 9, (NOON + hour, "overland", "bad_time"): 3}


def test_a_report_writes_no_count_itself() -> None:
    walker = Walker()
    walker.be_at(AT_AINO, NOON)
    with CaptureQueriesContext(connection) as queries:
        walker.report(fix(NOON, accuracy_m=9_000.0), now=NOON)
    assert len(queries) <= 2
    assert not [query for query in queries if not query["sql"].startswith("SELECT")]
    assert dropped_fixes.not_written_yet() == {("positions", "too_coarse"): 1}


def test_what_cannot_be_written_waits_for_the_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    dropped_fixes.count(client="traccar", reasons={"bad_position": 2})
    with monkeypatch.context() as patched:
        patched.setattr(DroppedFixes._meta, "db_table", "no_such_table")
        with pytest.raises(DatabaseError), transaction.atomic():
            dropped_fixes.write(now=NOON)
    assert dropped_fixes.not_written_yet() == {("traccar", "bad_position"): 2}


@pytest.mark.django_db(transaction=True)
def test_a_thread_of_the_process_writes_them() -> None:
    dropped_fixes.count(client="positions", reasons={"late": 1})
    ended = dropped_fixes.keep_writing(every_s=0.01)
    try:
        for _ in range(500):
            if rows():
                break
            ended.wait(0.01)
    finally:
        ended.set()
    assert list(rows().values()) == [1]


def test_operators_see_them_and_merchants_do_not() -> None:
    report_some()
    dropped_fixes.write(now=NOON)
    client = Client()
    client.force_login(User.objects.create_superuser("operator", password="a-long-password-1"))
    assert shown(client) == [
        ("positions", "too_coarse", "2"),
        ("positions", "out_of_range", "1"),
        ("positions", "too_old", "1"),
    ]
    assert shown(client, reason="too_old") == [("positions", "too_old", "1")]
    client.force_login(make_staff(store=make_store(), role=Role.MANAGER).user)
    assert client.get(reverse(PAGE)).status_code in (403, 404)
