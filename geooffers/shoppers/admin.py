"""Shoppers, devices and consent, for operators alone."""

from django.contrib import admin
from django.http import HttpRequest

from geooffers.operators import OperatorAdmin, ReadOnlyOperatorAdmin
from geooffers.shoppers.models import ConsentReceipt, ConsentState, ConsentText, DataRequest, Device, Shopper


@admin.register(Shopper)
class ShopperAdmin(ReadOnlyOperatorAdmin):
    menu_order, menu_icon = 60, "group"
    fields = ("id", "firebase_uid", "language", "created_at", "ended_at")
    list_display = ("__str__", "is_anonymous", "created_at", "ended_at")
    search_fields = ("=firebase_uid",)
    ordering = ("-created_at",)

    @admin.display(boolean=True, description="anonymous")
    def is_anonymous(self, obj: Shopper) -> bool:
        return obj.is_anonymous


@admin.register(Device)
class DeviceAdmin(ReadOnlyOperatorAdmin):
    """Neither the hash of its token nor its push address: nobody needs them here."""

    menu_order, menu_icon = 61, "smartphone"
    fields = ("id", "shopper", "platform", "app_version", "push_kind", "push_renewed_at", "created_at", "retired_at")
    list_display = ("__str__", "shopper", "app_version", "created_at", "retired_at")
    list_select_related = ("shopper",)
    ordering = ("-created_at",)


@admin.register(ConsentState)
class ConsentStateAdmin(ReadOnlyOperatorAdmin):
    menu_order, menu_icon = 62, "toggle_on"
    fields = ("shopper", "device", "purpose", "given", "text", "changed_at")
    list_display = ("shopper", "purpose", "given", "changed_at")
    list_select_related = ("shopper",)
    ordering = ("-changed_at",)


@admin.register(ConsentReceipt)
class ConsentReceiptAdmin(ReadOnlyOperatorAdmin):
    menu_order, menu_icon = 63, "receipt_long"
    fields = ("id", "shopper", "device", "purpose", "text", "given", "source", "app_version", "at")
    list_display = ("shopper", "purpose", "given", "source", "at")
    list_select_related = ("shopper",)
    ordering = ("-at",)


@admin.register(ConsentText)
class ConsentTextAdmin(OperatorAdmin):
    """Published, never changed: a new wording is a new version."""

    menu_order, menu_icon = 52, "article"
    fields = ("purpose", "language", "version", "body", "published_at")
    list_display = ("purpose", "language", "version", "published_at")
    ordering = ("purpose", "language", "-version")

    def has_change_permission(self, request: HttpRequest, obj: ConsentText | None = None) -> bool:
        return False


@admin.register(DataRequest)
class DataRequestAdmin(ReadOnlyOperatorAdmin):
    """Who asked is not known here; the id is what they were told."""

    menu_order, menu_icon = 64, "privacy_tip"
    fields = ("id", "kind", "asked_at", "done_at", "from_file", "rows")
    list_display = ("id", "kind", "asked_at", "done_at", "from_file")
    ordering = ("-asked_at",)
