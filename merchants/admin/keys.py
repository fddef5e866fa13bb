"""API keys: made here, shown once on the page after, revoked here."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from merchants.admin.fields import VisibleTextField
from merchants.admin.filters import MerchantFilter, StoreFilter
from merchants.admin.scoping import ScopedAdmin
from merchants.admin.ticking import TickBoxes
from merchants.models import ApiKey, Role
from merchants.people import access, keys


class ApiKeyForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    name = VisibleTextField(max_length=100, help_text="Which till or system holds it.")
    scopes = forms.MultipleChoiceField(
        choices=list(keys.SCOPES.items()),
        widget=TickBoxes(),
        help_text="What it may do.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stores = self.fields.get("store")
        if isinstance(stores, forms.ModelChoiceField) and stores.queryset is not None:
            stores.queryset = stores.queryset.filter(archived_at=None, merchant__archived_at=None)


@admin.register(ApiKey)
class ApiKeyAdmin(ScopedAdmin):
    reach = staticmethod(access.api_keys_for)
    readers = frozenset({Role.OWNER})
    adders = frozenset({Role.OWNER})
    form = ApiKeyForm
    row_buttons = ("revoke",)
    change_form_outer_before_template = "merchants/key_buttons.html"
    menu_group, menu_order, menu_icon = "Shop", 23, "key"
    list_display = ("name", "store", "shown_prefix", "may", "created_at", "revoked_at")
    list_filter = (StoreFilter, MerchantFilter)
    search_fields = ("name", "prefix")
    ordering = ("-created_at",)
    actions = ("revoke_all",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiKey]:
        return super().get_queryset(request).select_related("store")

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> list[str]:
        kept = ["shown_prefix", "created_at", "revoked_at"]
        return ["name", "store", "scopes"] if obj is None else ["name", "store", "may", *kept]

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        # What a key may do is settled when it is made: somebody has built on it.
        return () if obj is None else ("store", "may", "shown_prefix", "created_at", "revoked_at")

    @admin.display(description="key")
    def shown_prefix(self, obj: ApiKey) -> str:
        return f"{obj.prefix}…"

    @admin.display(description="may")
    def may(self, obj: ApiKey) -> str:
        return ", ".join(keys.SCOPES.get(scope, scope) for scope in obj.scopes)

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
        else:
            form.shown_once = keys.save_new(row=obj)

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        # The last place that sees the form before the answer is written; the key travels no further than the request.
        if add:
            request.META["merchants.new_key"] = form.shown_once
        return super().construct_change_message(request, form, formsets, add)

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None) -> HttpResponse:
        """The key itself, in the answer to the form: no session and, as on every page here, no cache ever holds it."""
        context = {
            **self.admin_site.each_context(request),
            "title": "Copy this key now",
            "key": request.META.pop("merchants.new_key"),
            "row": obj,
            "opts": self.opts,
            "link": self.page_of(obj),
        }
        return TemplateResponse(request, "merchants/new_key.html", context)

    def revoke(self, request: HttpRequest, row: ApiKey) -> str:
        keys.revoke(key=row, now=timezone.now())
        return "Revoked. Whoever holds this key is refused from now on."

    @admin.action(description="Revoke: whoever holds them is refused", permissions=["change"])
    def revoke_all(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        now = timezone.now()
        for key in queryset.filter(revoked_at=None):
            keys.revoke(key=key, now=now)
        self.message_user(request, "Revoked.")
