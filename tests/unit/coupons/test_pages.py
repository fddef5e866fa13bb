"""The page about redemptions says what the code does, word for word."""

import re

from geooffers.api.edge import errors, idempotency
from geooffers.api.till import redemptions
from geooffers.redemptions import redeeming
from tests.conftest import ROOT

ROW = re.compile(r"^\| (\w+) \| `(\w+)` \| (.+?) \| ?(.*?) ?\|$", re.MULTILINE)


def rows_of(page: str) -> list[tuple[str, ...]]:
    return ROW.findall((ROOT / "docs" / page).read_text())


def test_every_refusal_at_the_till_stands_in_the_page_with_its_words() -> None:
    refusals = [
        *redemptions.SCAN_REFUSALS,
        redeeming.NonceReused,
        idempotency.KeyRequired,
        idempotency.KeyInvalid,
    ]
    answered = []
    for refusal in refusals:
        problem = errors.PROBLEMS[refusal]
        answered.append((str(problem.status), problem.code, errors.sentence_of(refusal), problem.hint))
    assert rows_of("redemption.md") == answered


def test_every_refusal_of_a_coupon_is_one_the_till_knows() -> None:
    assert set(redeeming.Refused.__subclasses__()) <= set(redemptions.SCAN_REFUSALS)
    assert {errors.PROBLEMS[refusal].code for refusal in redeeming.Refused.__subclasses__()} == {
        refusal.code for refusal in redeeming.Refused.__subclasses__()
    }
