"""/privacy in the browser: what is known, why each coupon came, the switches, the copy, and the end."""

import json
import re
from pathlib import Path

import httpx
import jsonschema_rs
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Browsing
from tests.browser.handset import FOREGROUND, PUSHES, Phone
from tests.browser.judging import judge_in_every_look


def been_to_aino(browsing: Browsing) -> Phone:
    phone, shop = Phone(browsing), browsing.city.shop("Café Aino")
    phone.head_for_shop(shop)
    phone.agree(FOREGROUND, PUSHES)
    phone.walk()
    expect(phone.said).to_have_text("Inside the fence of Café Aino.")
    expect(phone.banner).to_be_visible()
    return phone


def see_what_is_known(phone: Phone) -> Page:
    phone.tap("Consents")
    phone.page.get_by_role("link", name="What is known about me").click()
    expect(phone.page.locator("#said")).to_contain_text("You use the app on 1 phone, without an account")
    return phone.page


@pytest.mark.slow
def test_what_is_known_and_its_end(browsing: Browsing) -> None:
    phone = been_to_aino(browsing)
    page = see_what_is_known(phone)
    stay = page.get_by_role("article").filter(has=page.get_by_role("heading", name="Café Aino", exact=False))
    expect(stay).to_contain_text("you are still there")
    expect(stay.get_by_role("listitem").filter(has_text="You got it")).to_contain_text(
        "It was the best of the offers that you could have at that moment."
    )
    judge_in_every_look(page, "privacy")
    page.locator("summary").filter(has_text=re.compile("^Your phones")).click()
    expect(page.get_by_text("install id").first).to_be_visible()
    judge_in_every_look(page, "privacy-rows")

    page.get_by_role("button", name="Erase me…").click()
    sure = page.get_by_role("dialog", name="Erase everything about you?")
    expect(sure).to_contain_text("1 coupon not used yet: 20 % off coffee and a bun")
    expect(sure.get_by_role("button", name="Erase me")).to_be_disabled()
    judge_in_every_look(page, "privacy-sure")
    sure.get_by_role("button", name="Keep everything").click()
    expect(page.get_by_role("heading", name="What is known about you")).to_be_visible()
    page.get_by_role("button", name="Erase me…").click()
    sure.get_by_label("There is no way back. I know.").check()
    sure.get_by_role("button", name="Erase me").click()
    expect(page.get_by_role("heading", name="You are forgotten")).to_be_visible()
    expect(page.get_by_text("If you ever ask about it, name")).to_be_visible()
    judge_in_every_look(page, "privacy-gone")
    page.get_by_role("link", name="Begin as somebody new").click()
    page.locator("[data-ready]").wait_for()
    expect(phone.switch(FOREGROUND)).not_to_be_checked()


def assert_the_copy_fits_the_published_schema(page: Page, *, web_url: str, folder: Path) -> None:
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Download my copy").click()
    downloading.value.save_as(folder / "copy.json")
    copy = json.loads((folder / "copy.json").read_text())
    schema = httpx.get(f"{web_url}{copy['$schema']}", timeout=15).json()
    jsonschema_rs.validate(schema, copy)
    assert [one["title"] for one in copy["coupons"]] == ["20 % off coffee and a bun"]
    assert downloading.value.suggested_filename.startswith("geooffers-")


def test_a_copy_is_taken_and_a_switch_here_is_the_switch_there(browsing: Browsing, tmp_path: Path) -> None:
    phone = been_to_aino(browsing)
    page = see_what_is_known(phone)
    assert_the_copy_fits_the_published_schema(page, web_url=browsing.city.web_url, folder=tmp_path)
    expect(phone.switch(FOREGROUND)).to_be_checked()
    phone.switch(FOREGROUND).uncheck()
    expect(page.locator("#said")).to_contain_text("Taken back: nothing rests on it any more.")
    tile = page.get_by_role("listitem").filter(has_text="Where you are")
    expect(tile).to_contain_text("no position is kept")
    page.reload()
    expect(phone.switch(FOREGROUND)).not_to_be_checked()
    page.get_by_role("link", name="‹ The phone").click()
    page.locator("[data-ready]").wait_for()
    phone.tap("Consents")
    expect(phone.switch(FOREGROUND)).not_to_be_checked()


def test_a_browser_without_a_phone_is_told_so(browsing: Browsing) -> None:
    page = browsing.page()
    page.goto("/privacy")
    expect(page.locator("#said")).to_contain_text("this browser has no phone yet")
    page.get_by_role("link", name="To the phone").click()
    page.locator("[data-ready]").wait_for()
    browsing.complaints.expected("401")


def test_a_phone_that_was_erased_elsewhere_learns_it_here(browsing: Browsing) -> None:
    phone = Phone(browsing)
    kept = json.loads(phone.page.evaluate("localStorage.getItem('geooffers-phone')"))
    erased = httpx.delete(
        f"{browsing.city.web_url}/api/v1/me", headers={"Authorization": f"Bearer {kept['token']}"}, timeout=15
    )
    assert erased.status_code == 202
    phone.page.goto("/privacy")
    expect(phone.page.get_by_role("heading", name="You are forgotten")).to_be_visible()
    assert phone.page.evaluate("localStorage.getItem('geooffers-phone')") is None
    browsing.complaints.expected("401")
