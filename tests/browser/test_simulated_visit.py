"""The simulated visit, in a browser: strict policy, both colours, both widths, and everything that axe knows."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Browsing
from tests.browser.drawing import Drawing
from tests.browser.judging import LOOKS, judge, name_of


def signed_in(browsing: Browsing, look: dict[str, object]) -> Page:
    login = next(one for one in browsing.city.logins if one["username"] == "owner")
    merchant = Drawing(browsing, **look)
    merchant.sign_in(login["username"], login["password"])
    merchant.page.goto("/admin/simulated-visit/")
    return merchant.page


@pytest.mark.parametrize("look", LOOKS, ids=name_of)
def test_somebody_walks_in(browsing: Browsing, look: dict[str, object]) -> None:
    page = signed_in(browsing, look)
    judge(page, "simulated-visit-asked", look)
    page.get_by_role("button", name="Walk in").click()
    expect(page.locator(".walk-summary")).to_contain_text("A visit")
    expect(page.locator(".walk-map svg")).to_be_visible()
    page.locator(".walk-eventful").first.scroll_into_view_if_needed()
    judge(page, "simulated-visit-walked", look)


def test_every_way_is_shown_and_who_stays_is_told_to_have(browsing: Browsing) -> None:
    page = signed_in(browsing, LOOKS[0])
    page.get_by_label("walks in and stays").check()
    page.get_by_role("button", name="Walk in").click()
    expect(page.locator(".walk-is-dwelled")).to_contain_text("fixes inside prove a stay".capitalize())
    page.get_by_label("drives by").check()
    page.get_by_role("button", name="Walk in").click()
    expect(page.locator(".walk-summary")).to_contain_text("No visit")
    expect(page.locator(".walk-mark")).to_have_count(0)
