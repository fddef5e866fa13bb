"""Shoppers, devices and consent, for operators alone."""

from django.contrib import admin

from geooffers.operators.admin_pages import PersonalAdmin, ReadOnlyOperatorAdmin
from geooffers.shoppers.admin_texts import ConsentTextAdmin
from geooffers.shoppers.models import ConsentReceipt, ConsentState, DataRequest, Device, Shopper

__all__ = [
    "ConsentReceiptAdmin",
    "ConsentStateAdmin",
    "ConsentTextAdmin",
    "DataRequestAdmin",
    "DeviceAdmin",
    "ShopperAdmin",
]


@admin.register(Shopper)
class ShopperAdmin(PersonalAdmin):
    menu_order, menu_icon = 60, "group"
    fields = (
        "id",
        "firebase_uid",
        "language",
        "age",
        "jurisdiction",
        "created_at",
        "ended_at",
        "paused_from",
        "paused_until",
    )
    list_display = ("__str__", "is_anonymous", "created_at", "ended_at")
    search_fields = ("=firebase_uid",)
    ordering = ("-created_at",)

    @admin.display(boolean=True, description="anonymous")
    def is_anonymous(self, obj: Shopper) -> bool:
        return obj.is_anonymous


@admin.register(Device)
class DeviceAdmin(PersonalAdmin):
    """Neither the hash of its token nor its push address: nobody needs them here."""

    menu_order, menu_icon = 61, "smartphone"
    fields = ("id", "shopper", "platform", "app_version", "push_kind", "push_renewed_at", "created_at", "retired_at")
    list_display = ("__str__", "shopper", "app_version", "created_at", "retired_at")
    list_select_related = ("shopper",)
    ordering = ("-created_at",)


@admin.register(ConsentState)
class ConsentStateAdmin(PersonalAdmin):
    menu_order, menu_icon = 62, "toggle_on"
    fields = ("shopper", "device", "purpose", "given", "text", "changed_at", "paused_until")
    list_display = ("shopper", "purpose", "given", "changed_at")
    list_select_related = ("shopper",)
    ordering = ("-changed_at",)


@admin.register(ConsentReceipt)
class ConsentReceiptAdmin(PersonalAdmin):
    menu_order, menu_icon = 63, "receipt_long"
    fields = ("id", "shopper", "device", "purpose", "text", "given", "source", "locale", "app_version", "at")
    list_display = ("shopper", "purpose", "given", "source", "at")
    list_select_related = ("shopper",)
    ordering = ("-at",)


@admin.register(DataRequest)
class DataRequestAdmin(ReadOnlyOperatorAdmin):
    """Who asked is not known here; the id is what they were told."""

    menu_order, menu_icon = 64, "privacy_tip"
    fields = ("id", "kind", "asked_at", "done_at", "from_file", "rows")
    list_display = ("id", "kind", "asked_at", "done_at", "from_file")
    ordering = ("-asked_at",)
