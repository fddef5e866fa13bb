"""What a merchant does at the map of the admin's forms, as the tests say it."""

import json
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser import sessions
from tests.browser.conftest import Browsing

SQUARE = (60.1695, 24.9525)  # the bakery's first store


class Drawing:
    """A merchant at the form of a geofence."""

    def __init__(self, browsing: Browsing, **look: Any) -> None:
        self.browsing = browsing
        self.bakery = browsing.city.bakery
        self.page: Page = browsing.page(**look)

    def sign_in(self, username: str = "baker", password: str | None = None) -> None:
        def type_it() -> None:
            self.page.goto("/admin/login/")
            self.page.locator("[name=username]").fill(username)
            self.page.locator("[name=password]").fill(password or self.bakery["password"])
            self.page.keyboard.press("Enter")
            self.page.wait_for_url("**/admin/")

        sessions.come_back(self.page, city=self.browsing.city.web_url, who=f"admin {username}", or_sign_in=type_it)

    def sign_in_as_operator(self, *, say_why: bool = False) -> None:
        """`say_why`: until somebody does, rows about shoppers are closed."""
        operator = next(login for login in self.browsing.city.logins if login["username"] == "operator")
        self.sign_in("operator", operator["password"])
        if say_why:
            self.page.goto("/admin/break_glass/grant/add/")
            self.field("reason").fill("to judge how it looks")
            self.page.get_by_role("button", name="Save", exact=True).click()
            expect(self.page.locator("#result_list")).to_be_visible()

    def new_fence(self, name: str, *, store: str | None = None) -> None:
        store = store or self.bakery["square"]
        self.page.goto("/admin/merchants/geofence/add/")
        with self.page.expect_response("**/geofence/around/**"):
            self.field("store").select_option(label=store)
        self.field("name").fill(name)
        expect(self.page.get_by_role("tooltip", name=store, exact=True)).to_be_visible()

    def field(self, name: str) -> Locator:
        return self.page.locator(f"#id_{name}")

    @property
    def canvas(self) -> Locator:
        return self.page.locator(".map-canvas")

    @property
    def says(self) -> Locator:
        return self.page.locator(".map-says[role=status]")

    def show(self) -> None:
        """The whole map, clear of the bar with the buttons at the foot of the page."""
        self.canvas.evaluate("canvas => canvas.scrollIntoView({block: 'center', behavior: 'instant'})")

    def tool(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def at(self, x: float, y: float) -> tuple[float, float]:
        """A place of the canvas, in parts of its width and height."""
        box = self.canvas.bounding_box()
        assert box is not None
        return box["x"] + x * box["width"], box["y"] + y * box["height"]

    def press(self, *places: tuple[float, float]) -> None:
        self.show()
        for place in places:
            self.page.mouse.move(*self.at(*place))
            self.page.mouse.down()
            self.page.mouse.up()
            self.page.wait_for_timeout(120)  # Leaflet.draw takes two corners within 50 ms for one

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        self.page.mouse.move(*start)
        self.page.mouse.down()
        self.page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
        self.page.mouse.move(*end)
        self.page.mouse.up()

    def drag_handle(self, handle: Locator, right: float, down: float) -> None:
        self.show()
        box = handle.bounding_box()
        assert box is not None
        middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.drag(middle, (middle[0] + right, middle[1] + down))

    def circle(self) -> list[float]:
        return [float(self.field(name).input_value()) for name in ("center_lat", "center_lon", "radius_m")]

    def geometry(self) -> dict[str, Any]:
        drawn: dict[str, Any] = json.loads(self.field("geometry").input_value())
        return drawn

    def paste(self, geometry: dict[str, Any]) -> None:
        self.field("kind").select_option("polygon")
        self.field("geometry").fill(json.dumps(geometry))

    def save(self) -> None:
        self.page.locator("[name=_continue]").click()
        self.page.wait_for_load_state()

    def expect_saved(self) -> None:
        expect(
            self.page.get_by_text("was added successfully").or_(self.page.get_by_text("was changed successfully"))
        ).to_be_visible()
