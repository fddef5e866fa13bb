"""The words of reasons are those of the page."""

import pytest

from geooffers.decisions.eligibility import Reason
from geooffers.decisions.reason_words import WORDS
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "decision-reasons.md").read_text()


@pytest.mark.parametrize("reason", Reason)
def test_each_reason_has_the_words_of_the_page(reason: Reason) -> None:
    assert f"| `{reason}` | {WORDS[reason]} |" in PAGE
