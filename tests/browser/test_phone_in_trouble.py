"""The phone in the browser where something is amiss: no connection, or a certificate that is none."""

from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import Browsing, ServeWith
from tests.browser.handset import FOREGROUND, PUSHES, Phone


def test_a_phone_without_a_connection_says_so_and_reports_when_it_is_back(browsing: Browsing) -> None:
    phone = Phone(browsing)
    phone.agree(FOREGROUND)
    expect(phone.said).to_have_text("Outside every fence.")
    phone.page.context.set_offline(True)
    expect(phone.page.locator("#signal")).to_have_text("no service")
    phone.switch(PUSHES).click()  # it falls back before anybody could check it
    expect(phone.said).to_have_text("The service could not be reached.")
    expect(phone.switch(PUSHES)).not_to_be_checked()
    phone.page.get_by_role("button", name="The phone, at").press("ArrowUp")
    expect(phone.page.locator("#answer-line")).to_contain_text("no answer")
    phone.page.context.set_offline(False)
    expect(phone.page.locator("#signal")).to_be_empty()
    expect(phone.page.locator("#answer-line")).to_contain_text("200")
    browsing.complaints.expected("ERR_INTERNET_DISCONNECTED")


def test_a_wrong_certificate_is_said_on_the_pass_and_stops_nothing_else(
    browsing: Browsing, serve_with: ServeWith, tmp_path: Path
) -> None:
    wrong = tmp_path / "certificate.pem"
    wrong.write_text("not a certificate")
    address = serve_with({f"GEOOFFERS_APPLE_PASS_{name}": str(wrong) for name in ("CERTIFICATE", "KEY", "WWDR")})
    phone, shop = Phone(browsing, address=f"{address}/phone"), browsing.city.shop("Töölönlahti Flowers")
    phone.head_for_shop(shop)
    phone.agree(FOREGROUND, PUSHES)
    phone.walk()
    expect(phone.banner).to_be_visible()
    code = phone.open_coupon()
    phone.look_at("Apple Wallet")
    expect(phone.page.get_by_role("alert")).to_contain_text("GEOOFFERS_APPLE_PASS_CERTIFICATE")
    expect(phone.page.get_by_role("button", name="Download the pass")).to_be_disabled()
    phone.look_at("Google Wallet")
    phone.page.get_by_role("button", name="Make the save link").click()
    expect(phone.page.get_by_role("link", name="Save to Google Wallet")).to_be_visible()
    assert browsing.city.redeem(shop, code, key=f"till-{code}", at=address).status_code == 201
    phone.page.get_by_role("button", name="Coupon", exact=True).click()
    expect(phone.page.locator(".stamp")).to_contain_text("Redeemed at")
