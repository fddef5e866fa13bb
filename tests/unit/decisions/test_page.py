"""The page about decisions has every reason and what becomes of every message, in the words of the code."""

import re

from geooffers.decisions import eligibility
from geooffers.decisions.choosing import Outcome
from geooffers.decisions.models import MessageOutcome
from tests.conftest import ROOT
from tests.unit.coupons.test_pages import rows_of

PAGE = (ROOT / "docs" / "decision-reasons.md").read_text()


def test_every_reason_of_a_decision_stands_in_the_page_and_no_other() -> None:
    rows = rows_of("decision-reasons.md")
    assert [reason for _, reason, *_ in rows] == sorted(
        eligibility.Reason, key=[reason for _, reason, *_ in rows].index
    )
    assert {outcome for outcome, *_ in rows} <= set(Outcome)


def test_reasons_are_written_in_the_order_in_which_they_are_looked_at() -> None:
    refused = [reason for outcome, reason, *_ in rows_of("decision-reasons.md") if outcome == "refused"]
    source = (ROOT / "geooffers" / "decisions" / "eligibility.py").read_text().partition("def judge")[2]
    looked_at = re.findall(r"Reason\.(\w+)", source)
    assert [reason.upper() for reason in refused] == looked_at


def test_what_becomes_of_a_message_stands_in_the_page() -> None:
    told = re.findall(r"^\| `(\w+)` \|", PAGE.partition("## The message")[2], re.MULTILINE)
    assert told == list(MessageOutcome)
