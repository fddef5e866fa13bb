"""What was owed to whom, and how it was settled: for operators alone."""

from django.contrib import admin

from geooffers.operators.admin_pages import PersonalAdmin
from notifications.models import Delivery, Message


@admin.register(Message)
class MessageAdmin(PersonalAdmin):
    menu_order, menu_icon = 80, "mail"
    fields = ("id", "shopper", "kind", "subject", "title", "body", "created_at", "expires_at")
    list_display = ("kind", "shopper", "title", "created_at", "expires_at")
    list_select_related = ("shopper",)
    ordering = ("-created_at",)


@admin.register(Delivery)
class DeliveryAdmin(PersonalAdmin):
    """Of a pass neither serial nor shopper tells more than the coupon does; both are here to be found by."""

    menu_order, menu_icon = 81, "notifications"
    fields = (
        "id",
        "message",
        "channel",
        "shopper",
        "device",
        "address",
        "not_before",
        "state",
        "reason",
        "attempts",
        "settled_at",
    )
    list_display = ("__str__", "message", "shopper", "reason", "attempts", "not_before", "settled_at")
    list_select_related = ("shopper", "message")
    ordering = ("-not_before",)
