"""Redemptions, for the merchants in whose tills they happened; refused scans and the ledger, for operators.

A merchant reads when, where, which offer, who scanned and what it was worth, and nothing that tells one shopper from
another: no coupon, no pseudonym. They are the merchant's own books, so they are shown from the first one on.
"""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from geooffers.ledger.models import LedgerEntry
from geooffers.operators.admin_pages import ReadOnlyOperatorAdmin
from geooffers.redemptions.models import Redemption, RefusedScan
from merchants.admin.filters import StoreFilter
from merchants.admin.scoping import ScopedAdmin
from merchants.models import DiscountKind
from merchants.people import access


def redemptions_for(user: Any) -> QuerySet[Redemption]:
    return Redemption.objects.filter(store__in=access.stores_for(user))


@admin.register(Redemption)
class RedemptionAdmin(ScopedAdmin):
    reach = staticmethod(redemptions_for)
    editors = frozenset()
    menu_group, menu_order, menu_icon = "Offers", 12, "receipt"
    fields = ("redeemed_at", "store", "offer", "scanned_by", "worth")
    list_display = ("redeemed_at", "store", "offer", "scanned_by", "worth")
    list_display_links = None
    list_filter = (StoreFilter,)
    date_hierarchy = None
    ordering = ("-redeemed_at",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Redemption]:
        rows = super().get_queryset(request)
        return rows.select_related("store", "offer", "staff_member__user", "api_key")

    @admin.display(description="scanned by")
    def scanned_by(self, obj: Redemption) -> str:
        if obj.api_key is not None:
            return obj.api_key.name
        user = obj.staff_member.user if obj.staff_member is not None else None
        return (user.get_full_name() or user.get_username()) if user is not None else ""

    @admin.display(description="value")
    def worth(self, obj: Redemption) -> str:
        if obj.discount_kind == DiscountKind.FREE_ITEM:
            return "something free"
        value = f"{obj.value.normalize():f}"
        return f"{value} %" if obj.discount_kind == DiscountKind.PERCENT else f"{value} {obj.currency}"


@admin.register(RefusedScan)
class RefusedScanAdmin(ReadOnlyOperatorAdmin):
    menu_order, menu_icon = 73, "block"
    fields = ("id", "coupon", "store", "staff_member", "api_key", "reason", "at")
    list_display = ("at", "store", "reason", "staff_member", "api_key")
    list_select_related = ("store", "staff_member__user", "api_key")
    ordering = ("-at",)


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnlyOperatorAdmin):
    menu_order, menu_icon = 74, "menu_book"
    fields = ("id", "at", "owner", "movement", "subject", "cause")
    list_display = ("at", "owner", "movement", "subject")
    ordering = ("-id",)

    @admin.display(description="movement")
    def movement(self, obj: LedgerEntry) -> str:
        return str(obj)
