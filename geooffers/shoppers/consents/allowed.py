"""What a shopper may agree to at all, given what is known of their age and where they say that they live.

Asked wherever a consent is acted on, and not only when it is given: a table of rules that was tightened holds for
everybody from the next start on. docs/consent.md has the whole as a table; a test walks it.
"""

from functools import lru_cache

from django.db.models import Q

from geooffers.jurisdictions import configured
from geooffers.jurisdictions.rules import LawRow, LawTable
from geooffers.shoppers.models import LOCATION_PURPOSES, YOUNGEST, Age, Purpose, Shopper


class NotAllowed(Exception):
    """At this age, or where the shopper lives, this may not be agreed to."""


def purposes(*, shopper: Shopper) -> frozenset[Purpose]:
    return purposes_at(age=shopper.age, jurisdiction=shopper.jurisdiction)


def purposes_at(*, age: str, jurisdiction: str) -> frozenset[Purpose]:
    """Of a row of Shopper that no model was made of: every call of a phone asks this."""
    return _purposes_at(configured.table(), age, jurisdiction)


def may_be_profiled(*, shopper: Shopper) -> bool:
    """Whether what they had before may have a say in what they are offered. How often they had it is counted always."""
    return configured.rule(shopper.jurisdiction).allows_profile(youngest=YOUNGEST.get(Age(shopper.age)))


def barred_from(purpose: Purpose) -> Q:
    """The same question of rows of Shopper."""
    table = configured.table()
    barred = Q(age__in=_ages_barred_from(purpose, table.everywhere))
    for code in table.rows:
        there = Q(jurisdiction=code) | Q(jurisdiction__startswith=f"{code}-")
        barred |= there & Q(age__in=_ages_barred_from(purpose, table.rule(code)))
    return barred


@lru_cache(maxsize=4096)
def _purposes_at(table: LawTable, age: str, jurisdiction: str) -> frozenset[Purpose]:
    return _of(table.rule(jurisdiction), Age(age))


def _ages_barred_from(purpose: Purpose, rule: LawRow) -> list[Age]:
    return [age for age in Age if purpose not in _of(rule, age)]


def _of(rule: LawRow, age: Age) -> frozenset[Purpose]:
    youngest = YOUNGEST.get(age)
    allowed: set[Purpose] = set()
    if rule.allows_location(youngest=youngest):
        # Every push about an offer comes of where somebody was.
        allowed |= {*LOCATION_PURPOSES, Purpose.MARKETING_PUSH}
    if youngest is None or rule.allows_profile(youngest=youngest):
        # Figures are of twenty people and more: who is of unknown age may agree to be one of them.
        allowed.add(Purpose.ANALYTICS)
    return frozenset(allowed)
