"""The table that this process goes by: ours, tightened by the operator's file."""

from functools import cache
from pathlib import Path

from django.conf import settings

from geooffers.jurisdictions.rules import LawRow, LawTable, load


def table() -> LawTable:
    return _loaded(settings.JURISDICTIONS_FILE)


def rule(code: str) -> LawRow:
    return table().rule(code)


@cache
def _loaded(own: Path | None) -> LawTable:
    return load(*([own] if own is not None else []))
