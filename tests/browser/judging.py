"""What can be said of any page: axe's rules, nothing to scroll sideways, and a picture for whoever wants to look."""

import os
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

LOOKS = [
    {"width": 1440, "height": 900, "scheme": "light"},
    {"width": 1440, "height": 900, "scheme": "dark"},
    {"width": 390, "height": 844, "scheme": "light", "has_touch": True, "is_mobile": True},
    {"width": 390, "height": 844, "scheme": "dark", "has_touch": True, "is_mobile": True},
]


def name_of(look: dict[str, object]) -> str:
    return f"{look['width']}-{look['scheme']}"


# The admin's theme puts its pages into no landmarks, or two of one name; all else of axe holds for it too.
THEMES_OWN = ("landmark-one-main", "landmark-unique", "region")


def judge(page: Page, state: str, look: dict[str, object], *, leave_out: tuple[str, ...] = ()) -> None:
    """`SCREENSHOTS=folder pytest tests/browser` keeps a picture of every state."""
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"{state}-{name_of(look)}.png")
    found = [one for one in Axe().run(page).response["violations"] if one["id"] not in leave_out]
    assert [f"{one['id']}: {one['help']} {[node['html'] for node in one['nodes']]}" for one in found] == []
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
