"""Records are cited by their number, so each has its own, and its heading says it."""

import re
from pathlib import Path

from tests.conftest import ROOT

RECORDS = sorted((ROOT / "docs" / "decisions").glob("*.md"))


def number(record: Path) -> int:
    return int(record.name[:4])


def test_the_numbers_follow_each_other() -> None:
    assert [number(record) for record in RECORDS] == list(range(1, len(RECORDS) + 1))


def test_the_heading_of_a_record_says_its_number() -> None:
    headings = {record.name: record.read_text().partition("\n")[0] for record in RECORDS}
    assert [name for name, heading in headings.items() if not re.match(rf"# {int(name[:4])}\. ", heading)] == []
