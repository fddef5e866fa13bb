"""Form fields for what merchants type: texts, a time zone, a weekly schedule."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import (
    UnfoldAdminColorInputWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from merchants.admin.suggesting import SuggestingInput
from merchants.models import Merchant
from merchants.offers import schedule_texts, schedules
from merchants.shops import texts, time_zones


class VisibleTextField(forms.CharField):
    """Text that others will read: control and direction characters go, and something must be left to see."""

    def __init__(self, *, lines: bool = False, **kwargs: Any) -> None:
        kwargs.setdefault("widget", UnfoldAdminTextareaWidget() if lines else UnfoldAdminTextInputWidget())
        super().__init__(**kwargs)
        self.lines = lines

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        try:
            return texts.clean_visible(text, lines=self.lines) if text else text
        except texts.NoVisibleText:
            raise ValidationError("Nothing of this text can be seen.", code="no_visible_text") from None


class TimeZoneField(forms.CharField):
    """Any name of a zone is understood and kept by its place; the list offers the places."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.pop("max_length", None)
        super().__init__(widget=SuggestingInput(suggestions=time_zones.places()), **kwargs)

    def to_python(self, value: Any) -> Any:
        name = super().to_python(value)
        if not name:
            return name
        try:
            return time_zones.canonical(name)
        except time_zones.UnknownTimezone:
            raise ValidationError(
                "There is no such time zone. Choose a place, like Europe/Helsinki.", code="unknown_timezone"
            ) from None


class ColourField(forms.CharField):
    """A box of colour to click; the model's validator says what is wrong with anything else that is sent."""

    def __init__(self, **kwargs: Any) -> None:
        validators = Merchant._meta.get_field("colour").validators
        super().__init__(widget=UnfoldAdminColorInputWidget(), validators=validators, **kwargs)

    def to_python(self, value: Any) -> Any:
        return (super().to_python(value) or "").lower()


class ScheduleField(forms.CharField):
    """A weekly schedule in words; its value is what is stored."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", UnfoldAdminTextareaWidget(attrs={"rows": 4}))
        kwargs.setdefault("required", False)
        super().__init__(max_length=4000, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        # What was typed comes back as typed, what is stored in words.
        return value if isinstance(value, str) else schedule_texts.to_text(value or [])

    def to_python(self, value: Any) -> Any:
        return super().to_python(value) or ""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        try:
            return schedule_texts.to_stored(text)
        except schedules.BadSchedule as bad:
            raise ValidationError(str(bad).capitalize(), code="bad_schedule") from None

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return schedule_texts.to_stored(data or "") != (initial or [])
        except schedules.BadSchedule:
            return True
