"""What the rounds leave behind, for operators alone."""

from django.contrib import admin

from geooffers.operators import ReadOnlyOperatorAdmin
from geooffers.rounds.models import Forgotten, RoundLease


@admin.register(RoundLease)
class RoundLeaseAdmin(ReadOnlyOperatorAdmin):
    menu_order, menu_icon = 90, "schedule"
    list_display = ("name", "holder", "until", "last_run_at")
    ordering = ("name",)


@admin.register(Forgotten)
class ForgottenAdmin(ReadOnlyOperatorAdmin):
    menu_order, menu_icon = 91, "auto_delete"
    list_display = ("what", "rows", "before", "at")
    ordering = ("-at",)
