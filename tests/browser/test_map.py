"""The map in the admin's forms: draw, drag, type, paste; what is wrong is said at its place."""

import json
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from tests.browser.bakery import HOSTILE
from tests.browser.conftest import Browsing
from tests.browser.drawing import SQUARE, Drawing
from tests.browser.judging import LOOKS, judge, name_of


@pytest.fixture
def drawing(browsing: Browsing) -> Drawing:
    opened = Drawing(browsing)
    opened.sign_in()
    return opened


def box_around(lat: float, lon: float, half: float) -> list[list[float]]:
    corners = [(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]
    return [[round(lon + half * x, 6), round(lat + half * y, 6)] for x, y in corners]


@pytest.mark.parametrize("look", LOOKS[:2], ids=name_of)
def test_a_merchant_draws_a_circle_drags_it_and_types_its_radius(browsing: Browsing, look: dict[str, Any]) -> None:
    drawing = Drawing(browsing, **look)
    drawing.sign_in()
    drawing.new_fence(f"round {name_of(look)}")
    drawing.tool("Draw a circle")
    drawing.show()
    drawing.drag(drawing.at(0.5, 0.5), drawing.at(0.62, 0.5))
    lat, lon, radius = drawing.circle()
    assert abs(lat - SQUARE[0]) < 0.001
    assert abs(lon - SQUARE[1]) < 0.002
    assert 50 < radius < 400
    drawn = drawing.field("radius_m").input_value()
    drawing.drag_handle(drawing.page.locator(".leaflet-edit-resize"), 40, -40)
    expect(drawing.field("radius_m")).not_to_have_value(drawn)
    assert drawing.circle()[2] > radius
    drawing.drag_handle(drawing.page.locator(".leaflet-edit-move"), 60, 0)
    expect(drawing.field("center_lon")).not_to_have_value(str(lon))
    assert drawing.circle()[1] > lon
    drawing.field("radius_m").fill("120")
    expect(drawing.says).to_contain_text("A circle of 120 m")
    judge(drawing.page, "map-circle", look)
    drawing.save()
    drawing.expect_saved()
    assert drawing.circle()[2] == 120
    expect(drawing.page.locator(".leaflet-edit-resize")).to_be_visible()


@pytest.mark.parametrize("look", LOOKS, ids=name_of)
def test_a_merchant_draws_a_polygon_with_a_hole(browsing: Browsing, look: dict[str, Any]) -> None:
    drawing = Drawing(browsing, **{**look, "has_touch": False, "is_mobile": False})
    drawing.sign_in()
    drawing.new_fence(f"corners {name_of(look)}")
    drawing.tool("Draw a polygon")
    drawing.press((0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8), (0.2, 0.2))
    expect(drawing.says).to_contain_text("A polygon with 4 corners.")
    drawing.tool("Cut a hole")
    drawing.press((0.4, 0.4), (0.6, 0.4), (0.6, 0.6), (0.4, 0.6), (0.4, 0.4))
    expect(drawing.says).to_contain_text("8 corners, 1 hole")
    before = drawing.geometry()
    drawing.drag_handle(drawing.page.locator(".leaflet-editing-icon").first, -10, -30)
    expect(drawing.field("geometry")).not_to_have_value(json.dumps(before, separators=(",", ":")))
    after = drawing.geometry()
    assert after["coordinates"][1] == before["coordinates"][1]
    assert after["coordinates"][0][0] != before["coordinates"][0][0]
    assert after["coordinates"][0][1:4] == before["coordinates"][0][1:4]
    judge(drawing.page, "map-polygon", look)
    drawing.save()
    drawing.expect_saved()
    assert drawing.geometry() == after


def test_all_of_a_polygon_is_moved_and_scaled_and_undone(drawing: Drawing) -> None:
    drawing.new_fence("moved")
    drawing.paste({"type": "Polygon", "coordinates": [box_around(*SQUARE, 0.001)]})
    first = drawing.field("geometry").input_value()
    drawing.drag_handle(drawing.page.locator(".map-grip-move"), 80, 0)
    expect(drawing.field("geometry")).not_to_have_value(first)
    moved = drawing.geometry()["coordinates"][0]
    assert all(after[0] > before[0] for after, before in zip(moved, box_around(*SQUARE, 0.001), strict=True))
    assert moved[2][0] - moved[0][0] == pytest.approx(0.002, abs=1e-6)
    before = drawing.field("geometry").input_value()
    drawing.drag_handle(drawing.page.locator(".map-grip-scale"), 60, -60)
    expect(drawing.field("geometry")).not_to_have_value(before)
    scaled = drawing.geometry()["coordinates"][0]
    assert scaled[2][0] - scaled[0][0] > 0.0022
    drawing.tool("Undo")
    drawing.tool("Undo")
    assert drawing.geometry()["coordinates"][0] == box_around(*SQUARE, 0.001)


def test_pasted_holes_and_parts_are_shown_and_kept(drawing: Drawing) -> None:
    lat, lon = SQUARE
    geometry = {
        "type": "MultiPolygon",
        "coordinates": [
            [box_around(lat, lon, 0.002), box_around(lat, lon, 0.001)[::-1]],
            [box_around(lat + 0.006, lon, 0.001)],
        ],
    }
    drawing.new_fence("islands")
    drawing.paste({"type": "Feature", "properties": {"name": "islands"}, "geometry": geometry})
    expect(drawing.says).to_contain_text("12 corners, 1 hole, 2 parts")
    judge(drawing.page, "map-parts", LOOKS[0])
    drawing.save()
    drawing.expect_saved()
    assert drawing.geometry() == geometry
    expect(drawing.says).to_contain_text("12 corners, 1 hole, 2 parts")
    drawing.drag_handle(drawing.page.locator(".leaflet-editing-icon").last, 5, 5)
    assert len(drawing.geometry()["coordinates"]) == 2


def test_a_fault_is_shown_at_its_place_in_words(drawing: Drawing) -> None:
    lat, lon = SQUARE
    bow_tie = [[lon, lat], [lon + 0.004, lat + 0.004], [lon + 0.004, lat], [lon, lat + 0.004], [lon, lat]]
    drawing.new_fence("bow tie")
    drawing.paste({"type": "Polygon", "coordinates": [bow_tie]})
    drawing.save()
    words = drawing.page.locator(".map-fault-words")
    expect(words).to_contain_text("Self-intersection")
    fault = drawing.page.locator(".map-fault").bounding_box()
    assert fault is not None
    place = drawing.page.evaluate(
        """() => { const box = document.querySelector(".map-fault").getBoundingClientRect();
        const canvas = document.querySelector(".map-canvas").getBoundingClientRect();
        return [box.x + box.width / 2 - canvas.x, box.y + box.height / 2 - canvas.y, canvas.width, canvas.height]; }"""
    )
    assert 0 < place[0] < place[2]
    assert 0 < place[1] < place[3]
    judge(drawing.page, "map-fault", LOOKS[0])
    # Drawing goes on, and the fault goes away.
    drawing.paste({"type": "Polygon", "coordinates": [box_around(lat, lon, 0.001)]})
    expect(words).to_have_count(0)
    drawing.save()
    drawing.expect_saved()


def test_a_fence_far_from_its_store_says_so_on_the_map(drawing: Drawing) -> None:
    drawing.new_fence("far")
    for name, value in (("center_lat", "60.3"), ("center_lon", "24.95"), ("radius_m", "200")):
        drawing.field(name).fill(value)
    drawing.save()
    expect(drawing.page.locator(".map-fault-words")).to_contain_text("km from the store")
    expect(drawing.page.locator(".map-fault")).to_be_visible()


def test_text_that_is_no_geojson_yet_is_said_and_breaks_nothing(drawing: Drawing) -> None:
    drawing.new_fence("typing")
    drawing.field("kind").select_option("polygon")
    for text in ("{", '{"type": "Point"}', "[1, 2]", '{"type":"Polygon","coordinates":[[[1,2]]]}', "null", "x" * 2000):
        drawing.field("geometry").fill(text)
        expect(drawing.says).to_contain_text("no GeoJSON of a polygon yet")
    assert drawing.page.locator(".leaflet-editing-icon").count() == 0


def test_the_other_fences_and_the_store_are_seen_as_text(drawing: Drawing) -> None:
    drawing.page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    drawing.new_fence(HOSTILE)
    drawing.field("radius_m").fill("90")
    drawing.save()
    drawing.expect_saved()
    drawing.new_fence("beside it")
    expect(drawing.page.locator(".map-name").filter(has_text="<img src=x onerror=")).to_be_visible()
    expect(drawing.page.locator("path.map-other")).not_to_have_count(0)
    assert drawing.page.locator(".map img").count() == 0


def test_a_radius_is_enough_for_a_circle_around_the_store_and_arrows_move_it(drawing: Drawing) -> None:
    drawing.new_fence("by keys")
    drawing.field("radius_m").fill("75")
    assert drawing.circle() == [*SQUARE, 75]
    handle = drawing.page.locator(".leaflet-edit-move")
    handle.focus()
    drawing.page.keyboard.press("ArrowUp")
    expect(drawing.field("center_lat")).not_to_have_value(str(SQUARE[0]))
    expect(handle).to_be_focused()
    drawing.page.keyboard.press("ArrowUp")
    assert drawing.circle()[0] > SQUARE[0]
    drawing.page.locator(".leaflet-edit-resize").focus()
    drawing.page.keyboard.press("Shift+ArrowRight")
    expect(drawing.field("radius_m")).not_to_have_value("75")


def test_a_radius_typed_before_the_store_is_known_waits_for_it(drawing: Drawing) -> None:
    held: list[Route] = []
    drawing.page.goto("/admin/merchants/geofence/add/")
    drawing.page.route("**/geofence/around/**", lambda route: held.append(route))  # Playwright marks what it is given
    drawing.field("store").select_option(label=drawing.bakery["square"])
    drawing.field("radius_m").fill("75")
    expect(drawing.says).to_contain_text("needs a latitude")
    held[0].continue_()
    expect(drawing.says).to_contain_text("A circle of 75 m")
    assert drawing.circle() == [*SQUARE, 75]


def test_the_map_of_a_store_picks_its_place(drawing: Drawing) -> None:
    page = drawing.page
    page.goto("/admin/merchants/store/add/")
    expect(page.locator(".map-name").filter(has_text=drawing.bakery["harbour"])).to_be_visible()
    drawing.press((0.5, 0.5))
    lat, lon = (float(drawing.field(name).input_value()) for name in ("lat", "lon"))
    assert abs(lat - 60.168) < 0.01
    assert abs(lon - 24.953) < 0.02
    drawing.drag_handle(page.locator(".map-drag"), 50, 0)
    expect(drawing.field("lon")).not_to_have_value(str(lon))
    drawing.field("lat").fill("60.18")
    drawing.field("lon").fill("24.96")
    judge(page, "map-store", LOOKS[0])
    drawing.field("name").fill("New kiosk")
    drawing.field("address").fill("Hakaniemi")
    drawing.field("time_zone").fill("Europe/Helsinki")
    drawing.save()
    drawing.expect_saved()
    assert float(drawing.field("lat").input_value()) == 60.18


def test_an_operator_draws_a_zone_and_a_merchant_never_sees_it(browsing: Browsing) -> None:
    drawing = Drawing(browsing)
    drawing.sign_in_as_operator()
    drawing.page.goto("/admin/merchants/exclusionzone/add/")
    drawing.field("name").fill("the clinic")
    drawing.field("rule").fill("A place of health.")
    for name, value in (("center_lat", "60.176"), ("center_lon", "24.95"), ("radius_m", "60")):
        drawing.field(name).fill(value)
    drawing.save()
    drawing.expect_saved()
    drawing.page.goto("/admin/merchants/geofence/add/")
    with drawing.page.expect_response("**/geofence/around/**") as seen:
        drawing.field("store").select_option(label=drawing.bakery["square"])
    assert "the clinic" in seen.value.text()
    merchant = Drawing(browsing)
    merchant.sign_in()
    merchant.page.goto("/admin/merchants/geofence/add/")
    with merchant.page.expect_response("**/geofence/around/**") as seen:
        merchant.field("store").select_option(label=merchant.bakery["square"])
    assert seen.value.json()["zones"] == []
