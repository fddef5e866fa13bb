"""The pages of the admin, in every look: axe finds nothing, and nothing is too wide."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Browsing
from tests.browser.drawing import Drawing
from tests.browser.judging import LOOKS, Look, judge, name_of

OURS = "/admin/merchants"
# As an operator sees them, who may open all. Where a list is followed by ">", its first row is opened.
PAGES = {
    "dashboard": "/admin/",
    "offers": f"{OURS}/offer/",
    "offer": f"{OURS}/offer/?q=cardamom >",
    "offer-new": f"{OURS}/offer/add/",
    "fences": f"{OURS}/geofence/",
    "fence": f"{OURS}/geofence/?state=live >",
    "fence-read-only": f"{OURS}/geofence/?state=archived >",
    "fence-new": f"{OURS}/geofence/add/",
    "redemptions": "/admin/redemptions/redemption/",
    "merchants": f"{OURS}/merchant/",
    "merchant-with-logo": f"{OURS}/merchant/?q=Bakery >",
    "stores": f"{OURS}/store/",
    "store": f"{OURS}/store/ >",
    "store-new": f"{OURS}/store/add/",
    "people": f"{OURS}/staffmember/",
    "person": f"{OURS}/staffmember/ >",
    "person-new": f"{OURS}/staffmember/add/",
    "keys": f"{OURS}/apikey/",
    "key-new": f"{OURS}/apikey/add/",
    "users": f"{OURS}/user/",
    "user": f"{OURS}/user/ >",
    "user-new": f"{OURS}/user/add/",
    "zones": f"{OURS}/exclusionzone/",
    "zone-new": f"{OURS}/exclusionzone/add/",
    "consent-text-new": "/admin/shoppers/consenttext/add/",
    "access": "/admin/break_glass/grant/",
    "access-new": "/admin/break_glass/grant/add/",
    "coupon": "/admin/coupons/coupon/ >",
    "password": "/admin/password_change/",
}
DOOR = {
    "login": "/admin/login/",
    "forgotten": "/admin/forgotten/",
    "forgotten-sent": "/admin/forgotten/sent/",
    "forgotten-link": "/admin/forgotten/a/b/",
    "forgotten-done": "/admin/forgotten/done/",
}


@pytest.fixture(params=LOOKS, ids=name_of)
def look(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = request.param
    return found


@pytest.fixture(params=[LOOKS[:2], LOOKS[2:]], ids=["1440", "390"])
def looks(request: pytest.FixtureRequest) -> list[Look]:
    """Light and dark of one device: a page is opened once, and turned from the one into the other."""
    found: list[Look] = request.param
    return found


def operator(browsing: Browsing, look: dict[str, Any], *, say_why: bool = False) -> Page:
    signed_in = Drawing(browsing, **look)
    signed_in.sign_in_as_operator(say_why=say_why)
    return signed_in.page


_rows: dict[str, str] = {}


def address_of(page: Page, name: str) -> str:
    address, row, _ = PAGES[name].partition(" >")
    if not row:
        return address
    if name not in _rows:
        page.goto(address)
        _rows[name] = page.locator("#result_list a[href*='/change/']").first.get_attribute("href") or ""
    return _rows[name]


def turn(page: Page, scheme: str) -> None:
    """By the theme's own switch; it asks the browser what it prefers only when a page is loaded."""
    page.evaluate("scheme => Alpine.$data(document.documentElement).switchTheme(scheme)", scheme)
    expect(page.locator("html")).to_have_class(scheme)


@pytest.mark.slow
def test_every_page_holds_in_every_look(browsing: Browsing, looks: list[Look]) -> None:
    page = operator(browsing, looks[0], say_why=True)
    for name in PAGES:
        page.goto(address_of(page, name))
        for look in looks:
            turn(page, look["scheme"])
            judge(page, f"admin-{name}", look)


def test_the_door_holds_in_every_look(browsing: Browsing, look: dict[str, Any]) -> None:
    page = browsing.page(**look)
    for name, address in DOOR.items():
        page.goto(address)
        judge(page, f"admin-{name}", look)


def test_what_opens_over_a_page_opens_by_keys_too(browsing: Browsing, look: dict[str, Any]) -> None:
    page = operator(browsing, look)
    page.goto(f"{OURS}/offer/")
    page.get_by_role("button", name="Filters").press("Enter")
    expect(page.get_by_role("link", name="Draft")).to_be_visible()
    judge(page, "admin-filters", look)
    page.keyboard.press("Escape")
    if look["width"] < 1280:
        page.get_by_role("button", name="Menu").press("Enter")
    page.get_by_role("button", name="Account").press("Enter")
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    judge(page, "admin-menu", look)
    page.locator("#nav-sidebar").get_by_text("Dark", exact=True).click()
    expect(page.locator("html")).to_have_class("dark")
    page.reload()
    expect(page.locator("html")).to_have_class("dark")
