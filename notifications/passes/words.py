"""Our own words on a pass, in the languages we know. What the merchant wrote stays in the merchant's language.

English is also the key: a wallet that finds no translation shows the key itself.
"""

from collections.abc import Mapping
from decimal import Decimal

VALID_UNTIL = "Valid until"
OFFER = "Offer"
TERMS = "Terms"
WHERE = "Where"
CODE = "Code"

_LABELS: Mapping[str, tuple[str, ...]] = {
    "en": (VALID_UNTIL, OFFER, TERMS, WHERE, CODE),
    "de": ("Gültig bis", "Angebot", "Bedingungen", "Wo", "Code"),
    "es": ("Válido hasta", "Oferta", "Condiciones", "Dónde", "Código"),
    "fi": ("Voimassa", "Etu", "Ehdot", "Missä", "Koodi"),
    "fr": ("Valable jusqu’au", "Offre", "Conditions", "Où", "Code"),
    "sv": ("Giltig till", "Erbjudande", "Villkor", "Var", "Kod"),
}
_OFF: Mapping[str, str] = {
    "en": "{what} off",
    "de": "{what} Rabatt",
    "es": "{what} de descuento",
    "fi": "{what} alennus",
    "fr": "{what} de remise",
    "sv": "{what} rabatt",
}
_FREE: Mapping[str, str] = {
    "en": "Free",
    "de": "Gratis",
    "es": "Gratis",
    "fi": "Ilmainen",
    "fr": "Offert",
    "sv": "Gratis",
}


def discount(*, kind: str, value: Decimal, currency: str, language: str = "en") -> str:
    """`20% off`, `2.50 EUR off`, `Free`: the kinds are those of an offer."""
    if kind == "free_item":
        return _FREE[language]
    number = f"{value:.2f}".removesuffix(".00")
    if kind == "percent" and "." in number:
        number = number.rstrip("0")
    if language == "en":
        what = f"{number}%" if kind == "percent" else f"{number} {currency}"
    else:
        what = f"{number.replace('.', ',')}\u00a0{'%' if kind == 'percent' else currency}"
    return _OFF[language].format(what=what)


def in_languages(*, kind: str, value: Decimal, currency: str) -> dict[str, dict[str, str]]:
    """For each language the translations of the labels and of this discount."""
    english = discount(kind=kind, value=value, currency=currency)
    return {
        language: {
            **dict(zip(_LABELS["en"], labels, strict=True)),
            english: discount(kind=kind, value=value, currency=currency, language=language),
        }
        for language, labels in _LABELS.items()
    }
