"""The till in a browser: sign in, look up, redeem, be refused; by keyboard, by camera, and with a bad connection."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Browsing
from tests.browser.judging import LOOKS, judge, name_of

REFUSED = "status of 4"  # Chromium writes every refused call into the console; a refusal is an answer


class Till:
    def __init__(self, browsing: Browsing, **look: Any) -> None:
        self.browsing = browsing
        self.bakery = browsing.city.bakery
        self.page: Page = browsing.page(**look)

    def sign_in(self, username: str = "cashier") -> None:
        self.page.goto("/scan")
        self.page.get_by_label("Name").fill(username)
        self.page.get_by_label("Password").fill(self.bakery["password"])
        self.page.get_by_role("button", name="Sign in").click()

    def coupon(self, kind: str) -> str:
        """The code of a coupon of this kind that no test has had yet."""
        code: str = self.bakery["coupons"][kind].pop()
        return code

    def type(self, code: str) -> None:
        self.page.get_by_label("Code of the coupon").fill(code)
        self.page.keyboard.press("Enter")

    def expect_title(self, words: str) -> None:
        expect(self.page.get_by_role("heading", level=1).filter(visible=True)).to_have_text(words)

    def expect_refusals(self) -> None:
        self.browsing.complaints.expected(REFUSED, "409 ", "404 ", "422 ")


@pytest.mark.parametrize("look", LOOKS, ids=name_of)
def test_a_cashier_redeems_a_coupon_and_is_then_refused(browsing: Browsing, look: dict[str, Any]) -> None:
    till = Till(browsing, **look)
    page = till.page
    page.goto("/scan")
    judge(page, "scan-sign-in", look)
    till.sign_in()
    expect(page.get_by_label("Code of the coupon")).to_be_visible()
    judge(page, "scan-ready", look)
    code = till.coupon("fresh")
    till.type(code)
    till.expect_title("Coffee and a cardamom bun")
    judge(page, "scan-found", look)
    page.get_by_role("button", name="Redeem it").click()
    till.expect_title("Redeemed")
    expect(page.locator("#answer-reason")).to_have_text("20 % off: Coffee and a cardamom bun")
    judge(page, "scan-yes", look)
    page.keyboard.press("Enter")
    till.type(code.lower().replace("-", " "))
    till.expect_title("Already redeemed")
    expect(page.locator("#answer-reason")).to_contain_text(till.bakery["square"])
    judge(page, "scan-no", look)
    page.keyboard.press("Enter")
    judge(page, "scan-lately", look)
    till.expect_refusals()
