"""The phone in the browser: consent, a walk into a fence, the push, the coupon, and that the till has had it."""

import json
import zipfile

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Browsing
from tests.browser.handset import FOREGROUND, PUSHES, Phone, read_qr
from tests.browser.judging import LOOKS, Look, judge_in_every_look


@pytest.mark.slow
@pytest.mark.parametrize("looks", [LOOKS[:2], LOOKS[2:]], ids=["1440", "390"])
def test_from_the_consent_to_the_till(browsing: Browsing, looks: list[Look]) -> None:
    phone, shop = Phone(browsing, **looks[0]), browsing.city.shop("Café Aino")
    page = phone.page
    expect(page.get_by_role("heading", name="What you agree to")).to_be_visible()
    judge_in_every_look(page, "phone-consents", of=looks)
    phone.head_for_shop(shop)
    phone.agree(FOREGROUND, PUSHES)
    phone.walk()
    expect(phone.said).to_have_text("Inside the fence of Café Aino.")
    expect(phone.banner).to_contain_text("20 % off coffee and a bun")
    judge_in_every_look(page, "phone-push", of=looks)
    phone.tap("Home")
    expect(phone.notifications).to_have_count(1)
    judge_in_every_look(page, "phone-home", of=looks)
    code = phone.open_coupon()
    expect(page.locator(".coupon")).to_contain_text("One for each guest")
    for look in looks:
        judge_in_every_look(page, "phone-coupon", of=[look])
        assert read_qr(page.locator(".coupon")) == code.replace("-", "")
    for wallet in ("Apple Wallet", "Google Wallet"):
        drawn = phone.look_at(wallet)
        expect(drawn).to_contain_text("Café Aino")
        expect(page.locator(".notice")).to_contain_text("keys that this sandbox made itself")
        for look in looks:
            judge_in_every_look(page, f"phone-{wallet.split()[0].lower()}", of=[look])
            assert read_qr(drawn) == code.replace("-", "")
    assert browsing.city.redeem(shop, code, key=f"till-{code}").status_code == 201
    expect(drawn.locator(".void")).to_have_text("Redeemed")
    assert browsing.city.redeem(shop, code, key=f"again-{code}").status_code == 409
    page.get_by_role("button", name="Coupon", exact=True).click()
    expect(page.locator(".stamp")).to_contain_text("Redeemed at")
    expect(page.locator(".qr, .code")).to_have_count(0)
    judge_in_every_look(page, "phone-redeemed", of=looks)
    phone.tap("Coupons")
    judge_in_every_look(page, "phone-coupons", of=looks)


def test_nothing_is_reported_before_the_consent_nor_after_its_withdrawal(browsing: Browsing) -> None:
    phone = Phone(browsing)
    dot = phone.page.get_by_role("button", name="The phone, at")
    dot.press("ArrowUp")
    expect(phone.said).to_contain_text("has not agreed")
    assert phone.reports() == 0
    phone.agree(FOREGROUND)
    expect(phone.said).to_have_text("Outside every fence.")
    assert phone.reports() >= 1
    phone.switch(FOREGROUND).uncheck()
    expect(phone.said).to_contain_text("Consent withdrawn")
    reported = phone.reports()
    dot.press("ArrowUp")
    expect(phone.said).to_contain_text("has not agreed")
    phone.page.wait_for_timeout(3000)  # longer than the phone waits from one look to the next
    assert phone.reports() == reported


def test_the_background_has_a_consent_of_its_own(browsing: Browsing) -> None:
    phone = Phone(browsing)
    phone.agree(FOREGROUND)
    expect(phone.said).to_have_text("Outside every fence.")
    phone.page.get_by_label("The app is in the background").check()
    expect(phone.said).to_contain_text("has not agreed")
    phone.agree("location_background")
    expect(phone.page.locator("#sent")).to_contain_text('"background": true')


