"""A phone in the browser, at `/phone`, as the tests use it."""

import io
import json
from typing import Any

import zxingcpp
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Browsing

FOREGROUND, PUSHES = "location_foreground", "marketing_push"


class Phone:
    """A new phone: every context of the browser has a storage of its own."""

    def __init__(self, browsing: Browsing, *, address: str = "/phone", **look: Any) -> None:
        self.city = browsing.city
        self.page: Page = browsing.page(**look)
        self.asked: list[str] = []
        self.page.on("request", lambda request: self.asked.append(f"{request.method} {request.url}"))
        self.page.goto(address)
        self.page.locator("[data-ready]").wait_for()

    def agree(self, *purposes: str) -> None:
        self.tap("Consents")
        for purpose in purposes:
            self.switch(purpose).check()
            expect(self.switch(purpose)).to_be_enabled()

    def switch(self, purpose: str) -> Locator:
        return self.page.locator(f"input[name={purpose}]")

    def tap(self, word: str) -> None:
        self.page.get_by_role("navigation").get_by_role("button", name=word).click()

    def head_for(self, *places: tuple[float, float]) -> None:
        """To the first of them, with the others ahead. A phone that is followed takes its time to get there."""
        line = {"type": "LineString", "coordinates": [[lon, lat] for lat, lon in places]}
        self.load("walk.geojson", json.dumps(line))

    def head_for_shop(self, shop: dict[str, Any]) -> None:
        """From the south, where no other fence is in the way; the first step is 90 m from the door, outside."""
        self.head_for((shop["lat"] - 0.0008, shop["lon"]), (shop["lat"], shop["lon"]))

    def walk(self) -> None:
        self.page.get_by_label("Speed").select_option("60 times as fast")
        self.page.get_by_role("button", name="Start walking").click()

    def load(self, name: str, content: str) -> None:
        file = {"name": name, "mimeType": "application/octet-stream", "buffer": content.encode()}
        self.page.get_by_label("Your own track").set_input_files(file)

    def drop(self, name: str, content: str) -> None:
        """Onto the map, as from a folder."""
        dragged = self.page.evaluate_handle(
            "([name, text]) => { const d = new DataTransfer(); d.items.add(new File([text], name)); return d; }",
            [name, content],
        )
        self.page.locator("#map").dispatch_event("drop", {"dataTransfer": dragged})

    @property
    def said(self) -> Locator:
        return self.page.locator("#said")

    @property
    def banner(self) -> Locator:
        return self.page.locator("#headsup .notification")

    @property
    def notifications(self) -> Locator:
        return self.page.get_by_role("list", name="Notifications").get_by_role("listitem")

    def open_coupon(self) -> str:
        """By its notification; the code that stands under the QR."""
        self.tap("Home")
        self.notifications.first.get_by_role("button").first.click()
        return self.page.locator(".coupon .code").inner_text()

    def look_at(self, wallet: str) -> Locator:
        self.page.get_by_role("button", name=wallet, exact=True).click()
        drawn = self.page.locator(f".wallet-pass.{wallet.split()[0].lower()}")
        drawn.wait_for()
        return drawn

    def reports(self) -> int:
        return sum(call.startswith("POST") and call.endswith("/positions") for call in self.asked)


def read_qr(drawn: Locator) -> str:
    """As a camera in front of the screen reads it."""
    (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(drawn.screenshot())))
    return str(found.text)
