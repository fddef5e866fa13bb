"""A column for a jurisdiction that somebody declares: checked, in capitals, empty where nobody has."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from geooffers.jurisdictions import codes


def known_jurisdiction(value: str) -> None:
    try:
        codes.checked(value)
    except codes.UnknownJurisdiction:
        raise ValidationError(
            "There is no such place in ISO 3166. Write a country or a part of one, as FI or US-WA.",
            code="unknown_jurisdiction",
        ) from None


class JurisdictionField(models.CharField):  # type: ignore[type-arg]  # generic in the stubs only
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", codes.MAX_LENGTH)
        kwargs.setdefault("help_text", "Whose law holds there, by ISO 3166-2: FI, US-WA.")
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        """In migrations a plain column: they must run whatever becomes of this module."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs

    @property
    def validators(self) -> list[Any]:
        return [*super().validators, known_jurisdiction]

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return text.strip().upper() if isinstance(text, str) else text
