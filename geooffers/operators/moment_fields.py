"""A date and a time of day in the admin's forms: the browser's own fields, in the format of the user's own browser."""

from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminSplitDateTime
from unfold.widgets import DATETIME_CLASSES


class MomentWidget(AdminSplitDateTime):
    """Django's calendar is eight scripts and opens under the finger that wants to type; a phone brings its own."""

    template_name = "unfold/widgets/split_datetime.html"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        look = {"class": " ".join(DATETIME_CLASSES)}
        date = forms.DateInput(format="%Y-%m-%d", attrs={**look, "type": "date"})
        time = forms.TimeInput(format="%H:%M:%S", attrs={**look, "type": "time", "aria-label": "Time of day"})
        forms.MultiWidget.__init__(self, [date, time], attrs)

    def id_for_label(self, id_: str | None, index: str | None = None) -> str:
        """The field's label is the date's; without this a MultiWidget's label belongs to no field."""
        return f"{id_}_0" if id_ else ""

    @property
    def media(self) -> forms.Media:
        return forms.Media()
