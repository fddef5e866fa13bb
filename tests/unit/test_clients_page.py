"""docs/clients.md tells how to set up each app and what the answers mean: every address and every word stand in it."""

from pathlib import Path

import pytest

from geooffers.api.app import api
from geooffers.api.location.gps_clients.parsing import fixes
from geooffers.usecases.location import report_positions
from geooffers.visits.engine import observations

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "clients.md").read_text()


@pytest.mark.parametrize("word", [*fixes.DropReason, *observations.Status, *observations.Ignored])
def test_every_word_of_a_count_is_explained(word: str) -> None:
    assert word == observations.Status.IGNORED or f"`{word}`" in PAGE


def test_every_adapter_has_its_line() -> None:
    paths = {path.removeprefix("/api/v1") for path in api.get_openapi_schema()["paths"] if "/ingest/" in path}
    assert len(paths) == 7
    for path in paths:
        assert f"{path}`" in PAGE, path


def test_the_pages_numbers_are_the_codes_numbers() -> None:
    assert f"taken as {fixes.UNKNOWN_ACCURACY_M:.0f} m" in PAGE
    assert f"above {fixes.FASTEST_MPS:.0f} m/s" in PAGE
    assert f"{report_positions.MOST_FIXES} positions in a report" in PAGE
