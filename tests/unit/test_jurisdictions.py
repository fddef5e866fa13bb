"""The table of what law asks for: it tightens, it never loosens, and what is wrong with it is said."""

from itertools import product
from pathlib import Path

import pytest

from geooffers.jurisdictions import codes, rules
from geooffers.jurisdictions.rules import BadTable, LawTable, PlaceKind

HEALTH = PlaceKind.HEALTH


@pytest.fixture
def own(tmp_path: Path):
    def write(text: str) -> LawTable:
        path = tmp_path / "own.toml"
        path.write_text(text)
        return rules.load(path)

    return write


def test_the_shipped_table_holds_the_buffers_of_the_laws_it_names() -> None:
    shipped = rules.load()
    feet = {"US-WA": 2000, "US-NY": 1850, "US-NV": 1750, "US-CT": 1750}
    for code in ("US-WA", "US-NY", "US-NV", "US-CT"):
        assert shipped.rule(code).buffer_m(HEALTH) == pytest.approx(feet[code] * 0.3048)
        assert "health care" in shipped.because(code, kind=HEALTH)
    assert [code for code in feet if not shipped.rule(code).health_push] == ["US-WA", "US-NV"]
    for code in ("", "FI", "US", "US-TX"):
        assert shipped.rule(code).buffer_m(HEALTH) == 0
        assert shipped.because(code, kind=HEALTH) == ""
        assert shipped.rule(code).health_push


@pytest.mark.parametrize("code", ["", "FI", "US", "US-WA", "US-NY", "US-MD", "US-TX"])
def test_no_row_is_looser_than_what_holds_everywhere(code: str) -> None:
    table = rules.load()
    for youngest in (None, 0, 13, 16, 18, 40):
        if not table.everywhere.allows_location(youngest=youngest):
            assert not table.rule(code).allows_location(youngest=youngest)
        if not table.everywhere.allows_profile(youngest=youngest):
            assert not table.rule(code).allows_profile(youngest=youngest)


def test_an_operators_file_tightens_a_country_its_part_and_everywhere(own) -> None:
    table = own(
        """
        [everywhere]
        profile_from_age = 18
        [US]
        location_from_age = 17
        [US-WA]
        because = "House rule"
        zone_buffer_m = { health = 700, school = 100 }
        [FI]
        unknown_age_is_located = false
        """
    )
    assert table.rule("FI").profile_from_age == table.rule("US-WA").profile_from_age == 18
    assert table.rule("US-WA").location_from_age == table.rule("US-TX").location_from_age == 17
    assert table.rule("US-MD").location_from_age == 18, "the shipped row is stricter still"
    assert table.rule("US-WA").buffer_m(HEALTH) == 700
    assert table.rule("US-WA").buffer_m(PlaceKind.SCHOOL) == 100
    assert not table.rule("US-WA").health_push, "what the shipped row says is not forgotten"
    assert "House rule" in table.because("US-WA", kind=HEALTH)
    assert not table.rule("FI").allows_location(youngest=None)
    assert table.rule("FI").allows_location(youngest=16)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[US-WA]\nzone_buffer_m = { health = 600 }", r"\[US-WA\]: zone_buffer_m.health = 600 is looser than 609.6"),
        ("[US-MD]\nlocation_from_age = 16", "location_from_age = 16 is looser than 18"),
        ("[FI]\nlocation_from_age = 13", "location_from_age = 13 is looser than 16"),
        ("[everywhere]\nlocation_from_age = 13", "looser than 16"),
        ("[US-WA]\nhealth_push = true", "health_push = true is looser than false"),
        ("[FI]\nunknown_age_is_profiled = true", "looser than false"),
        (
            "[US]\nlocation_from_age = 18\n[US-OR]\nlocation_from_age = 17",
            r"\[US-OR\]: location_from_age = 17 is looser",
        ),
        ("[Finland]\nlocation_from_age = 18", "no such place in ISO 3166"),
        ("[US-WS]\nlocation_from_age = 18", "no such place in ISO 3166"),
        ("[fi]\nlocation_from_age = 18", "no such place in ISO 3166"),
        ("[FI]\nminimum_age = 18", "there is no setting minimum_age"),
        ("[FI]\nzone_buffer_m = { casino = 5 }", "there is no setting casino"),
        ("[FI]\nlocation_from_age = '18'", "an age in whole years"),
        ("[FI]\nlocation_from_age = true", "an age in whole years"),
        ("[FI]\nlocation_from_age = 400", "an age in whole years"),
        ("[FI]\nhealth_push = 0", "is true or false"),
        ("[FI]\nzone_buffer_m = { health = nan }", "between 0 and 5,000"),
        ("[FI]\nzone_buffer_m = 600", "a table of metres"),
        ("[FI]\nbecause = 7", "because is a text"),
        ("FI = 7", "a row is a table"),
        ("[FI", "own.toml: "),
    ],
)
def test_a_table_that_would_loosen_or_cannot_be_read_is_refused_in_words(own, text: str, says: str) -> None:
    with pytest.raises(BadTable, match=says):
        own(text)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadTable, match=r"none\.toml"):
        rules.load(tmp_path / "none.toml")


def test_the_stricter_of_two_rules_is_at_least_as_strict_as_either() -> None:
    table = rules.load()
    some = [table.rule(code) for code in ("", "US-WA", "US-MD")]
    for one, other in product(some, some):
        both = one.stricter(other)
        assert both.location_from_age >= max(one.location_from_age, other.location_from_age)
        assert both.buffer_m(HEALTH) >= max(one.buffer_m(HEALTH), other.buffer_m(HEALTH))
        assert both.health_push == (one.health_push and other.health_push)
        assert both.stricter(one) == both.stricter(other).stricter(one)


@pytest.mark.parametrize(("told", "code"), [("fi", "FI"), (" US-wa ", "US-WA"), ("DE-BY", "DE-BY"), ("FR-75", "FR-75")])
def test_a_code_is_written_in_capitals(told: str, code: str) -> None:
    assert codes.checked(told) == code


@pytest.mark.parametrize("told", ["", "X", "ZZ", "USA", "US-", "US-ZZ", "US_WA", "US-WAXY", "EU", "Ⅻ", "60.1,24.9"])
def test_what_is_no_place_is_refused(told: str) -> None:
    with pytest.raises(codes.UnknownJurisdiction):
        codes.checked(told)
