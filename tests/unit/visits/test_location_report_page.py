"""docs/location-report.md tells phones what to do with every answer, so every answer stands in it."""

from pathlib import Path

import pytest

from geooffers.api.edge import errors
from geooffers.callers import report_rate
from geooffers.shoppers.consents import pauses
from geooffers.usecases.location import report_positions
from geooffers.visits.engine import observations, transition_events, transitions

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "location-report.md").read_text()
REFUSALS = [
    report_positions.ConsentMissing,
    pauses.Paused,
    report_positions.EmptyBatch,
    report_positions.BatchTooLarge,
    report_positions.TooManyWrites,
    report_rate.TooManyReports,
]


@pytest.mark.parametrize("word", [*observations.Status, "rejected", *observations.Ignored, *transition_events.Change])
def test_every_word_of_an_answer_is_explained(word: str) -> None:
    assert f"`{word}`" in PAGE


@pytest.mark.parametrize("refusal", REFUSALS)
def test_every_refusal_is_explained(refusal: type[Exception]) -> None:
    problem = errors.PROBLEMS[refusal]
    assert any(f"| {problem.status} |" in line and f"`{problem.code}`" in line for line in PAGE.splitlines())


def test_the_pages_numbers_are_the_codes_numbers() -> None:
    assert f"up to {report_positions.MOST_FIXES} fixes" in PAGE
    assert f"more than {report_positions.WRITES_A_MINUTE} writes" in PAGE
    assert f"more than {report_rate.A_SECOND} a second after a burst of {report_rate.BURST}" in PAGE
    assert f"the last {transitions.REMEMBERED}" in PAGE
