"""Where operators open shoppers' data, and where all of them read who did."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from geooffers.operators.admin_pages import OperatorAdmin, ReadOnlyOperatorAdmin
from geooffers.operators.break_glass import grants
from geooffers.operators.break_glass.models import Grant, Look


class GrantForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    lasts = forms.ChoiceField(
        choices=[(words, words) for words in grants.LASTS],
        widget=UnfoldAdminSelectWidget(),
        help_text="It ends by itself, or before when you close it.",
    )

    class Meta:
        model = Grant
        fields = ("reason",)
        widgets = {"reason": UnfoldAdminTextInputWidget()}


@admin.register(Grant)
class GrantAdmin(OperatorAdmin):
    """Adding one opens the data for the operator who adds it. Afterwards it can be closed, and nothing else changed."""

    form = GrantForm
    menu_order, menu_icon = 55, "key_visualizer"
    list_display = ("opened_at", "operator", "reason", "ends_at", "closed_at", "looked_at")
    ordering = ("-opened_at",)
    actions = ("close",)
    kept = ("operator", "reason", "opened_at", "ends_at", "closed_at")

    def get_fields(self, request: HttpRequest, obj: Grant | None = None) -> tuple[str, ...]:
        return ("reason", "lasts") if obj is None else self.kept

    def get_readonly_fields(self, request: HttpRequest, obj: Grant | None = None) -> tuple[str, ...]:
        return () if obj is None else self.kept

    def has_change_permission(self, request: HttpRequest, obj: Grant | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Grant]:
        rows: QuerySet[Grant] = super().get_queryset(request).annotate(looked=Count("looks"))
        return rows

    def save_model(self, request: HttpRequest, obj: Grant, form: Any, change: bool) -> None:
        opened = grants.open_for(
            user=request.user,
            reason=form.cleaned_data["reason"],
            lasts=grants.LASTS[form.cleaned_data["lasts"]],
            now=timezone.now(),
        )
        obj.pk, obj.operator, obj.opened_at, obj.ends_at = opened.pk, opened.operator, opened.opened_at, opened.ends_at

    @admin.display(description="pages looked at")
    def looked_at(self, obj: Any) -> int:
        return int(obj.looked)

    @admin.action(description="Close mine that is open")
    def close(self, request: HttpRequest, queryset: QuerySet[Grant]) -> None:
        closed = grants.close_all(user=request.user, now=timezone.now())
        self.message_user(request, "Shoppers' data is closed." if closed else "None of yours was open.")


@admin.register(Look)
class LookAdmin(ReadOnlyOperatorAdmin):
    menu_order, menu_icon = 92, "visibility"
    fields = ("grant", "page", "row", "at")
    list_display = ("at", "grant", "page", "row")
    list_select_related = ("grant",)
    ordering = ("-at",)
