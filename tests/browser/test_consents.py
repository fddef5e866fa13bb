"""Consents where people meet them: the pause on the phone, and new words that an operator publishes."""

import threading

from playwright.sync_api import APIResponse, Route, expect

from tests.browser.conftest import Browsing
from tests.browser.drawing import Drawing
from tests.browser.handset import FOREGROUND, PUSHES, Phone
from tests.browser.judging import LOOKS, judge, judge_in_every_look

ANALYTICS = "analytics"


# A report that is on its way when the pause comes is refused.
ON_ITS_WAY = ("403 (Forbidden)", "/api/v1/positions")


def test_a_tap_pauses_and_a_tap_goes_on(browsing: Browsing) -> None:
    phone = Phone(browsing)
    phone.agree(FOREGROUND, PUSHES)
    expect(phone.said).to_have_text("Outside every fence.")
    judge_in_every_look(phone.page, "phone-before-the-pause")
    phone.page.get_by_role("button", name="1 hour").click()
    expect(phone.said).to_contain_text("Paused: where the phone was is forgotten")
    expect(phone.page.locator(".pause")).to_contain_text("Paused until")
    expect(phone.page.get_by_role("button", name="Go on")).to_be_focused()
    judge_in_every_look(phone.page, "phone-paused")
    reported = phone.reports()
    phone.page.get_by_role("button", name="The phone, at").press("ArrowUp")
    expect(phone.said).to_have_text("Paused: nothing is reported.")
    expect(phone.switch(FOREGROUND)).to_be_checked()
    assert phone.reports() == reported
    phone.page.get_by_role("button", name="Go on").click()
    expect(phone.said).to_have_text("Outside every fence.")
    browsing.complaints.expected(*ON_ITS_WAY)


def test_a_pause_is_there_when_the_page_is_loaded_anew(browsing: Browsing) -> None:
    phone = Phone(browsing)
    phone.agree(FOREGROUND)
    phone.page.get_by_role("button", name="Until I say so").click()
    expect(phone.page.locator(".pause")).to_contain_text("Paused until you say so")
    phone.page.reload()
    phone.page.locator("[data-ready]").wait_for()
    expect(phone.said).to_have_text("Paused: nothing is reported.")
    browsing.complaints.expected(*ON_ITS_WAY)


def test_new_words_are_drafted_published_and_asked_for_anew(browsing: Browsing) -> None:
    phone = Phone(browsing)
    phone.agree(ANALYTICS)
    operator = Drawing(browsing)
    operator.sign_in_as_operator()
    page = operator.page
    page.goto("/admin/shoppers/consenttext/add/")
    page.locator("#id_purpose").select_option(ANALYTICS)
    page.locator("#id_language").fill("en")
    page.locator("#id_body").fill("Count me in figures, and in the district's as well.")
    page.locator("#id_renews").check()
    judge(page, "admin-consent-draft", LOOKS[0])
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.get_by_text("Count me in figures about visits and offers.")).to_be_visible()
    judge_in_every_look(page, "admin-consent-text", load_anew=True)
    page.get_by_role("button", name="Save and publish").click()
    expect(page.get_by_text("Older consents to analytics do not count any more.")).to_be_visible()
    judge(page, "admin-consent-texts", LOOKS[3])
    phone.page.reload()
    phone.page.locator("[data-ready]").wait_for()
    phone.tap("Consents")
    expect(phone.page.locator(".consent .notice")).to_contain_text("means something new")
    expect(phone.switch(ANALYTICS)).not_to_be_checked()
    expect(phone.page.locator("#text-analytics")).to_have_text("Count me in figures, and in the district's as well.")
    judge(phone.page, "phone-outdated", LOOKS[0])
    phone.switch(ANALYTICS).check()
    expect(phone.switch(ANALYTICS)).to_be_enabled()


