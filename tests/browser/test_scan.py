"""The till in a browser: sign in, look up, redeem, be refused; by keyboard alone, and with a bad connection."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Browsing
from tests.browser.judging import LOOKS, judge, name_of
from tests.browser.till import Till


@pytest.fixture
def till(browsing: Browsing) -> Till:
    return Till(browsing)


@pytest.mark.parametrize("look", LOOKS, ids=name_of)
def test_a_cashier_redeems_a_coupon_and_is_then_refused(browsing: Browsing, look: dict[str, Any]) -> None:
    till = Till(browsing, **look)
    page = till.page
    page.goto("/scan")
    judge(page, "scan-sign-in", look)
    till.type_password()
    expect(till.code).to_be_visible()
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


@pytest.mark.parametrize(
    ("kind", "title", "reason"),
    [
        ("harbour", "Not at this store", "does not hold at this store"),
        ("expired", "Expired", "It held until {expired_at} at"),
        ("foreign", "Unknown code", "We know no coupon with this code"),
    ],
)
def test_a_refused_coupon_says_why_and_what_to_do(till: Till, kind: str, title: str, reason: str) -> None:
    till.sign_in()
    till.type(till.coupon(kind))
    till.expect_title(title)
    expired_at = datetime.fromisoformat(till.bakery["expired_at"]).astimezone(ZoneInfo("Europe/Helsinki"))
    reason = reason.format(expired_at=f"{expired_at:%-d %B}")
    expect(till.page.locator("#answer-reason")).to_contain_text(reason)
    expect(till.page.locator("#answer-todo")).not_to_be_empty()
    expect(till.page.locator("#said")).to_contain_text(reason)
    till.expect_refusals()


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("2026-03-28T21:59:00Z", "yesterday at 23:59"),
        ("2026-03-28T22:00:00Z", "today at 00:00"),
        ("2026-03-29T20:59:00Z", "today at 23:59"),
        ("2026-03-29T21:00:00Z", "tomorrow at 00:00"),
        ("2026-03-27T21:59:00Z", "27 March at 23:59"),
        ("2025-03-29T10:00:00Z", "29 March 2025 at 12:00"),
    ],
)
def test_a_day_is_the_one_on_the_stores_wall(till: Till, moment: str, words: str) -> None:
    """Half past midnight in Helsinki, on the night in which the clocks are put forward: a day of 23 hours."""
    till.sign_in()
    till.page.clock.set_fixed_time("2026-03-28T22:30:00Z")
    assert till.page.evaluate("moment => scanWords.when(moment, 'Europe/Helsinki', true)", moment) == words


def test_a_mistyped_sign_is_said_and_can_be_corrected(till: Till) -> None:
    code = till.coupon("fresh")
    wrong = code[:-1] + ("2" if code[-1] != "2" else "3")
    till.sign_in()
    till.type(wrong)
    till.expect_title("A sign is wrong")
    till.page.keyboard.press("Enter")  # "Correct the code"
    expect(till.code).to_have_value(wrong)
    till.page.keyboard.press("End")
    till.page.keyboard.press("Backspace")
    till.page.keyboard.type(code[-1])
    till.page.keyboard.press("Enter")
    till.expect_title("Coffee and a cardamom bun")
    till.expect_refusals()


def test_the_store_is_chosen_once_and_remembered(till: Till) -> None:
    page = till.page
    till.sign_in("floater")
    till.expect_title("Where do you stand?")
    judge(page, "scan-stores", LOOKS[0])
    page.get_by_role("button", name=till.bakery["harbour"]).click()
    till.type(till.coupon("fresh"))
    till.expect_title("Not at this store")
    page.reload()
    expect(till.code).to_be_visible()
    till.type(till.coupon("harbour"))
    till.expect_title("Salmon soup")
    expect(page.locator("#found-worth")).to_have_text("€3.50 off")
    page.get_by_role("button", name="Change the store").click()
    page.get_by_role("button", name=till.bakery["square"]).click()
    till.type(till.coupon("fresh"))
    till.expect_title("Coffee and a cardamom bun")
    till.expect_refusals()


def test_a_hand_scanner_needs_no_mouse_and_confirms_nothing_by_itself(till: Till) -> None:
    first, second = till.coupon("fresh"), till.coupon("fresh")
    keys = till.page.keyboard
    till.sign_in()
    expect(till.code).to_be_focused()
    keys.type(first)
    keys.press("Enter")
    till.expect_title("Coffee and a cardamom bun")
    # The next guest's coupon instead of a confirmation: its Enter must not redeem the one on the screen.
    keys.type(second)
    expect(till.code).to_have_value(second)
    keys.press("Enter")
    till.expect_title("Coffee and a cardamom bun")
    keys.press("Enter")
    till.expect_title("Redeemed")
    keys.type(second)
    keys.press("Enter")
    till.expect_title("Already redeemed")
    keys.press("Escape")
    keys.type(first)
    keys.press("Enter")
    till.expect_title("Coffee and a cardamom bun")
    keys.press("Escape")
    expect(till.code).to_be_focused()
    till.expect_refusals()


def test_a_code_is_pasted_wherever_the_focus_is(till: Till) -> None:
    code = till.coupon("fresh")
    till.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    till.sign_in()
    expect(till.code).to_be_visible()
    till.page.evaluate("text => navigator.clipboard.writeText(text)", f" {code}\n")
    till.page.get_by_role("button", name="Scan with the camera").focus()
    till.page.keyboard.press("Control+v")
    expect(till.code).to_have_value(code)
    till.page.keyboard.press("Enter")
    till.expect_title("Coffee and a cardamom bun")


def test_a_lost_answer_is_asked_for_again_with_the_same_key(till: Till) -> None:
    keys: list[str] = []

    def lose_the_first(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) == 1:
            route.fetch()  # it arrives, and is redeemed; the answer gets lost
            route.abort()
        else:
            route.continue_()

    till.page.route("**/api/v1/redemptions", lose_the_first)
    till.sign_in()
    till.type(till.coupon("fresh"))
    till.page.get_by_role("button", name="Redeem it").click()
    till.expect_title("Redeemed")
    expect(till.page.locator("#answer-todo")).to_contain_text("It was redeemed once")
    assert len(keys) == 2
    assert len(set(keys)) == 1
    till.browsing.complaints.expected("ERR_FAILED")


def test_an_unanswered_redemption_outlives_a_reload(till: Till) -> None:
    keys: list[str] = []

    def lose(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        route.abort()

    till.page.route("**/api/v1/redemptions", lose)
    till.sign_in()
    till.type(till.coupon("fresh"))
    till.page.get_by_role("button", name="Redeem it").click()
    till.expect_title("No connection")
    expect(till.page.locator("#answer-todo")).to_contain_text("redeemed once, however often you try")
    judge(till.page, "scan-unanswered", LOOKS[0])
    till.page.keyboard.type("K")  # a stray key does not lose it
    till.expect_title("No connection")
    till.page.unroute("**/api/v1/redemptions")
    with till.page.expect_request("**/api/v1/redemptions") as again:
        till.page.reload()
    till.expect_title("Redeemed")
    assert {again.value.headers["idempotency-key"]} == set(keys)
    till.browsing.complaints.expected("ERR_FAILED")


def test_offline_is_said_and_what_waits_goes_on_when_the_connection_is_back(till: Till) -> None:
    till.sign_in()
    till.type(till.coupon("fresh"))
    till.expect_title("Coffee and a cardamom bun")
    till.page.context.set_offline(True)
    till.page.get_by_role("button", name="Redeem it").click()
    till.expect_title("No connection")
    expect(till.page.locator("#answer-reason")).to_contain_text("could not be reached")
    till.page.context.set_offline(False)
    till.expect_title("Redeemed")
    till.browsing.complaints.expected("ERR_INTERNET_DISCONNECTED")


def test_a_till_without_internet_redeems_where_the_service_is_near(till: Till) -> None:
    """A browser says that it is offline where it has no network but its own machine."""
    till.page.add_init_script("Object.defineProperty(Navigator.prototype, 'onLine', { get: () => false })")
    till.sign_in()
    assert till.page.evaluate("navigator.onLine") is False
    till.type(till.coupon("fresh"))
    till.page.get_by_role("button", name="Redeem it").click()
    till.expect_title("Redeemed")


def test_an_answer_that_takes_too_long_is_not_waited_for(till: Till) -> None:
    till.page.route("**/api/v1/lookups", lambda asked: None)  # never answered
    till.sign_in()
    expect(till.code).to_be_visible()
    till.page.evaluate("scanCalls.ANSWER_WITHIN_MS = 300")
    till.type(till.coupon("fresh"))
    till.expect_title("No answer")
    expect(till.page.locator("#answer-todo")).to_contain_text("Nothing was redeemed")
    till.page.unroute("**/api/v1/lookups")
    till.page.evaluate("scanCalls.ANSWER_WITHIN_MS = 8000")
    till.page.get_by_role("button", name="Try again").click()
    till.expect_title("Coffee and a cardamom bun")
    till.browsing.complaints.expected("ERR_")


def test_who_was_signed_out_signs_in_and_goes_on(till: Till) -> None:
    till.sign_in()
    till.type(till.coupon("fresh"))
    till.expect_title("Coffee and a cardamom bun")
    till.page.context.clear_cookies()
    till.page.get_by_role("button", name="Redeem it").click()
    till.expect_title("Signed out")
    till.page.get_by_role("button", name="Sign in again").click()
    till.expect_title("Sign in at the till")
    till.browsing.complaints.expected("401")


def test_stored_markup_shows_as_text(till: Till) -> None:
    till.page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    till.sign_in()
    till.type(till.coupon("hostile"))
    expect(till.page.locator("#found-text")).to_contain_text("<img src=x onerror=")
    expect(till.page.locator("#found-terms")).to_contain_text("<script>alert(2)</script>")
    till.page.get_by_role("button", name="Redeem it").click()
    till.expect_title("Redeemed")
    expect(till.page.locator("#answer-reason")).to_contain_text("<img src=x")
    till.page.keyboard.press("Enter")
    expect(till.page.locator("#lately-list")).to_contain_text("<img src=x")
    assert till.page.locator("main img[src=x], main [onerror], main script").count() == 0


def test_on_a_phone_what_is_pressed_lies_under_the_thumb(browsing: Browsing) -> None:
    till = Till(browsing, **LOOKS[2])
    till.sign_in()
    till.type(till.coupon("fresh"))
    for words in ("Redeem it", "Next scan"):
        button = till.page.get_by_role("button", name=words)
        expect(button).to_be_visible()
        box = button.bounding_box()
        assert box is not None
        assert box["y"] > 844 * 0.6
        assert box["height"] >= 48
        assert box["width"] > 300
        button.click()


def test_sign_out_leads_back_to_the_sign_in(till: Till) -> None:
    till.type_password()
    till.page.get_by_role("button", name="Sign out").click()
    till.expect_title("Sign in at the till")
    till.page.goto("/scan")
    till.expect_title("Sign in at the till")
