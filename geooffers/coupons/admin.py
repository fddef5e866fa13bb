"""Coupons and wallet passes, for operators who have said why."""

from django.contrib import admin

from geooffers.coupons.models import Coupon, WalletPass
from geooffers.operators.admin_pages import PersonalAdmin


@admin.register(Coupon)
class CouponAdmin(PersonalAdmin):
    menu_order, menu_icon = 71, "confirmation_number"
    fields = (
        "id",
        "shopper",
        "offer",
        "visit",
        "state",
        "issued_at",
        "expires_at",
        "redeemed_at",
        "seen_at",
        "saved_at",
        "dismissed_at",
    )
    list_display = ("__str__", "offer", "shopper", "state", "issued_at", "expires_at", "redeemed_at")
    list_select_related = ("offer", "shopper")
    ordering = ("-issued_at",)


@admin.register(WalletPass)
class WalletPassAdmin(PersonalAdmin):
    menu_order, menu_icon = 75, "wallet"
    fields = ("id", "coupon", "vendor", "template", "version", "created_at", "changed_at")
    list_display = ("__str__", "coupon", "vendor", "version", "changed_at")
    list_select_related = ("coupon",)
    ordering = ("-changed_at",)