def test_a_phone_that_was_thrown_away_is_another_one(browsing: Browsing) -> None:
    phone = Phone(browsing)
    phone.agree(FOREGROUND)
    before = phone.page.evaluate("localStorage.getItem('geooffers-phone')")
    with phone.page.expect_navigation():
        phone.page.get_by_role("button", name="Throw this phone away").click()
    phone.page.locator("[data-ready]").wait_for()
    assert phone.page.evaluate("localStorage.getItem('geooffers-phone')") != before
    phone.tap("Consents")
    expect(phone.switch(FOREGROUND)).not_to_be_checked()


def test_the_arrow_keys_the_mouse_and_a_click_move_the_phone(browsing: Browsing) -> None:
    phone = Phone(browsing)
    dot = phone.page.get_by_role("button", name="The phone, at")

    def place() -> list[float]:
        return [float(part) for part in (dot.get_attribute("aria-label") or "").split("at ")[1].split(", ")]

    before = place()
    dot.press("Shift+ArrowUp")
    north = place()
    assert north[0] - before[0] == pytest.approx(100 / 111_195, abs=2e-5)
    assert north[1] == before[1]
    box = dot.bounding_box()
    assert box is not None
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    phone.page.mouse.move(*middle)
    phone.page.mouse.down()
    phone.page.mouse.move(middle[0] + 60, middle[1], steps=5)
    phone.page.mouse.up()
    east = place()
    assert east[1] > north[1]
    assert east[0] == pytest.approx(north[0], abs=2e-5)
    phone.page.mouse.click(middle[0], middle[1] + 80)
    assert place()[0] < east[0]


def test_without_notifications_the_coupon_is_in_the_list_all_the_same(browsing: Browsing) -> None:
    phone = Phone(browsing)
    phone.head_for_shop(browsing.city.shop("Kallio Vinyl"))
    phone.agree(FOREGROUND)
    phone.walk()
    phone.tap("Coupons")
    expect(phone.page.get_by_role("button", name="25 % off second-hand records")).to_be_visible()
    phone.tap("Home")
    expect(phone.notifications).to_have_count(0)


def test_a_message_that_comes_twice_is_shown_once(browsing: Browsing) -> None:
    phone = Phone(browsing)
    phone.head_for_shop(browsing.city.shop("Punavuori Bikes"))
    phone.agree(FOREGROUND, PUSHES)
    # Firebase takes it, and its answer is lost: the worker has to send it again.
    order = {"faults": [{"kind": "reset", "accepted": True, "target": "web-"}]}
    httpx.post(f"{browsing.city.sandbox_url}/sandbox/faults", json=order).raise_for_status()
    phone.tap("Home")
    phone.walk()
    expect(phone.notifications).to_have_count(1)
    kept = json.loads(phone.page.evaluate("localStorage.getItem('geooffers-phone')"))
    received = f"{browsing.city.sandbox_url}/sandbox/messages?address={kept['address']}"
    ids: list[str] = []
    for _ in range(60):
        ids = [one["message"]["data"]["delivery_id"] for one in httpx.get(received).json()["messages"]]
        if len(ids) == 2:
            break
        phone.page.wait_for_timeout(500)
    assert len(ids) == 2
    assert len(set(ids)) == 1
    phone.page.wait_for_timeout(1500)  # the phone has asked again by now
    expect(phone.notifications).to_have_count(1)


def test_a_dismissed_notification_stays_away_when_the_page_is_loaded_again(browsing: Browsing) -> None:
    phone = Phone(browsing)
    phone.head_for_shop(browsing.city.shop("Hakaniemi Cheese"))
    phone.agree(FOREGROUND, PUSHES)
    phone.tap("Home")
    phone.walk()
    with phone.page.expect_response("**/dismissed"):
        phone.notifications.get_by_role("button", name="Dismiss").click()
    expect(phone.notifications).to_have_count(0)
    phone.page.reload()
    phone.page.locator("[data-ready]").wait_for()
    expect(phone.notifications).to_have_count(0)
    phone.tap("Coupons")
    expect(phone.page.get_by_role("button", name="10 % off the cheese counter")).to_be_visible()


