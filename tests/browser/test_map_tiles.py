"""The ground of the maps: tiles from the one host of the setting, and the plain ground where they do not come."""

import io
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from geooffers.rounds.demo import processes
from tests.browser.conftest import Browsing, City
from tests.browser.drawing import Drawing

ServeWith = Callable[[str], str]


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

    server = ThreadingHTTPServer(("127.0.0.1", 0), Tiles)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/{{z}}/{{x}}/{{y}}.png"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def serve_with(live_city: City, tmp_path: Path) -> Iterator[ServeWith]:
    """Another web process of the same city, with tiles from this address."""
    services = processes.Processes(log_dir=tmp_path)

    def serve(tiles: str) -> str:
        port = processes.free_port(0)
        environment = {
            "GEOOFFERS_SANDBOX": "1",
            "GEOOFFERS_SANDBOX_URL": live_city.sandbox_url,
            "DATABASE_URL": live_city.database_url,
            "GEOOFFERS_MAP_TILES": tiles,
            "GEOOFFERS_MAP_ATTRIBUTION": "Made of one colour",
        }
        web = ("runweb", "--port", str(port), "--workers", "1", "--no-migrate")
        services.spawn("web", *web, environment=environment)
        services.wait_for("web", f"http://127.0.0.1:{port}/readyz")
        return f"http://127.0.0.1:{port}"

    with services:
        yield serve


def open_form(browsing: Browsing, address: str) -> Drawing:
    drawing = Drawing(browsing)
    drawing.sign_in()
    drawing.page.goto(f"{address}/admin/merchants/geofence/add/")  # cookies know no port
    drawing.field("store").select_option(label=drawing.bakery["square"])
    drawing.field("radius_m").fill("100")
    expect(drawing.says).to_contain_text("A circle of 100 m")
    return drawing


def test_tiles_of_the_setting_are_shown_with_their_attribution(
    browsing: Browsing, serve_with: ServeWith, tile_server: str
) -> None:
    drawing = open_form(browsing, serve_with(tile_server))
    expect(drawing.page.locator("img.leaflet-tile-loaded").first).to_be_visible()
    expect(drawing.page.get_by_text("Made of one colour")).to_be_visible()


def test_where_tiles_cannot_be_reached_the_map_goes_on_without(browsing: Browsing, serve_with: ServeWith) -> None:
    nobody = processes.free_port(0)
    drawing = open_form(browsing, serve_with(f"http://127.0.0.1:{nobody}/{{z}}/{{x}}/{{y}}.png"))
    expect(drawing.page.locator(".leaflet-control-scale-line")).to_be_visible()
    expect(drawing.page.locator(".leaflet-edit-move")).to_be_visible()
    assert drawing.page.locator("img.leaflet-tile-loaded").count() == 0
    drawing.drag_handle(drawing.page.locator(".leaflet-edit-resize"), 40, -40)
    expect(drawing.field("radius_m")).not_to_have_value("100")
    browsing.complaints.expected("ERR_CONNECTION_REFUSED")
