"""A folder of the code is a room, and CONTRIBUTING.md or docs/architecture.md says what each of them holds."""

import pytest

from tests.conftest import ROOT

PAGES = ("CONTRIBUTING.md", "docs/architecture.md")
# Django says what these are for.
DJANGOS = {"management", "migrations", "static", "templates", "templatetags"}


def rooms(package: str) -> set[str]:
    folders = {path.name for path in (ROOT / package).iterdir() if path.is_dir() and any(path.rglob("*.py"))}
    return {f"{package}/{name}/" for name in folders - DJANGOS - {"__pycache__"}}


@pytest.mark.parametrize("package", ["geooffers", "merchants", "notifications"])
def test_every_room_is_named(package: str) -> None:
    told = "".join((ROOT / page).read_text() for page in PAGES)
    assert rooms(package)
    assert {room for room in rooms(package) if f"`{room}`" not in told} == set()
