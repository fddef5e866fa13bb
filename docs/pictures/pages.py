"""Takes the pictures of pages in README.md and docs/: `python docs/pictures/pages.py`, with Debian's Chromium."""

import io
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent))
os.environ.setdefault("GEOOFFERS_SANDBOX", "1")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "geooffers.settings")

from PIL import Image  # noqa: E402
from playwright.sync_api import Page, expect, sync_playwright  # noqa: E402

from tests.browser.conftest import CHROMIUM, FLAGS, Browsing, served_city  # noqa: E402
from tests.browser.drawing import Drawing  # noqa: E402
from tests.browser.handset import FOREGROUND, PUSHES, Phone  # noqa: E402
from tests.browser.till import Till  # noqa: E402

GAP = 15


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, served_city(Path(folder)) as city, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(FLAGS))
        browsing = Browsing(browser, city)
        merchants_pages(browsing)
        polygon(browsing)
        phone(browsing)
        for name, scheme in (("scan", "dark"), ("till", "light")):
            beside_each_other(name, list(till(browsing, scheme)))
        browser.close()


def merchants_pages(browsing: Browsing) -> None:
    owner = Drawing(browsing, width=1360, height=900)
    login = next(login for login in browsing.city.logins if login["username"] == "owner")
    owner.sign_in("owner", login["password"])
    for kind in ("offer", "geofence"):
        owner.page.goto(f"/admin/merchants/{kind}/")
        owner.page.locator("#result_list a[href*='/change/']").first.click()
        owner.page.wait_for_load_state()
        if kind == "geofence":
            owner.show()
            expect(owner.page.locator(".leaflet-edit-resize")).to_be_visible()
        keep({"offer": "offer", "geofence": "fence"}[kind], shot(owner.page))


def polygon(browsing: Browsing) -> None:
    drawing = Drawing(browsing, width=1360, height=900)
    drawing.sign_in()
    drawing.new_fence("the square")
    drawing.tool("Draw a polygon")
    drawing.press((0.2, 0.1), (0.75, 0.15), (0.8, 0.7), (0.3, 0.85), (0.2, 0.1))
    drawing.tool("Cut a hole")
    drawing.press((0.32, 0.3), (0.43, 0.3), (0.43, 0.5), (0.32, 0.5), (0.32, 0.3))
    expect(drawing.says).to_contain_text("1 hole")
    keep("fence-map", shot(drawing.page))


def phone(browsing: Browsing) -> None:
    handset = Phone(browsing, width=1360, height=860)
    shop = browsing.city.shop("Café Aino")
    around_the_block = ((-0.0011, -0.0014), (-0.001, 0.0019), (0.0008, 0.0017), (0, 0))
    handset.head_for(*((shop["lat"] + north, shop["lon"] + east) for north, east in around_the_block))
    handset.agree(FOREGROUND, PUSHES)
    handset.walk()
    expect(handset.said).to_have_text("Inside the fence of Café Aino.")
    expect(handset.banner).to_be_visible()
    handset.open_coupon()
    expect(handset.page.locator(".coupon .qr")).to_be_visible()
    keep("phone", shot(handset.page))


def till(browsing: Browsing, scheme: str) -> Iterator[Image.Image]:
    """Ready, found, yes, no."""
    seen = Till(browsing, width=390, height=760, scheme=scheme, has_touch=True, is_mobile=True)
    seen.sign_in()
    expect(seen.code).to_be_visible()
    yield shot(seen.page)
    code = seen.coupon("fresh")
    seen.type(code)
    seen.expect_title("Coffee and a cardamom bun")
    yield shot(seen.page)
    seen.page.get_by_role("button", name="Redeem it").click()
    seen.expect_title("Redeemed")
    yield shot(seen.page)
    seen.page.get_by_role("button", name="Next scan").click()
    seen.type(code)
    seen.expect_title("Already redeemed")
    yield shot(seen.page)


def shot(page: Page) -> Image.Image:
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def beside_each_other(name: str, shots: list[Image.Image]) -> None:
    width, height = shots[0].size
    row = Image.new("RGB", ((width + GAP) * len(shots) + GAP, height + 2 * GAP), "#8792a3")
    for number, one in enumerate(shots):
        row.paste(one, (GAP + number * (width + GAP), GAP))
    keep(name, row)


def keep(name: str, picture: Image.Image) -> None:
    picture.quantize(256, dither=Image.Dither.NONE).save(HERE / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
