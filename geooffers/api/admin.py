"""What operators may see of the API's own counting."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from geooffers.api.models import DroppedFixes
from geooffers.operators.admin_pages import ReadOnlyOperatorAdmin


class _Named(admin.SimpleListFilter):
    """One of the values that there are."""

    parameter_name: str

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        names = DroppedFixes.objects.order_by(self.parameter_name).values_list(self.parameter_name, flat=True)
        return [(name, name) for name in names.distinct()]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[DroppedFixes]") -> "QuerySet[DroppedFixes]":
        known = dict(self.lookup_choices)
        return queryset.filter(**{self.parameter_name: self.value()}) if self.value() in known else queryset


class ByClient(_Named):
    title, parameter_name = "came by", "client"


class ByReason(_Named):
    title, parameter_name = "reason", "reason"


@admin.register(DroppedFixes)
class DroppedFixesAdmin(ReadOnlyOperatorAdmin):
    menu_group, menu_order, menu_icon = "Platform", 53, "filter_alt_off"
    list_display = ("hour", "client", "reason", "count")
    list_display_links = None
    list_filter = (ByClient, ByReason)
    ordering = ("-hour", "-count")
