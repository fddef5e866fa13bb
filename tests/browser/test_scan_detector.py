"""The camera at the till in a browser that reads codes itself.

Debian's Chromium has no BarcodeDetector. The page gets one here whose `detect` really reads what the camera films: the
frame goes to zxing-cpp in this process, as Chromium on Android hands it to the phone's own reader.
"""

import base64
import io
from collections.abc import Iterator

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, expect

from tests.browser import filming
from tests.browser.conftest import Browsing, City
from tests.browser.judging import LOOKS
from tests.browser.till import Till

DETECTOR = """
window.BarcodeDetector = class {
  constructor({ formats }) { this.formats = formats; }
  static async getSupportedFormats() { return ["ean_13", "qr_code"]; }
  async detect(video) {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    canvas.getContext("2d").drawImage(video, 0, 0);
    const texts = await readCodes(canvas.toDataURL("image/png"), this.formats);
    return texts.map((rawValue) => ({ rawValue, format: "qr_code" }));
  }
};
"""
BROKEN = """
window.BarcodeDetector = class {
  static async getSupportedFormats() { return ["qr_code"]; }
  async detect() { throw new DOMException("Barcode detection service unavailable.", "NotSupportedError"); }
};
"""


class Reader:
    """Reads the frames of the page, and remembers what it read, each time the page asked."""

    def __init__(self) -> None:
        self.read: list[list[str]] = []

    def __call__(self, data_url: str, formats: list[str]) -> list[str]:
        assert formats == ["qr_code"]
        frame = Image.open(io.BytesIO(base64.b64decode(data_url.partition(",")[2])))
        found = zxingcpp.read_barcodes(frame.convert("L"), formats=zxingcpp.BarcodeFormat.QRCode)
        self.read.append([one.text for one in found])
        return self.read[-1]


@pytest.fixture(scope="module")
def filmed_code(live_city: City) -> str:
    code: str = live_city.bakery["coupons"]["fresh"].pop()
    return code


@pytest.fixture(scope="module")
def chromium(filmed_code: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Its camera sees a counter, then the menu's QR code, then a coupon."""
    film = tmp_path_factory.mktemp("film") / "counter.y4m"
    menu = filming.qr_picture("https://example.com/menu")
    filming.write_film(film, [(filming.nothing_to_see(), 0.4), (menu, 1), (filming.qr_picture(filmed_code), 2)])
    with filming.chromium_filming(film) as browser:
        yield browser


def test_a_browser_that_reads_codes_itself_looks_until_it_sees_a_coupon(browsing: Browsing, filmed_code: str) -> None:
    till, reader = Till(browsing, **LOOKS[2], permissions=["camera"]), Reader()
    page, stills = till.page, []
    page.on("request", lambda request: stills.append(request.url) if "still" in request.url else None)
    page.expose_function("readCodes", reader)
    page.add_init_script(DETECTOR)
    till.sign_in()
    page.get_by_role("button", name="Scan with the camera").click()
    expect(page.locator("#finder-says")).to_contain_text("not one of a coupon")
    till.expect_title("Coffee and a cardamom bun")
    assert reader.read[-1] == [filmed_code]
    assert ["https://example.com/menu"] in reader.read
    assert page.evaluate("scanCamera.stream") is None
    page.get_by_role("button", name="Redeem it").click()
    till.expect_title("Redeemed")
    looks = len(reader.read)
    page.get_by_role("button", name="Next scan").click()
    # The camera goes on by itself, and the coupon is still in front of it.
    till.expect_title("Already redeemed")
    assert len(reader.read) > looks
    assert stills == [], "nothing of what the camera saw went to the server"
    till.expect_refusals()


def test_where_the_browser_promises_to_read_and_does_not_the_server_reads(browsing: Browsing, filmed_code: str) -> None:
    till = Till(browsing, **LOOKS[2], permissions=["camera"])
    till.page.add_init_script(BROKEN)
    till.sign_in()
    with till.page.expect_request("**/api/v1/lookups") as looked_up, till.page.expect_response("**/scan/still"):
        till.page.get_by_role("button", name="Scan with the camera").click()
    assert looked_up.value.post_data_json["code"] == filmed_code
    # The answer, and what the browser's console says of it, come before anything that is asked of the page afterwards.
    looked_up.value.response()
    till.page.evaluate("() => new Promise(requestAnimationFrame)")
    till.expect_refusals()  # it may have been redeemed by the test above