def test_what_the_store_says_of_an_age_and_where_somebody_lives_decides(browsing: Browsing) -> None:
    phone = Phone(browsing)
    phone.agree(FOREGROUND)
    expect(phone.said).to_have_text("Outside every fence.")
    place, age = phone.page.get_by_label("I live in"), phone.page.get_by_label("The app store says of my age")
    age.select_option("16 or 17")
    expect(phone.switch(FOREGROUND)).to_be_checked()
    place.fill("us-md")
    place.press("Tab")
    expect(phone.switch(FOREGROUND)).to_be_disabled()
    expect(phone.said).to_contain_text("where the phone was is forgotten")
    expect(place).to_have_value("US-MD")
    phone.page.locator(".circumstances").scroll_into_view_if_needed()
    judge_in_every_look(phone.page, "phone-maryland")
    place.fill("Mars")
    place.press("Tab")
    expect(phone.said).to_contain_text("There is no such place in ISO 3166")
    browsing.complaints.expected("422")


def test_what_is_being_typed_outlives_an_answer_that_comes_meanwhile(browsing: Browsing) -> None:
    phone = Phone(browsing)
    phone.agree(FOREGROUND)
    expect(phone.said).to_have_text("Outside every fence.")
    place, age = phone.page.get_by_label("I live in"), phone.page.get_by_label("The app store says of my age")
    held: list[Route] = []
    phone.page.route("**/consents/age-signal", lambda route: held.append(route))
    age.select_option("under 13")
    place.fill("us-md")
    with phone.page.expect_response("**/api/v1/consents?*"):
        held[0].continue_()
    expect(place).to_have_value("us-md")
    expect(place).to_be_focused()
    place.press("Tab")
    expect(phone.switch(FOREGROUND)).to_be_disabled()
    expect(place).to_have_value("US-MD")


def test_a_slow_answer_does_not_say_again_what_was_so_before(browsing: Browsing) -> None:
    phone = Phone(browsing)
    phone.agree(FOREGROUND)
    expect(phone.said).to_have_text("Outside every fence.")
    place, age = phone.page.get_by_label("I live in"), phone.page.get_by_label("The app store says of my age")
    slow: list[tuple[Route, APIResponse]] = []

    def keep_the_first(route: Route) -> None:
        if slow:
            route.continue_()
        else:
            slow.append((route, route.fetch()))

    phone.page.route("**/api/v1/consents?*", keep_the_first)
    with phone.page.expect_request("**/api/v1/consents?*"):
        age.select_option("16 or 17")
    place.fill("us-md")
    place.press("Tab")
    phone.page.wait_for_timeout(300)  # an answer to what is asked meanwhile would be there by now
    route, answer = slow[0]
    route.fulfill(response=answer)
    expect(phone.switch(FOREGROUND)).to_be_disabled()
    expect(place).to_have_value("US-MD")
    expect(age).to_have_value("16_17")


def test_the_answer_to_a_report_on_its_way_is_forgotten_with_the_rest(browsing: Browsing) -> None:
    phone = Phone(browsing)
    phone.agree(FOREGROUND)
    expect(phone.said).to_have_text("Outside every fence.")
    late: list[tuple[Route, APIResponse]] = []
    phone.page.route("**/api/v1/positions", lambda route: late.append((route, route.fetch())))
    with phone.page.expect_request("**/api/v1/positions"):
        phone.page.get_by_role("button", name="The phone, at").press("ArrowUp")
    phone.switch(FOREGROUND).uncheck()
    expect(phone.said).to_contain_text("where the phone was is forgotten")
    for route, answer in late:
        with phone.page.expect_response("**/api/v1/positions"):
            route.fulfill(response=answer)
    phone.page.wait_for_timeout(300)
    expect(phone.said).to_contain_text("where the phone was is forgotten")


def test_a_message_that_arrives_leaves_what_is_being_typed(browsing: Browsing) -> None:
    phone = Phone(browsing)
    phone.head_for_shop(browsing.city.shop("Kallio Vinyl"))
    phone.agree(FOREGROUND, PUSHES)
    place = phone.page.get_by_label("I live in")
    held: list[Route] = []
    typed = threading.Event()
    phone.page.route("**/phone/pushes?*", lambda route: route.continue_() if typed.is_set() else held.append(route))
    phone.walk()
    expect(phone.said).to_contain_text("Kallio Vinyl")
    place.press_sequentially("us-")
    typed.set()
    for route in held:
        route.continue_()
    expect(phone.banner).to_be_visible()
    expect(place).to_be_focused()
    place.press_sequentially("md")
    expect(place).to_have_value("us-md")
    place.press("Tab")
    expect(place).to_have_value("US-MD")
