"""What can be said of any page: axe's rules, nothing to scroll sideways, and a picture for whoever wants to look."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

Look = dict[str, Any]
LOOKS: list[Look] = [
    {"width": 1440, "height": 900, "scheme": "light"},
    {"width": 1440, "height": 900, "scheme": "dark"},
    {"width": 390, "height": 844, "scheme": "light", "has_touch": True, "is_mobile": True},
    {"width": 390, "height": 844, "scheme": "dark", "has_touch": True, "is_mobile": True},
]


# Nothing has moved for two frames: what fades in begins a frame after the press that opens it.
SETTLED = """async () => {
  for (let still = 0; still < 2; still += 1) {
    await new Promise(requestAnimationFrame);
    const moving = document.getAnimations().filter((one) => one.effect.getComputedTiming().endTime !== Infinity);
    if (moving.some((one) => one.playState === "running")) still = -1;
    await Promise.all(moving.map((one) => one.finished.catch(() => null)));
  }
}"""


def name_of(look: dict[str, object]) -> str:
    return f"{look['width']}-{look['scheme']}"


def judge(page: Page, state: str, look: Look) -> None:
    """`SCREENSHOTS=folder pytest tests/browser` keeps a picture of every state."""
    page.evaluate(SETTLED)  # a menu that is fading in is paler than it will be
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"{state}-{name_of(look)}.png")
    found = Axe().run(page).response["violations"]
    assert not found, "\n".join(f"{state}: {one['id']}: {node['html']}" for one in found for node in one["nodes"])
    # Not innerWidth: on a phone that grows with a page that is too wide.
    assert page.evaluate("document.documentElement.scrollWidth") <= look["width"], f"{state} is too wide"


def judge_in_every_look(page: Page, state: str, *, of: Sequence[Look] = LOOKS, load_anew: bool = False) -> None:
    """One page, turned into each: quicker than to come there anew. `load_anew`: it takes its colours at its load."""
    for look in of:
        page.set_viewport_size({"width": look["width"], "height": look["height"]})
        page.emulate_media(color_scheme=look["scheme"])
        if load_anew:
            page.reload()
        judge(page, state, look)