def test_the_passes_can_be_taken_along(browsing: Browsing) -> None:
    phone = Phone(browsing)
    phone.head_for_shop(browsing.city.shop("Esplanadi Books"))
    phone.agree(FOREGROUND, PUSHES)
    phone.walk()
    expect(phone.banner).to_be_visible()
    phone.open_coupon()
    phone.look_at("Apple Wallet")
    with phone.page.expect_download() as started:
        phone.page.get_by_role("button", name="Download the pass").click()
    assert started.value.suggested_filename.endswith(".pkpass")
    assert "pass.json" in zipfile.ZipFile(started.value.path()).namelist()
    phone.look_at("Google Wallet")
    phone.page.get_by_role("button", name="Make the save link").click()
    link = phone.page.get_by_role("link", name="Save to Google Wallet").get_attribute("href")
    assert link is not None
    assert httpx.get(link).json()["passes"][0]["class"]["title"] == "15 % off any novel"


def test_markup_in_every_text_is_shown_as_text(browsing: Browsing) -> None:
    phone, shop = Phone(browsing), browsing.city.markup
    dialogs: list[str] = []
    phone.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    expect(phone.page.locator(".fence-name", has_text=shop["merchant"])).to_be_visible()
    phone.head_for_shop(shop)
    phone.agree(FOREGROUND, PUSHES)
    phone.walk()
    expect(phone.said).to_contain_text(shop["merchant"])
    title = "<img src=x onerror=alert(3)> 30 % off"
    expect(phone.banner).to_contain_text(title)
    phone.tap("Coupons")
    expect(phone.page.locator(".coupon-entry")).to_contain_text(title)
    phone.open_coupon()
    expect(phone.page.locator(".coupon .terms")).to_contain_text("<a href=javascript:alert(5)>One each</a>")
    expect(phone.page.locator(".coupon")).to_contain_text("<svg onload=alert(4)></svg>")
    for wallet in ("Apple Wallet", "Google Wallet"):
        expect(phone.look_at(wallet)).to_contain_text(shop["merchant"])
        expect(phone.page.locator(".pass-back")).to_contain_text("<script>alert(2)</script> 7")
    assert phone.page.locator("img[src=x], [onload], [onerror], main script, main a[href^=javascript]").count() == 0
    assert dialogs == []


def test_the_policy_is_enforced_in_this_browser(browsing: Browsing) -> None:
    """The twin of the silence elsewhere: what the policy forbids is refused, and heard."""
    phone = Phone(browsing)
    phone.page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.ran = true'}))"
    )
    assert phone.page.evaluate("window.ran") is None
    assert any("Content Security Policy" in said for said in browsing.complaints.heard)
    browsing.complaints.expected("Content Security Policy")


GPX = """<?xml version="1.0"?><gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>
<trkpt lat="60.1600" lon="24.9400"/><trkpt lat="60.1601" lon="24.9401"/><trkpt lat="60.1602" lon="24.9403"/>
</trkseg></trk></gpx>"""


def test_a_track_of_ones_own_is_walked_and_a_wrong_file_is_said_to_be_wrong(browsing: Browsing) -> None:
    phone = Phone(browsing)
    told, dot = phone.page.locator("#track-said"), phone.page.get_by_role("button", name="The phone, at")
    for name, content, words in (
        ("list.txt", "milk, bread", "This file is neither GPX nor GeoJSON."),
        ("empty.gpx", "<gpx><!--" + GPX + "--></gpx>", "empty.gpx has 0 usable points"),
        ("point.geojson", '{"type": "Point", "coordinates": [25, 60]}', "point.geojson has 0 usable points"),
        ("far.geojson", '{"type": "LineString", "coordinates": [[25, 91], [1e999, 60]]}', "has 0 usable points"),
    ):
        phone.load(name, content)
        expect(told).to_contain_text(words)
    phone.drop("evening.gpx", GPX)
    expect(told).to_have_text("evening.gpx: 3 points.")
    expect(dot).to_have_accessible_name("The phone, at 60.16000, 24.94000")
    phone.page.get_by_label("Speed").select_option("60 times as fast")
    phone.page.get_by_role("button", name="Start walking").click()
    expect(dot).to_have_accessible_name("The phone, at 60.16020, 24.94030")
    expect(phone.page.get_by_role("button", name="Walk again")).to_be_visible()
