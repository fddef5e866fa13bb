"""An operator closes places: an upload that is refused, mended and imported, as the browser sends it."""

import json
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from tests.browser.conftest import Browsing
from tests.browser.judging import LOOKS, judge
from tests.browser.test_admin_pages import operator
from tests.integration.merchants.test_zone_imports import feature


def write(path: Path, *features: dict[str, Any]) -> Path:
    path.write_text(json.dumps({"type": "FeatureCollection", "features": list(features)}))
    return path


def test_a_file_is_uploaded_refused_mended_and_imported(browsing: Browsing, tmp_path: Path) -> None:
    page = operator(browsing, LOOKS[0])
    page.goto("/admin/merchants/zoneimport/add/")
    page.locator("#id_source").fill("hospitals")
    page.locator("#id_place_kind").select_option("health")
    page.locator("#id_jurisdiction").fill("us-wa")
    bad = write(tmp_path / "bad.geojson", feature(1), {"type": "Feature", "geometry": None}, feature(3))
    page.locator("#id_file").set_input_files(bad)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Feature 2: there is no geometry")).to_be_visible()
    judge(page, "admin-zone-import-refused", LOOKS[0])
    page.locator("#id_file").set_input_files(write(tmp_path / "good.geojson", feature(1), feature(2)))
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("2 zones, 2 new, 0 gone.")).to_be_visible()
    judge(page, "admin-zone-imports", LOOKS[0])
    page.goto("/admin/merchants/exclusionzone/?source=hospitals")
    page.get_by_role("link", name="Hospital 1").first.click()
    expect(page.get_by_text("609.6").first).to_be_visible()
    judge(page, "admin-zone", LOOKS[0])
