"""Visits, for operators alone. The packed state of a device is shown to nobody."""

from django.contrib import admin

from geooffers.operators.admin_pages import PersonalAdmin
from geooffers.visits.models import Visit


@admin.register(Visit)
class VisitAdmin(PersonalAdmin):
    menu_order, menu_icon = 70, "directions_walk"
    fields = ("id", "shopper", "fence", "began_at", "appeared_inside", "dwelled_at", "ended_at", "end_reason")
    list_display = ("__str__", "shopper", "fence", "began_at", "dwelled_at", "ended_at", "end_reason")
    list_select_related = ("shopper", "fence")
    ordering = ("-began_at",)
