"""The pages about redemptions and decisions say what the code does, word for word where somebody may rely on it."""

import re

from geooffers.api import idempotency
from geooffers.api.edge import errors
from geooffers.api.till import redemptions
from geooffers.coupons import eligibility, redemption
from geooffers.coupons.models import Outcome
from tests.conftest import ROOT

ROW = re.compile(r"^\| (\w+) \| `(\w+)` \| (.+?) \| ?(.*?) ?\|$", re.MULTILINE)


def rows_of(page: str) -> list[tuple[str, ...]]:
    return ROW.findall((ROOT / "docs" / page).read_text())


def test_every_refusal_at_the_till_stands_in_the_page_with_its_words() -> None:
    refusals = [
        *redemptions.SCAN_REFUSALS,
        redemption.KeyReused,
        idempotency.KeyRequired,
        idempotency.KeyInvalid,
    ]
    answered = []
    for refusal in refusals:
        problem = errors.PROBLEMS[refusal]
        answered.append((str(problem.status), problem.code, errors.sentence_of(refusal), problem.hint))
    assert rows_of("redemption.md") == answered


def test_every_refusal_of_a_coupon_is_one_the_till_knows() -> None:
    assert set(redemption.Refused.__subclasses__()) <= set(redemptions.SCAN_REFUSALS)
    assert {errors.PROBLEMS[refusal].code for refusal in redemption.Refused.__subclasses__()} == {
        refusal.code for refusal in redemption.Refused.__subclasses__()
    }


def test_every_reason_of_a_decision_stands_in_the_page_and_no_other() -> None:
    rows = rows_of("decision-reasons.md")
    assert [reason for _, reason, *_ in rows] == sorted(
        eligibility.Reason, key=[reason for _, reason, *_ in rows].index
    )
    assert {outcome for outcome, *_ in rows} <= set(Outcome.values)


def test_reasons_are_written_in_the_order_in_which_they_are_looked_at() -> None:
    refused = [reason for outcome, reason, *_ in rows_of("decision-reasons.md") if outcome == "refused"]
    source = (ROOT / "geooffers" / "coupons" / "eligibility.py").read_text().partition("def judge")[2]
    looked_at = re.findall(r"Reason\.(\w+)", source)
    assert [reason.upper() for reason in refused] == looked_at
