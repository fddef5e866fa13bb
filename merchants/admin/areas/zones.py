"""Exclusion zones, drawn by operators or imported from a file; merchants see neither."""

import json
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib import messages as shown
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import path, reverse
from django.utils import timezone
from unfold.decorators import display
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from geooffers.jurisdictions import codes
from geooffers.jurisdictions.rules import PlaceKind
from geooffers.operators.admin_pages import OperatorAdmin
from merchants.admin.areas import surroundings
from merchants.admin.areas.area_form import FIELDS, SHOWN_WHEN, AreaForm
from merchants.admin.fields import VisibleTextField
from merchants.admin.filters import ChoiceFilter
from merchants.fences import editing
from merchants.models import AreaKind, ExclusionZone, ZoneImport
from merchants.models.zones import PLACES
from merchants.people import access
from merchants.zones import files, imports

# A larger file takes the command, which no browser waits for.
MOST_UPLOADED = 5_000_000
RULE_HELP = "Why nobody is tracked there, in words that a merchant may read. Empty: the law's, where there is one."


class PlaceFilter(ChoiceFilter):
    title = "place"
    parameter_name = "place_kind"
    choices_of = list(PLACES.items())


class SourceFilter(admin.SimpleListFilter):
    title = "source"
    parameter_name = "source"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        sources = ZoneImport.objects.order_by("source").values_list("source", flat=True).distinct()
        return [("-", "drawn by hand"), *((source, source) for source in sources)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "-":
            return queryset.filter(added_by=None)
        if self.value() in {value for value, _ in self.lookup_choices}:
            return queryset.filter(added_by__source=self.value())
        return queryset


def _check_zone(zone: ExclusionZone) -> None:
    editing.check_zone(zone=zone)


class ExclusionZoneForm(AreaForm):
    check_area = staticmethod(_check_zone)
    name = VisibleTextField(max_length=100, help_text="For operators only.")
    rule = VisibleTextField(max_length=200, required=False, help_text=RULE_HELP)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tell_map(around=reverse("admin:merchants_exclusionzone_around"), ownZone=self.instance.pk)

    def _post_clean(self) -> None:
        try:
            super()._post_clean()
        except editing.RuleNeeded:
            self.add_error("rule", "The law there says nothing about such a place: say why yourself.")


@admin.register(ExclusionZone)
class ExclusionZoneAdmin(OperatorAdmin):
    """An imported zone is only read: what its file says comes back with the next import."""

    form = ExclusionZoneForm
    conditional_fields = SHOWN_WHEN
    menu_order, menu_icon = 51, "do_not_disturb_on"
    list_display = ("name", "place_kind", "jurisdiction", "buffer_m", "shown_source", "shown_active")
    list_filter = (PlaceFilter, SourceFilter)
    list_select_related = ("added_by",)
    search_fields = ("name",)
    ordering = ("name", "pk")

    def get_fields(self, request: HttpRequest, obj: ExclusionZone | None = None) -> list[Any]:
        # A map and its numbers are for drawing; who only reads is told what was imported.
        area = FIELDS if self.has_change_permission(request, obj) else ("place",)
        kept = [] if obj is None else ["buffer_m", "added_by", "removed_by"]
        return ["name", "place_kind", "jurisdiction", "rule", *area, "active", *kept]

    def get_readonly_fields(self, request: HttpRequest, obj: ExclusionZone | None = None) -> tuple[str, ...]:
        return ("place", "buffer_m", "added_by", "removed_by")

    def has_change_permission(self, request: HttpRequest, obj: ExclusionZone | None = None) -> bool:
        return (obj is None or obj.added_by_id is None) and super().has_change_permission(request, obj)

    def get_urls(self) -> list[Any]:
        around = path("around/", self.admin_site.admin_view(self.around), name="merchants_exclusionzone_around")
        return [around, *super().get_urls()]

    def around(self, request: HttpRequest) -> HttpResponse:
        """The other zones, for the map of the form."""
        if not self.has_view_permission(request):
            raise Http404
        return JsonResponse(surroundings.all_zones())

    def save_model(self, request: HttpRequest, obj: ExclusionZone, form: Any, change: bool) -> None:
        editing.put_zone(zone=obj, by=access.signed_in(request.user))

    @admin.display(description="place")
    def place(self, obj: ExclusionZone) -> str:
        if obj.kind == AreaKind.CIRCLE:
            return f"circle of {obj.radius_m:g}\N{NO-BREAK SPACE}m around {obj.center_lat:.5f}, {obj.center_lon:.5f}"
        return json.dumps(obj.geometry)

    @admin.display(description="source", ordering="added_by")
    def shown_source(self, obj: ExclusionZone) -> str:
        return str(obj.added_by or "drawn")

    @display(  # type: ignore[untyped-decorator]  # unfold ships no types
        description="state", label={"closed": "success", "lifted": "warning", "replaced": "info"}
    )
    def shown_active(self, obj: ExclusionZone) -> str:
        if obj.active:
            return "closed"
        return "lifted" if obj.removed_by_id is None else "replaced"


class ZoneImportForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """Reads the file and says what is wrong with it before anything is written."""

    rule = VisibleTextField(max_length=200, required=False, help_text=RULE_HELP)
    point_radius_m = forms.FloatField(
        label="Radius around points (metres)",
        required=False,
        widget=UnfoldAdminTextInputWidget(),
        help_text="How far the place around a point of the file reaches, 50 m at least. The law's buffer is added.",
    )
    file = forms.FileField(
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".geojson,.json,application/geo+json"}),
        help_text="A GeoJSON FeatureCollection of at most 5 MB; `manage.py importzones` takes larger ones.",
    )
    may_shrink = forms.BooleanField(
        label="Fewer zones than before are meant",
        required=False,
        widget=UnfoldBooleanSwitchWidget(),
        help_text="Without it, a file that has lost more than a tenth of the former version is refused.",
    )
    plan: imports.ImportPlan

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors:
            self._read(cleaned)
        return cleaned

    def _read(self, cleaned: dict[str, Any]) -> None:
        given: UploadedFile[Any] = cleaned["file"]
        if (given.size or 0) > MOST_UPLOADED:
            self.add_error("file", "The file has more than 5 MB: use the command.")
            return
        try:
            self.plan = imports.plan(
                content=given.read(),
                file_name=given.name or "",
                source=cleaned["source"],
                kind=PlaceKind(cleaned["place_kind"]),
                jurisdiction=cleaned["jurisdiction"],
                rule=cleaned["rule"],
                point_radius_m=cleaned["point_radius_m"],
            )
        except files.BadFile as bad:
            self.add_error("file", [forms.ValidationError(f"{fault[:1].upper()}{fault[1:]}.") for fault in bad.faults])
        except codes.UnknownJurisdiction:
            self.add_error("jurisdiction", "There is no such place in ISO 3166.")
        except editing.RuleNeeded:
            self.add_error("rule", "The law there says nothing about such places: say why yourself.")
        else:
            self._judge(may_shrink=cleaned["may_shrink"])

    def _judge(self, *, may_shrink: bool) -> None:
        if not self.plan.added and not self.plan.removed:
            self.add_error("file", "The newest version of this source holds the same zones.")
        elif self.plan.shrinks and not may_shrink:
            lost = f"{self.plan.removed:,} of {self.plan.former:,} zones of this source are not in the file."
            self.add_error("may_shrink", f"{lost} If that is meant, switch this on.")
        else:
            self.instance = self.plan.version


