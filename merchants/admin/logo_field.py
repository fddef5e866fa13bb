"""The form field of a merchant's logo: upload, see it on the merchant's colour, remove."""

import inspect
from dataclasses import dataclass
from typing import Any, Literal

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from unfold.widgets import UnfoldAdminImageFieldWidget

from merchants.shops import image_files
from merchants.shops.image_child import ImageRefused


@dataclass(frozen=True, kw_only=True)
class ShownLogo:
    """The logo as it is now; `url` is what Django's file inputs look for."""

    url: str
    colour: str


class LogoInput(UnfoldAdminImageFieldWidget):  # type: ignore[misc]  # unfold ships no types
    template_name = "merchants/logo_input.html"
    clear_checkbox_label = "Remove"


class LogoField(forms.FileField):
    """Its value: a clean PNG, False to remove the logo, None to leave it as it is."""

    def __init__(self) -> None:
        super().__init__(
            required=False,
            # Phones turn their own formats into one of these when they are named.
            widget=LogoInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
            help_text="PNG, JPEG or WebP, at most 2 MB. Best is a square PNG with nothing behind it.",
        )

    def clean(self, data: Any, initial: Any = None) -> bytes | Literal[False] | None:
        given = super().clean(data, initial)
        if given is False:
            return False
        if not isinstance(given, UploadedFile):
            return None
        try:
            # One byte more than allowed is enough to see that it is too much.
            return image_files.logo_of(given.read(image_files.MAX_BYTES + 1))
        except ImageRefused as refused:
            raise ValidationError(inspect.getdoc(refused) or "", code=refused.code) from None
