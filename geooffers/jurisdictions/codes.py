"""Codes of countries and their parts: FI, US-WA."""

import re
from functools import cache
from importlib.resources import files

# The parts of a country whose rows stand in our own table are known by name: a misspelt US-WS would otherwise be a
# place like any other, without Washington's rules.
_US = (
    "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA "
    "RI SC SD TN TX UT VT VA WA WV WI WY DC AS GU MP PR UM VI"
)
US = frozenset(_US.split(" "))
_CODE = re.compile(r"(?P<country>[A-Z]{2})(-(?P<part>[A-Z0-9]{1,3}))?")
MAX_LENGTH = 6


class UnknownJurisdiction(ValueError):
    """There is no such place in ISO 3166; write it as FI or US-WA."""

    field = "jurisdiction"


def checked(code: str) -> str:
    """The code in capitals. The countries are the tz database's list of ISO 3166-1."""
    found = _CODE.fullmatch(code.strip().upper())
    if found is None or found["country"] not in countries():
        raise UnknownJurisdiction
    if found["country"] == "US" and found["part"] is not None and found["part"] not in US:
        raise UnknownJurisdiction
    return found[0]


def around(code: str) -> tuple[str, ...]:
    """The jurisdictions that hold there, the widest first: US, US-WA. None for a place that nobody declared."""
    if not code:
        return ()
    country = code.partition("-")[0]
    return (country,) if country == code else (country, code)


@cache
def countries() -> frozenset[str]:
    table = (files("tzdata") / "zoneinfo" / "iso3166.tab").read_text(encoding="utf-8")
    return frozenset(line[:2] for line in table.splitlines() if line and not line.startswith("#"))
