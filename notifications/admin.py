"""The outbox, for operators alone: what was owed to whom, and how it was settled."""

from django.contrib import admin

from geooffers.operators.admin_pages import PersonalAdmin
from notifications.models import Push


@admin.register(Push)
class PushAdmin(PersonalAdmin):
    menu_order, menu_icon = 80, "notifications"
    fields = (
        "id",
        "shopper",
        "device",
        "kind",
        "subject",
        "title",
        "body",
        "not_before",
        "expires_at",
        "state",
        "reason",
        "attempts",
        "created_at",
        "settled_at",
    )
    list_display = ("kind", "shopper", "state", "reason", "created_at", "settled_at")
    list_select_related = ("shopper",)
    ordering = ("-created_at",)
