"""The camera at the till. Chromium films a file for us; it has no BarcodeDetector here, so stills go to the server."""

import io
from collections.abc import Iterator

import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from tests.browser import filming
from tests.browser.conftest import Browsing, City
from tests.browser.filming import HEIGHT, WIDTH, qr_picture
from tests.browser.judging import LOOKS, judge
from tests.browser.till import Till

# What Chromium says of a header of Django's that means nothing there.
WITHOUT_HTTPS = "Cross-Origin-Opener-Policy"


@pytest.fixture(scope="module")
def filmed_code(live_city: City) -> str:
    code: str = live_city.bakery["coupons"]["fresh"].pop()
    return code


@pytest.fixture(scope="module")
def chromium(filmed_code: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One with a camera that films the coupon."""
    film = tmp_path_factory.mktemp("film") / "coupon.y4m"
    filming.write_film(film, [(qr_picture(filmed_code), 0)])
    with filming.chromium_filming(film) as browser:
        yield browser


def test_the_camera_reads_a_coupon(browsing: Browsing) -> None:
    till = Till(browsing, **LOOKS[2], permissions=["camera"])
    till.sign_in()
    with till.page.expect_response("**/scan/still") as still:
        till.page.get_by_role("button", name="Scan with the camera").click()
        expect(till.page.locator("#finder-says")).to_have_text("Hold the coupon's QR code into the frame")
        judge(till.page, "scan-camera", LOOKS[2])
    till.expect_title("Coffee and a cardamom bun")
    assert len(still.value.request.post_data_buffer or b"") < 200_000
    assert till.page.evaluate("scanCamera.stream") is None  # the light of the camera is off
    till.page.get_by_role("button", name="Not now").click()
    # It was on, so it goes on by itself: the next scan needs no press.
    till.expect_title("Coffee and a cardamom bun")


def test_a_camera_that_is_refused_is_explained_and_typing_goes_on(browsing: Browsing) -> None:
    till = Till(browsing)  # headless Chromium refuses what was not granted
    till.sign_in()
    till.page.get_by_role("button", name="Scan with the camera").click()
    expect(till.page.locator("#camera-says")).to_contain_text("The browser may not use the camera")
    judge(till.page, "scan-camera-refused", LOOKS[0])
    till.type(till.coupon("fresh"))
    till.expect_title("Coffee and a cardamom bun")


def test_without_https_the_page_says_so_and_takes_a_photo(browsing: Browsing) -> None:
    port = browsing.city.web_url.rpartition(":")[2]
    till = Till(browsing, **LOOKS[2])
    till.sign_in(at=f"http://testserver:{port}")
    expect(till.page.locator("#camera-says")).to_contain_text("HTTPS")
    expect(till.page.get_by_role("button", name="Scan with the camera")).to_be_hidden()
    judge(till.page, "scan-no-https", LOOKS[2])
    photo = io.BytesIO()
    qr_picture(till.coupon("fresh")).resize((3200, 2400)).save(photo, "PNG")
    files = {"name": "photo.png", "mimeType": "image/png", "buffer": photo.getvalue()}
    till.page.get_by_label("Take a photo of the code").set_input_files(files)
    till.expect_title("Coffee and a cardamom bun")
    till.page.get_by_role("button", name="Redeem it").click()
    till.expect_title("Redeemed")
    browsing.complaints.expected(WITHOUT_HTTPS)


def test_a_photo_without_a_coupon_says_what_it_lacks(browsing: Browsing) -> None:
    port = browsing.city.web_url.rpartition(":")[2]
    till = Till(browsing)
    till.sign_in(at=f"http://testserver:{port}")
    for scene, words in (
        (Image.new("L", (WIDTH, HEIGHT), 200), "There is no code in this photo"),
        (qr_picture("https://example.com/menu"), "not one of a coupon"),
    ):
        photo = io.BytesIO()
        scene.save(photo, "PNG")
        files = {"name": "photo.png", "mimeType": "image/png", "buffer": photo.getvalue()}
        till.page.get_by_label("Take a photo of the code").set_input_files(files)
        expect(till.page.locator("#camera-says")).to_contain_text(words)
    browsing.complaints.expected(WITHOUT_HTTPS)