@admin.register(ZoneImport)
class ZoneImportAdmin(OperatorAdmin):
    """Adding one is importing a file; what was imported is only read."""

    form = ZoneImportForm
    menu_order, menu_icon = 53, "upload_file"
    list_display = ("source", "version", "place_kind", "jurisdiction", "zones", "added", "removed", "imported_at")
    ordering = ("-imported_at", "-pk")
    asked = ("source", "place_kind", "jurisdiction", "rule", "point_radius_m", "file", "may_shrink")
    kept = (
        "source", "version", "place_kind", "jurisdiction", "file_name", "file_sha256", "zones", "added", "removed",
        "fences_to_review", "imported_by", "imported_at",
    )  # fmt: skip

    def get_fields(self, request: HttpRequest, obj: ZoneImport | None = None) -> tuple[str, ...]:
        return self.asked if obj is None else self.kept

    def get_readonly_fields(self, request: HttpRequest, obj: ZoneImport | None = None) -> tuple[str, ...]:
        return () if obj is None else self.kept

    def has_change_permission(self, request: HttpRequest, obj: ZoneImport | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: ZoneImport, form: Any, change: bool) -> None:
        made = imports.carry_out(
            form.plan,
            by=access.signed_in(request.user),
            may_shrink=form.cleaned_data["may_shrink"],
            now=timezone.now(),
        )
        told = f"{made.zones:,} zones, {made.added:,} new, {made.removed:,} gone."
        self.message_user(request, told, shown.SUCCESS)
        if made.fences_to_review:
            waiting = f"{made.fences_to_review:,} live fences lie under new zones and wait for an operator now."
            self.message_user(request, waiting, shown.WARNING)
