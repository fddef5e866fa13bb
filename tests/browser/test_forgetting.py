"""The operators' page of the forgetting, as it looks after a month of work."""

import random
import re
import sqlite3
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Browsing, City
from tests.browser.drawing import Drawing
from tests.browser.judging import judge_in_every_look


@pytest.fixture(scope="module")
def a_month(live_city: City) -> None:
    """What a month's rounds would have left."""
    dice, now = random.Random(6), datetime.now(UTC)
    with sqlite3.connect(live_city.database_url.removeprefix("sqlite:///"), timeout=20) as city:
        for days in range(30):
            for what, about in (("visits", 900), ("decisions", 2600), ("messages", 700), ("rate counts", 4000)):
                at = now - timedelta(days=days)
                row = (what, dice.randint(about // 3, about), at - timedelta(days=30), at, dice.randint(8, 60))
                city.execute(
                    "INSERT INTO worker_forgotten (what, rows, before, at, took_ms) VALUES (?, ?, ?, ?, ?)",
                    [str(value) if isinstance(value, datetime) else value for value in row],
                )
        for kind, minutes in (("erasure", 1), ("erasure", 2), ("access", 0)):
            asked = now - timedelta(days=2)
            city.execute(
                "INSERT INTO shoppers_datarequest (id, kind, asked_at, done_at, rows, from_file)"
                " VALUES (?, ?, ?, ?, '{}', 0)",
                (uuid4().hex, kind, str(asked), str(asked + timedelta(minutes=minutes))),
            )
    city.close()


@pytest.mark.usefixtures("a_month")
def test_what_is_kept_and_what_went(browsing: Browsing) -> None:
    operator = Drawing(browsing)
    operator.sign_in_as_operator()
    operator.page.goto("/admin/worker/forgotten/")
    expect(operator.page).to_have_title(re.compile("The forgetting"))
    row = operator.page.get_by_role("row", name="Visits lose their shopper")
    expect(row.get_by_role("img", name="visits:")).to_be_visible()
    expect(operator.page.get_by_text("the slowest done within 2 minutes")).to_be_visible()
    judge_in_every_look(operator.page, "admin-forgetting", load_anew=True)
