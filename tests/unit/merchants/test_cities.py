"""A city is found however it is spelt, and another city is not."""

import pytest

from merchants.shops import cities


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Helsinki", "HELSINKI"),
        ("Helsinki", "  helsinki "),
        ("Malmö", "malmo"),
        ("Malmö", "Malmo\u0308"),  # the mark by itself
        ("Saint-Denis", "saint  denis"),
        ("L’Aquila", "L'Aquila"),
        ("Tromsø", "Tromso"),
        ("Łódź", "lodz"),
        ("Weißenburg", "WEISSENBURG"),
        ("İstanbul", "istanbul"),
        ("Αθήνα", "αθηνα"),
        ("Ｔｏｋｙｏ", "tokyo"),
        ("Springfield, Illinois", "springfield illinois"),
    ],
)
def test_spellings_of_one_city(one: str, other: str) -> None:
    assert cities.key_of(one) == cities.key_of(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [("Vaasa", "Vasa"), ("かき", "がき"), ("कोटा", "कटा"), ("Springfield", "Springfield, Ohio"), ("Paris", "Pärnu")],
)
def test_other_cities(one: str, other: str) -> None:
    assert cities.key_of(one) != cities.key_of(other)


@pytest.mark.parametrize("name", ["", " ", "!!!", "123", "\u0301", "-"])
def test_what_has_no_letter_is_no_city(name: str) -> None:
    assert cities.key_of(name) == ""


def test_a_store_has_a_city_or_none() -> None:
    assert cities.checked_key("") == ""
    assert cities.checked_key("Malmö") == "malmo"
    for name in ("!!!", "ﷺ" * 100):  # which is eighteen letters in one
        with pytest.raises(cities.NotACity):
            cities.checked_key(name)
