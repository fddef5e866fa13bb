"""The whole loop as people see it: a merchant draws and publishes, a shopper walks in, a cashier scans."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Browsing
from tests.browser.drawing import Drawing
from tests.browser.handset import FOREGROUND, PUSHES, Phone
from tests.browser.judging import LOOKS, name_of
from tests.browser.till import Till

# Where nobody else has a fence, one below the other.
PLACE = {name_of(look): (60.1950 + 0.01 * row, 24.9300) for row, look in enumerate(LOOKS)}


@pytest.mark.slow
@pytest.mark.parametrize("look", LOOKS, ids=name_of)
def test_from_the_drawn_fence_to_the_till_and_back_to_the_phone(browsing: Browsing, look: dict[str, Any]) -> None:
    lat, lon = PLACE[name_of(look)]
    store, title = f"Kiosk {name_of(look)}", f"A bun for {name_of(look)}"
    merchant = Drawing(browsing, **{**look, "has_touch": False, "is_mobile": False})
    merchant.sign_in()
    open_store(merchant, store, lat=lat, lon=lon)
    for draw in (draw_circle, draw_polygon):
        fence = draw(merchant, store)
        # A merchant's first fences wait for an operator; later ones do not.
        if merchant.page.get_by_text("It waits for an operator").count():
            approve(browsing, fence)
    publish_offer(merchant, store, title)

    phone = Phone(browsing, **look)
    phone.head_for((lat - 0.0025, lon), (lat, lon))
    phone.agree(FOREGROUND, PUSHES)
    phone.walk()
    expect(phone.banner).to_contain_text(title)
    code = phone.open_coupon()

    till = Till(browsing, **look)
    till.sign_in("baker")
    till.page.get_by_role("button", name=store).click()
    till.type(code)
    till.expect_title(title)
    till.page.get_by_role("button", name="Redeem it").click()
    till.expect_title("Redeemed")
    till.page.keyboard.press("Enter")
    till.type(code)
    till.expect_title("Already redeemed")

    expect(phone.page.locator(".stamp")).to_contain_text("Redeemed at")
    till.expect_refusals()


def open_store(merchant: Drawing, name: str, *, lat: float, lon: float) -> None:
    merchant.page.goto("/admin/merchants/store/add/")
    merchant.field("name").fill(name)
    merchant.field("address").fill("In the park")
    merchant.field("time_zone").fill("Europe/Helsinki")
    merchant.field("lat").fill(str(lat))
    merchant.field("lon").fill(str(lon))
    merchant.save()
    merchant.expect_saved()


def draw_circle(merchant: Drawing, store: str) -> str:
    name = f"circle of {store}"
    merchant.new_fence(name, store=store)
    merchant.tool("Draw a circle")
    merchant.show()
    merchant.drag(merchant.at(0.5, 0.5), merchant.at(0.65, 0.5))
    merchant.field("radius_m").fill("100")
    merchant.save()
    merchant.expect_saved()
    return name


def draw_polygon(merchant: Drawing, store: str) -> str:
    name = f"polygon of {store}"
    merchant.new_fence(name, store=store)
    merchant.tool("Draw a polygon")
    merchant.press((0.55, 0.3), (0.8, 0.3), (0.8, 0.7), (0.55, 0.7), (0.55, 0.3))
    expect(merchant.says).to_contain_text("A polygon with 4 corners")
    merchant.save()
    merchant.expect_saved()
    return name


def approve(browsing: Browsing, fence: str) -> None:
    seen = Drawing(browsing)
    seen.sign_in_as_operator()
    seen.page.goto("/admin/merchants/geofence/")
    seen.page.get_by_role("link", name=fence, exact=True).click()
    expect(seen.page.get_by_text("State", exact=True)).to_be_visible()
    seen.page.get_by_role("button", name="Approve").click()
    expect(seen.page.get_by_text("It is live within two seconds")).to_be_visible()


def publish_offer(merchant: Drawing, store: str, title: str) -> None:
    page, now = merchant.page, datetime.now(UTC)
    page.goto("/admin/merchants/offer/add/")
    for name, value in {
        "title": title,
        "text": "Warm, until it is gone.",
        "terms": "One for each guest.",
        "category": "café",
        "discount_value": "20",
        "cap": "50",
        "coupon_lifetime_s": "3600",
        "starts_at_0": (now - timedelta(days=1)).date().isoformat(),
        "starts_at_1": "00:00:00",
        "ends_at_0": (now + timedelta(days=7)).date().isoformat(),
        "ends_at_1": "00:00:00",
    }.items():
        merchant.field(name).fill(value)
    merchant.field("discount_kind").select_option("percent")
    merchant.field("all_stores").uncheck()
    page.get_by_label(store, exact=True).check()
    merchant.save()
    merchant.expect_saved()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
