"""Geofences, drawn by merchants and approved by operators."""

import json
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelChoiceField
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import path, reverse
from unfold.decorators import display

from merchants.admin.areas import surroundings
from merchants.admin.areas.area_form import FIELDS, SHOWN_WHEN, AreaForm
from merchants.admin.fields import VisibleTextField
from merchants.admin.filters import ChoiceFilter, MerchantOfStoreFilter, StoreFilter
from merchants.admin.scoping import ScopedAdmin
from merchants.fences import editing, geometry
from merchants.models import AreaKind, FenceState, Geofence, Role
from merchants.people import access

AREA_CHANGED = "Meanwhile the fence was archived, or this place was closed to fences. Nothing was saved."


class FenceStateFilter(ChoiceFilter):
    title = "state"
    parameter_name = "state"
    choices_of = FenceState.choices


def _check_fence(row: Geofence) -> None:
    editing.check_fence(fence=row)


class GeofenceForm(AreaForm):
    check_area = staticmethod(_check_fence)
    name = VisibleTextField(max_length=100)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stores = self.fields.get("store")
        if isinstance(stores, ModelChoiceField) and stores.queryset is not None:
            stores.queryset = stores.queryset.filter(archived_at=None, merchant__archived_at=None)
        self.tell_map(around=reverse("admin:merchants_geofence_changelist") + "around/", own=self.instance.pk)


@admin.register(Geofence)
class GeofenceAdmin(ScopedAdmin):
    reach = staticmethod(access.geofences_for)
    editors = frozenset({Role.OWNER, Role.MANAGER})
    adders = frozenset({Role.OWNER, Role.MANAGER})
    form = GeofenceForm
    conditional_fields = SHOWN_WHEN
    row_buttons = ("approve", "archive")
    button_refusals = (editing.FenceNotWaiting, editing.OperatorsOnly, geometry.GeometryRefused)
    save_refusals = {geometry.GeometryRefused: AREA_CHANGED, editing.FenceArchived: AREA_CHANGED}
    change_form_outer_before_template = "merchants/fence_buttons.html"
    menu_group, menu_order, menu_icon = "Offers", 11, "fence"
    list_display = ("name", "store", "shape", "shown_state", "dwell_s")
    list_filter = (FenceStateFilter, StoreFilter, MerchantOfStoreFilter)
    search_fields = ("name",)
    ordering = ("name", "pk")
    actions = ("archive_all",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Geofence]:
        return super().get_queryset(request).select_related("store")

    def get_fields(self, request: HttpRequest, obj: Geofence | None = None) -> list[Any]:
        # A map and its numbers are for drawing; who only reads is told what was drawn.
        area = FIELDS if self.has_change_permission(request, obj) else ("shape", "place")
        told = [] if obj is None else ["shown_state", *(["review_note"] if obj.review_note else [])]
        return [*told, "store", "name", *area, "tuning", "dwell_s"]

    def get_urls(self) -> list[Any]:
        around = path(
            "around/<uuid:store_id>/", self.admin_site.admin_view(self.around), name="merchants_geofence_around"
        )
        return [around, *super().get_urls()]

    def around(self, request: HttpRequest, store_id: UUID) -> HttpResponse:
        """What the map of the form shows beside the drawing: the store and the merchant's other fences."""
        store = access.stores_for(request.user).filter(pk=store_id).first()
        if store is None or not self.has_view_permission(request):
            raise Http404
        return JsonResponse(surroundings.around_store(store=store, user=access.signed_in(request.user)))

    def get_readonly_fields(self, request: HttpRequest, obj: Geofence | None = None) -> tuple[str, ...]:
        return ("shown_state", "review_note", "shape", "place")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is not None and obj.state == FenceState.ARCHIVED:
            return False
        return super().has_change_permission(request, obj)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        extra = {**(extra_context or {}), "may_approve": access.is_operator(request.user)}
        return super().changeform_view(request, object_id, form_url, extra)

    def save_model(self, request: HttpRequest, obj: Geofence, form: Any, change: bool) -> None:
        editing.put_fence(fence=obj, by=access.signed_in(request.user))
        if obj.state == FenceState.WAITING:
            self.message_user(request, "It waits for an operator, as a merchant's first fence does.", level="warning")

    def approve(self, request: HttpRequest, row: Geofence) -> str:
        editing.approve_fence(fence=row, by=access.signed_in(request.user))
        return "Approved. It is live within two seconds."

    def archive(self, request: HttpRequest, row: Geofence) -> str:
        editing.archive_fence(fence=row)
        return "Archived. It is silent within two seconds."

    def page_of(self, row: Geofence) -> str:
        # Merchants do not see their archived fences: back to the list then.
        page = super().page_of(row)
        return page.split(f"{row.pk}/")[0] if row.state == FenceState.ARCHIVED else page

    @admin.action(description="Archive: silent within two seconds", permissions=["change"])
    def archive_all(self, request: HttpRequest, queryset: QuerySet[Geofence]) -> None:
        rows = list(queryset.exclude(state=FenceState.ARCHIVED))
        for fence in rows:
            editing.archive_fence(fence=fence)
        self.message_user(request, f"{len(rows)} archived.")

    @admin.display(description="shape")
    def shape(self, obj: Geofence) -> str:
        return f"circle of {obj.radius_m:g}\N{NO-BREAK SPACE}m" if obj.kind == AreaKind.CIRCLE else "polygon"

    @admin.display(description="place")
    def place(self, obj: Geofence) -> str:
        if obj.kind == AreaKind.CIRCLE:
            return f"{obj.center_lat:.5f}, {obj.center_lon:.5f}"
        return json.dumps(obj.geometry)

    @display(  # type: ignore[untyped-decorator]  # unfold ships no types
        description="state",
        label={FenceState.LIVE.label: "success", FenceState.WAITING.label: "warning"},
    )
    def shown_state(self, obj: Geofence) -> str:
        return str(obj.get_state_display())
