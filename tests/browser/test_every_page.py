"""Every page of the service in a browser that reaches nothing but this machine: each of them works, asks nobody else,
and is made of few requests and little code of our own."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from django.contrib import admin
from django.contrib.staticfiles import finders
from playwright.sync_api import Error, Page, expect

from tests.browser.addresses import Visitor, routes
from tests.browser.conftest import Browsing
from tests.browser.drawing import Drawing
from tests.browser.handset import FOREGROUND, Phone
from tests.browser.till import Till

LIBRARIES = {
    "admin/js/actions.js",
    "leaflet/draw/leaflet.draw.css",
    "leaflet/draw/leaflet.draw.js",
    "leaflet/leaflet.css",
    "leaflet/leaflet.js",
    "ninja/favicon.png",
    "ninja/favicon.svg",
    "ninja/swagger-ui-bundle.js",
    "ninja/swagger-ui-init.js",
    "ninja/swagger-ui.css",
    "unfold/css/simplebar/simplebar.css",
    "unfold/css/styles.css",
    "unfold/fonts/material-symbols/Material-Symbols-Outlined.woff2",
    "unfold/fonts/material-symbols/styles.css",
    "unfold/js/alpine/alpine.js",
    "unfold/js/alpine/alpine.persist.js",
    "unfold/js/alpine/alpine.resize.js",
    "unfold/js/app.js",
    "unfold/js/simplebar/simplebar.js",
}
FORMS = ("add/", "<path:object_id>/change/")
# What did not come, or came and could not be used.
BROKEN = """async () => {
  await document.fonts.ready;
  const broken = [...document.images].filter((one) => !one.naturalWidth).map((one) => one.src);
  const sheets = [...document.querySelectorAll("link[rel=stylesheet]")].filter((one) => !one.sheet);
  const fonts = [...document.fonts].filter((one) => one.status === "error");
  return [...broken, ...sheets.map((one) => one.href), ...fonts.map((one) => one.family)];
}"""


def test_the_browsers_of_these_tests_have_no_network(browsing: Browsing) -> None:
    """The twin of the silence elsewhere: names and addresses are not reached, and asking for them is heard."""
    page = browsing.page()
    for beyond in ("https://tile.example/1/2/3.png", "http://192.0.2.1/"):
        with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
            page.goto(beyond)
    assert [said.partition(": ")[0] for said in browsing.complaints.heard] == ["asked beyond this machine"] * 2
    browsing.complaints.expected("asked beyond this machine")


@pytest.mark.slow
def test_every_page_works_with_no_network_and_is_made_of_little(browsing: Browsing) -> None:
    fill_the_lists(browsing)
    operator, till = Drawing(browsing), Till(browsing)
    operator.sign_in_as_operator(say_why=True)
    till.sign_in()
    opened: set[str] = set()
    for page, begins in ((browsing.page(), ""), (operator.page, "admin/"), (till.page, "scan")):
        opened |= set(open_pages(page, (route for route in routes() if route.startswith(begins))))
    lists = {f"admin/{model._meta.app_label}/{model._meta.model_name}/" for model in admin.site._registry}
    maps = {f"admin/merchants/{kind}/{form}" for kind in ("geofence", "exclusionzone", "store") for form in FORMS}
    others = {"admin/", "admin/login/", "admin/simulated-visit/", "api/v1/docs", "phone", "scan", "scan/sign-in"}
    assert lists | maps | others <= opened
    operator.page.goto("/admin/nowhere/")
    expect_it_works(operator.page, "/admin/nowhere/")
    browsing.complaints.expected("404")


def fill_the_lists(browsing: Browsing) -> None:
    """Consents, a redemption and a refusal: lists with rows of them have more to open."""
    Phone(browsing).agree(FOREGROUND)
    shop, code = browsing.city.shop("Café Aino"), browsing.city.bakery["coupons"]["foreign"].pop()
    assert browsing.city.redeem(shop, code, key="every-page").status_code == 201
    assert browsing.city.redeem(shop, code, key="every-page-again").status_code == 409


def open_pages(page: Page, of: Iterable[str]) -> Iterable[str]:
    """Those of these routes that answer this visitor with a page."""
    visitor, asked = Visitor(page), []
    page.on("request", lambda request: asked.append(request.url))
    for route in of:
        address = visitor.address_of(route)
        if address is None:
            continue
        if visitor.finds_a_page(address):
            asked.clear()
            page.goto(address)
            expect_it_works(page, address)
            expect_it_is_made_of_little(asked, address)
            yield route


def expect_it_works(page: Page, address: str) -> None:
    """That nothing was complained of, `browsing` says at the end of the test."""
    expect(page.get_by_role("heading").first).to_be_visible()
    if address == "/phone":
        page.locator("[data-ready]").wait_for()
        expect(page.locator("#signal")).to_be_empty()
    for canvas in page.locator(".map-canvas, .phone-map").all():
        expect(canvas.locator(".leaflet-control-scale-line")).to_be_visible()
    assert page.evaluate(BROKEN) == [], address


def expect_it_is_made_of_little(asked: list[str], address: str) -> None:
    assert 0 < len(set(asked)) <= 20, (address, asked)  # the phone asks for its pushes again every second
    files = {url.partition("/static/")[2] for url in asked if "/static/" in url}
    own = {file for file in files if file.startswith(("merchants/", "pages/"))}
    assert files - own <= LIBRARIES, address
    assert sum(Path(str(finders.find(file))).stat().st_size for file in own) < 100_000, address
