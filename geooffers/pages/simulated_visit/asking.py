"""The form: which fence, what the shopper does, and when."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from unfold.widgets import DATETIME_CLASSES, UnfoldAdminRadioSelectWidget, UnfoldAdminSelectWidget

from geooffers.visits.simulated_walks import Manner
from merchants.models import FenceState, Geofence, User
from merchants.people import access

MANNERS = [
    (Manner.ON_FOOT.value, "walks in, looks around and leaves"),
    (Manner.STAYS.value, "walks in and stays"),
    (Manner.DRIVES_BY.value, "drives by"),
]
EARLIEST, LATEST = timedelta(days=31), timedelta(days=366)
LOCAL = "%Y-%m-%dT%H:%M"


class FenceField(forms.ModelChoiceField):  # type: ignore[type-arg]  # not subscriptable when the program runs
    def label_from_instance(self, fence: Any) -> str:
        return f"{fence.store.name}: {fence.name}"


class SimulationForm(forms.Form):
    fence = FenceField(queryset=Geofence.objects.none(), widget=UnfoldAdminSelectWidget(), empty_label=None)
    manner = forms.ChoiceField(
        label="The shopper", choices=MANNERS, initial=Manner.ON_FOOT, widget=UnfoldAdminRadioSelectWidget()
    )
    at = forms.DateTimeField(
        label="When",
        required=False,
        input_formats=[LOCAL, f"{LOCAL}:%S"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "class": " ".join(DATETIME_CLASSES)}, format=LOCAL),
        help_text="On the store's own clock. Left empty: now.",
    )

    def __init__(self, *args: Any, user: User, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._now = now
        field = self.fields["fence"]
        assert isinstance(field, FenceField)  # noqa: S101  # for the type checker
        field.queryset = live_fences_of(user)

    @property
    def has_fences(self) -> bool:
        field = self.fields["fence"]
        return isinstance(field, FenceField) and field.queryset is not None and field.queryset.exists()

    def clean(self) -> dict[str, Any]:
        """The moment was read on the clock of the page; it is meant on the store's."""
        cleaned = super().clean() or {}
        at, fence = cleaned.get("at"), cleaned.get("fence")
        if at is None or fence is None:
            return cleaned | {"at": self._now}
        at = at.replace(tzinfo=ZoneInfo(fence.store.time_zone))
        if not self._now - EARLIEST <= at <= self._now + LATEST:
            self.add_error("at", ValidationError("Choose a moment between a month ago and a year from now."))
        return cleaned | {"at": at}


def live_fences_of(user: User) -> QuerySet[Geofence]:
    """What phones know of; an operator's are everybody's."""
    standing = access.geofences_for(user).filter(
        state=FenceState.LIVE, store__archived_at=None, store__merchant__archived_at=None
    )
    return standing.select_related("store__merchant").order_by("store__name", "name", "pk")
