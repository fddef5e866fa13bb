"""The camera at the till. Chromium films a file for us; it has no BarcodeDetector here, so stills go to the server."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import segno
from PIL import Image
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS, Browsing, City
from tests.browser.judging import LOOKS, judge
from tests.browser.till import Till
from tests.conftest import skip_or_fail

# What Chromium says of a header of Django's that means nothing there.
WITHOUT_HTTPS = "Cross-Origin-Opener-Policy"
WIDTH, HEIGHT = 640, 480


def qr_picture(text: str) -> Image.Image:
    """A coupon on a phone in front of a camera: a QR code, turned by some degrees, on a grey ground."""
    drawn = io.BytesIO()
    segno.make(text, error="m").save(drawn, kind="png", scale=8, border=4)
    scene = Image.new("L", (WIDTH, HEIGHT), 90)
    code = Image.open(drawn).convert("L").resize((300, 300)).rotate(7, expand=True, fillcolor=90)
    scene.paste(code, (WIDTH // 2 - code.width // 2, HEIGHT // 2 - code.height // 2))
    return scene


def write_film(path: Path, scene: Image.Image) -> None:
    """YUV4MPEG2: one frame, which the fake camera shows for ever."""
    colourless = np.full(WIDTH * HEIGHT // 2, 128, np.uint8).tobytes()
    path.write_bytes(
        f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F10:1 Ip A1:1 C420jpeg\nFRAME\n".encode() + scene.tobytes() + colourless
    )


@pytest.fixture(scope="module")
def filmed_code(live_city: City) -> str:
    code: str = live_city.bakery["coupons"]["fresh"].pop()
    return code


@pytest.fixture(scope="module")
def chromium(filmed_code: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One with a camera that films the coupon, and for which `testserver` is this machine: a page of that name has
    no HTTPS and is not loopback, so browsers keep the camera from it."""
    if not CHROMIUM.exists():
        skip_or_fail("Chromium (Debian's, at /usr/bin/chromium)")
    film = tmp_path_factory.mktemp("film") / "coupon.y4m"
    write_film(film, qr_picture(filmed_code))
    more = (
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
        "--host-resolver-rules=MAP testserver 127.0.0.1",
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=[*FLAGS, *more])
        yield browser
        browser.close()


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
