"""Merchants and stores."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.widgets import UnfoldAdminTextInputWidget

from merchants.admin.areas import surroundings
from merchants.admin.areas.map_fields import MapField, PointMapWidget
from merchants.admin.fields import ColourField, TimeZoneField, VisibleTextField
from merchants.admin.filters import ArchivedFilter, MerchantFilter
from merchants.admin.logo_field import LogoField, ShownLogo
from merchants.admin.scoping import ScopedAdmin
from merchants.models import Merchant, Role, Store
from merchants.people import access
from merchants.shops import cities, logos, shops


class MerchantForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    name = VisibleTextField(max_length=100)
    colour = ColourField(help_text="The background of coupons and wallet passes.")
    logo = LogoField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        address = logos.address_of(merchant=self.instance)
        if address is not None:
            self.initial["logo"] = ShownLogo(url=address, colour=self.instance.colour)


@admin.register(Merchant)
class MerchantAdmin(ScopedAdmin):
    """An owner's are colour and logo. The name is unique, and "taken" would tell on others; what they trade in decides
    which law holds for their pushes: operators change both."""

    reach = staticmethod(access.merchants_for)
    readers = frozenset({Role.OWNER})
    form = MerchantForm
    menu_group, menu_order, menu_icon = "Shop", 20, "storefront"
    fields = ("name", "trade", "colour", "logo", "created_at", "archived_at")
    list_display = ("name", "created_at")
    list_filter = (ArchivedFilter,)
    search_fields = ("name",)
    ordering = ("name",)
    actions = ("archive",)

    def get_readonly_fields(self, request: HttpRequest, obj: Merchant | None = None) -> tuple[str, ...]:
        kept = ("created_at", "archived_at")
        return kept if access.is_operator(request.user) else ("name", "trade", *kept)

    def save_model(self, request: HttpRequest, obj: Merchant, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        logo = form.cleaned_data["logo"]
        if logo is False:
            logos.remove_logo(merchant=obj)
        elif logo is not None:
            logos.put_logo(merchant=obj, png=logo, now=timezone.now())

    def has_archive_permission(self, request: HttpRequest) -> bool:
        return access.is_operator(request.user)

    @admin.action(description="Archive: nothing is issued any more, nobody of theirs gets in", permissions=["archive"])
    def archive(self, request: HttpRequest, queryset: QuerySet[Merchant]) -> None:
        rows = list(queryset.filter(archived_at=None))
        for merchant in rows:
            shops.archive_merchant(merchant=merchant, now=timezone.now())
        self.message_user(request, f"{len(rows)} archived.")


class StoreForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    name = VisibleTextField(max_length=100)
    address = VisibleTextField(max_length=200)
    city = VisibleTextField(
        max_length=cities.LONGEST, required=False, help_text=Store._meta.get_field("city").help_text
    )
    time_zone = TimeZoneField(help_text="Schedules are on this clock.")
    lat = forms.FloatField(
        label="Latitude",
        min_value=-90,
        max_value=90,
        widget=UnfoldAdminTextInputWidget(),
        help_text="Degrees north, e.g. 60.1695",
    )
    lon = forms.FloatField(
        label="Longitude",
        min_value=-180,
        max_value=180,
        widget=UnfoldAdminTextInputWidget(),
        help_text="Degrees east, e.g. 24.9525",
    )
    point_map = MapField(widget=PointMapWidget())
    merchant: Merchant | None = None  # whose store it is, when that is no field of the form

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shown = self.fields.get("point_map")
        if isinstance(shown, MapField):
            shown.tell(neighbours=surroundings.neighbours_of(store=self.instance, merchant=self.merchant))

    def clean_city(self) -> str:
        name = " ".join(self.cleaned_data["city"].split())
        try:
            cities.checked_key(name)
        except cities.NotACity:
            raise forms.ValidationError("This is not the name of a city.", code="not_a_city") from None
        return name

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        merchant = cleaned.get("merchant") or self.merchant
        namesakes = Store.objects.filter(merchant=merchant, name=cleaned.get("name")).exclude(pk=self.instance.pk)
        if merchant and namesakes.exists():
            self.add_error("name", "There is a store of that name already.")
        return cleaned


@admin.register(Store)
class StoreAdmin(ScopedAdmin):
    reach = staticmethod(access.stores_for)
    adders = frozenset({Role.OWNER})
    form = StoreForm
    menu_group, menu_order, menu_icon = "Shop", 21, "location_on"
    readonly_fields = ("archived_at",)
    list_display = ("name", "address", "city", "time_zone")
    list_filter = (ArchivedFilter, MerchantFilter)
    search_fields = ("name", "address", "city")
    ordering = ("name",)
    actions = ("archive",)
    written_with = {"city": ("city_key",)}

    def get_fields(self, request: HttpRequest, obj: Store | None = None) -> list[Any]:
        merchant = ["merchant"] if access.is_operator(request.user) else []
        a_map = ["point_map"] if self.has_change_permission(request, obj) else []  # it is for picking
        return [
            *merchant,
            "name",
            "address",
            "city",
            "time_zone",
            "jurisdiction",
            *a_map,
            ("lat", "lon"),
            *(["archived_at"] if obj else []),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Store | None = None) -> tuple[str, ...]:
        # A store stays with its merchant: fences, offers and books hang on it.
        return ("archived_at", "merchant") if obj else ("archived_at",)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        form.merchant = obj.merchant if obj else access.merchant_of(request.user)  # the class was made for this request
        return form

    def save_model(self, request: HttpRequest, obj: Store, form: Any, change: bool) -> None:
        if not change and not access.is_operator(request.user):
            obj.merchant = form.merchant
        obj.city_key = cities.checked_key(obj.city)
        super().save_model(request, obj, form, change)

    @admin.action(description="Archive: its fences fall silent, nobody scans there", permissions=["change"])
    def archive(self, request: HttpRequest, queryset: QuerySet[Store]) -> None:
        rows = list(queryset.filter(archived_at=None))
        for store in rows:
            shops.archive_store(store=store, now=timezone.now())
        self.message_user(request, f"{len(rows)} archived.")
