"""What a cashier does at `/scan`, as the tests say it."""

from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser import sessions
from tests.browser.conftest import Browsing


class Till:
    def __init__(self, browsing: Browsing, **look: Any) -> None:
        self.browsing = browsing
        self.bakery = browsing.city.bakery
        self.page: Page = browsing.page(**look)

    def sign_in(self, username: str = "cashier", *, at: str = "") -> None:
        def type_it() -> None:
            self.type_password(username, at=at)

        city = at or self.browsing.city.web_url
        sessions.come_back(self.page, city=city, who=username, or_sign_in=type_it)
        self.page.goto(f"{at}/scan")

    def type_password(self, username: str = "cashier", *, at: str = "") -> None:
        self.page.goto(f"{at}/scan")
        self.page.get_by_label("Name").fill(username)
        self.page.get_by_label("Password").fill(self.bakery["password"])
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url("**/scan")

    def coupon(self, kind: str) -> str:
        """The code of a coupon of this kind that no test has had yet."""
        code: str = self.bakery["coupons"][kind].pop()
        return code

    @property
    def code(self) -> Locator:
        return self.page.get_by_label("Code of the coupon")

    def type(self, code: str) -> None:
        self.code.fill(code)
        self.code.press("Enter")

    def expect_title(self, words: str) -> None:
        expect(self.page.get_by_role("heading", level=1).filter(visible=True)).to_have_text(words)

    def expect_refusals(self) -> None:
        """A refusal is an answer, but Chromium writes it into the console as well."""
        self.browsing.complaints.expected("status of 4", "409 ", "404 ", "422 ")
