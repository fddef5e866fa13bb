from decimal import Decimal

import pytest

from notifications.passes import words


@pytest.mark.parametrize(
    ("kind", "value", "currency", "english", "finnish"),
    [
        ("percent", "20.00", "", "20% off", "20\u00a0% alennus"),
        ("percent", "12.50", "", "12.5% off", "12,5\u00a0% alennus"),
        ("amount", "5.00", "EUR", "5 EUR off", "5\u00a0EUR alennus"),
        ("amount", "2.50", "EUR", "2.50 EUR off", "2,50\u00a0EUR alennus"),
        ("amount", "500.00", "JPY", "500 JPY off", "500\u00a0JPY alennus"),
        ("free_item", "0.00", "", "Free", "Ilmainen"),
    ],
)
def test_a_discount_is_said_in_words(kind, value, currency, english, finnish):
    said = words.in_languages(kind=kind, value=Decimal(value), currency=currency)
    assert words.discount(kind=kind, value=Decimal(value), currency=currency) == english
    assert said["fi"][english] == finnish


def test_every_language_has_every_word():
    said = words.in_languages(kind="percent", value=Decimal(20), currency="")
    assert {language: translations.keys() for language, translations in said.items()} == dict.fromkeys(
        said, said["en"].keys()
    )
    assert all(text for translations in said.values() for text in translations.values())
