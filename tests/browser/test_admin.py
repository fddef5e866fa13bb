"""The merchants' admin in a browser: its policy holds, and what somebody stored as markup shows as text."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.bakery import HOSTILE
from tests.browser.conftest import Browsing
from tests.browser.drawing import Drawing
from tests.browser.judging import LOOKS, judge, name_of


@pytest.fixture
def page(browsing: Browsing) -> Iterator[Page]:
    merchant = Drawing(browsing)
    merchant.sign_in()
    merchant.page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    yield merchant.page
    assert merchant.page.locator("img[src=x]").count() == 0


def test_an_offer_of_markup_shows_as_text_in_list_form_and_history(page: Page) -> None:
    page.goto("/admin/merchants/offer/")
    judge(page, "admin-offers", LOOKS[0])
    page.get_by_role("link", name=HOSTILE[:60]).click()
    expect(page.locator("#id_text")).to_have_value(HOSTILE)
    expect(page.locator("#id_terms")).to_have_value(HOSTILE)
    expect(page.locator("#id_title")).to_have_value(HOSTILE[:60])
    judge(page, "admin-offer", LOOKS[0])
    page.get_by_role("link", name="History").click()
    expect(page.get_by_text(HOSTILE[:30]).first).to_be_visible()


def test_the_admin_runs_no_script_of_a_page(page: Page, browsing: Browsing) -> None:
    """The twin of the silence elsewhere: a script in the page is refused, and heard."""
    page.goto("/admin/")
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.ran = true'}))"
    )
    assert page.evaluate("window.ran") is None
    assert any("Content Security Policy" in said for said in browsing.complaints.heard)
    browsing.complaints.expected("Content Security Policy")


@pytest.mark.parametrize("look", LOOKS, ids=name_of)
def test_operators_see_the_matching_index_of_the_processes_that_serve_them(
    browsing: Browsing, look: dict[str, Any]
) -> None:
    seen = Drawing(browsing, **look)
    seen.sign_in_as_operator()
    seen.page.goto("/admin/merchants/fencefollower/")
    expect(seen.page.get_by_text("taken in every change.")).to_be_visible()
    expect(seen.page.get_by_text("current", exact=True).first).to_be_visible()
    judge(seen.page, "admin-matching-index", look)
