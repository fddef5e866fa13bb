"""The ground of the maps: tiles from the one host of the setting, and the plain ground where they do not come."""

import io
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import Browsing, ServeWith
from tests.browser.drawing import Drawing
from tests.browser.handset import Phone


@pytest.fixture
def tile_server() -> Iterator[str]:
    drawn = io.BytesIO()
    Image.new("RGB", (256, 256), "#dde7d6").save(drawn, "PNG")

    class Tiles(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "image/png")
            self.end_headers()
            self.wfile.write(drawn.getvalue())

        def log_message(self, *args: object) -> None:
            """Its calls are of no interest."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 64  # a map asks for all of its tiles at once

    server = Server(("127.0.0.1", 0), Tiles)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/{{z}}/{{x}}/{{y}}.png"
    server.shutdown()
    thread.join()
    server.server_close()


def tiles_from(address: str) -> dict[str, str]:
    return {"GEOOFFERS_MAP_TILES": address, "GEOOFFERS_MAP_ATTRIBUTION": "Made of one colour"}


def open_form(browsing: Browsing, address: str) -> Drawing:
    """An operator's, for a store that has a fence already."""
    drawing = Drawing(browsing)
    drawing.sign_in_as_operator()
    drawing.page.goto(f"{address}/admin/merchants/geofence/add/")  # cookies know no port
    drawing.field("store").select_option(label=browsing.city.shop("Café Aino")["store"])
    drawing.field("radius_m").fill("100")
    expect(drawing.says).to_contain_text("A circle of 100 m")
    return drawing


def test_tiles_of_the_setting_are_shown_with_their_attribution(
    tile_server: str, browsing: Browsing, serve_with: ServeWith
) -> None:
    """The server of tiles is named first, so that it ends after the browser that may still ask it for some."""
    drawing = open_form(browsing, serve_with(tiles_from(tile_server)))
    expect(drawing.page.locator("img.leaflet-tile-loaded").first).to_be_visible()
    expect(drawing.page.get_by_text("Made of one colour")).to_be_visible()


def test_where_tiles_cannot_be_reached_the_maps_go_on_without(browsing: Browsing, serve_with: ServeWith) -> None:
    address = serve_with(tiles_from("https://tile.example/{z}/{x}/{y}.png"))
    drawing = open_form(browsing, address)
    expect(drawing.page.locator(".leaflet-control-scale-line")).to_be_visible()
    expect(drawing.page.locator("path.map-other")).not_to_have_count(0)
    drawing.drag_handle(drawing.page.locator(".leaflet-edit-resize"), 40, -40)
    expect(drawing.field("radius_m")).not_to_have_value("100")
    phone = Phone(browsing, address=f"{address}/phone")
    expect(phone.page.locator(".leaflet-control-scale-line")).to_be_visible()
    expect(phone.page.get_by_role("tooltip", name="Café Aino")).to_be_visible()
    for page in (drawing.page, phone.page):
        assert page.locator("img.leaflet-tile").count() > 0
        assert page.locator("img.leaflet-tile-loaded").count() == 0
    asked = [said for said in browsing.complaints.heard if said.startswith("asked")]
    assert asked
    assert all("https://tile.example/" in said for said in asked)
    browsing.complaints.expected("tile.example", "ERR_NAME_NOT_RESOLVED")
