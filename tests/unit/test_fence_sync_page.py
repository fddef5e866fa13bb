"""docs/fence-sync.md is the contract with the phone: it has every word of the answer, and every setting."""

import re
from pathlib import Path

import pytest

from geooffers.api.location.positions import ReportOut
from geooffers.api.location.regions import MovementTriggerOut, RegionOut, RegionsIn, RegionsOut

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "fence-sync.md").read_text()
SETTINGS_PAGE = (ROOT / "docs" / "settings.md").read_text()
BOUNDED = re.findall(
    r'bounded\("(GEOOFFERS_PHONE_\w+)", default=([\d_]+), least=([\d_]+), most=([\d_]+)\)',
    (ROOT / "geooffers" / "settings.py").read_text(),
)


@pytest.mark.parametrize("schema", [RegionsIn, RegionsOut, RegionOut, MovementTriggerOut])
def test_every_member_is_shown(schema: type) -> None:
    for name in schema.model_fields:
        assert f'"{name}"' in PAGE, name


def test_what_a_report_says_of_the_next_is_explained() -> None:
    for name in ("move_m", "after_s"):
        assert name in ReportOut.model_fields
        assert f"`{name}` of a report's answer" in PAGE


@pytest.mark.parametrize(("name", "default", "least", "most"), BOUNDED)
def test_every_setting_is_told_with_its_default_and_limits(name: str, default: str, least: str, most: str) -> None:
    assert f"`{name}`" in PAGE
    told = f"| {int(default):,} | {int(least):,} to {int(most):,} |"
    assert any(line.startswith(f"| `{name}` |") and line.endswith(told) for line in SETTINGS_PAGE.splitlines()), told


def test_there_are_such_settings() -> None:
    assert len(BOUNDED) == 11
