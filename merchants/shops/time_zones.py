"""The time zones that a store may stand in: the places of the tz database, and what other names for them mean."""

from functools import cache
from importlib.resources import files
from zoneinfo import available_timezones

_NOT_PLACES = {"Factory", "localtime", "posixrules", "posix", "right"}


class UnknownTimezone(Exception):
    """No such zone in the tz database."""


# Links in the tz database since 2024b; copies that keep old records have them as zones of their own still.
_OLD_NAMES = {
    "EST5EDT": "America/New_York",
    "CST6CDT": "America/Chicago",
    "MST7MDT": "America/Denver",
    "PST8PDT": "America/Los_Angeles",
}


@cache
def places() -> tuple[str, ...]:
    """The names that stand for a place in a country: Europe/Amsterdam is one though it shares Brussels' clock."""
    table = (files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8")
    return tuple(sorted(line.split("\t")[2] for line in table.splitlines() if line and not line.startswith("#")))


@cache
def _links() -> dict[str, str]:
    """Other name -> the name it stands for."""
    source = (files("tzdata") / "zoneinfo" / "tzdata.zi").read_text(encoding="utf-8")
    links = (line.split() for line in source.splitlines() if line.startswith("L "))
    return {other: name for _, name, other in links} | _OLD_NAMES


@cache
def _spellings() -> dict[str, str]:
    return {name.casefold(): name for name in available_timezones() - _NOT_PLACES}


def canonical(name: str) -> str:
    """`EST5EDT` is America/New_York, `europe/helsinki` is Europe/Helsinki, `Mars/Base` is refused."""
    found = _spellings().get(name.strip().replace(" ", "_").casefold())
    if found is None:
        raise UnknownTimezone(name)
    while found not in places() and found in _links():
        found = _links()[found]
    return found
