"""Base classes of every admin page: what all of them close, and what only the platform's operators may open."""

from collections.abc import Mapping
from typing import Any, NoReturn

from django.contrib import messages
from django.contrib.admin import SimpleListFilter
from django.db.models import DateTimeField, Field
from django.forms import Media, SplitDateTimeField
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.admin import ModelAdmin

from geooffers.operators.break_glass import grants
from geooffers.operators.moment_fields import MomentWidget

# Ticks all rows of a list, and counts the ticks.
LIST_SCRIPTS = Media(js=["admin/js/actions.js"])


class ClosedAdmin(ModelAdmin):  # type: ignore[misc]  # unfold ships no types
    """An admin page that answers only what it was written to answer.

    Django lets anybody who sees a list ask `?field__lookup=` about the fields of its rows, one character of a
    neighbour's row (or a password's hash) at a time. Here the filters in `list_filter` are the only questions; they
    are SimpleListFilters that name their possible answers, so a value that they do not know asks nothing.
    """

    # Where the menu shows this page: group, order within all pages, icon (Material Symbols).
    menu_group = "Platform"
    menu_order = 100
    menu_icon = "table_rows"

    list_per_page = 50
    show_full_result_count = False
    compressed_fields = False
    formfield_overrides: "Mapping[type[Field[Any, Any]], Mapping[str, Any]]" = {
        DateTimeField: {"form_class": SplitDateTimeField, "widget": MomentWidget}
    }

    @property
    def media(self) -> Media:
        """What a form's widgets ask for comes by itself. Django adds scripts for what no page here has: related rows in
        little windows, slugs that write themselves, and jQuery under both."""
        return Media()

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        answer: HttpResponse = super().changelist_view(request, {"media": LIST_SCRIPTS, **(extra_context or {})})
        return answer

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        filters = self.get_list_filter(request) if request is not None else self.list_filter
        return any(
            isinstance(each, type) and issubclass(each, SimpleListFilter) and each.parameter_name == lookup
            for each in filters
        )

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        return bool(to_field == self.opts.pk.name)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing is deleted by hand: rows are archived, or forgotten by a task that leaves a trace."""
        return False

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> NoReturn:
        # Django redirects to the index with the id in a message; unknown and foreign are both a plain 404 here.
        raise Http404


class OperatorAdmin(ClosedAdmin):
    """An admin page for superusers alone; a merchant's user does not even learn that it exists."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and getattr(request.user, "is_superuser", False))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_module_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)


class ReadOnlyOperatorAdmin(OperatorAdmin):
    """Rows that the product writes and nobody edits: decisions, visits, messages, the ledger."""

    menu_group = "Records"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class PersonalAdmin(ReadOnlyOperatorAdmin):
    """Rows about shoppers: for an operator who has said why, while that lasts (`operators.break_glass`). Each page is
    kept as looked at. Without it there is nothing in the menu, and its address leads to the form that asks why."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request, obj) and grants.of(request) is not None

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return self._asked(request) or self._seen(
            request, page=f"{self.opts.label}: list", answer=super().changelist_view(request, extra_context)
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return self._asked(request) or self._seen(
            request,
            page=self.opts.label,
            row=self._called(request, object_id),
            answer=super().change_view(request, object_id, form_url, extra_context),
        )

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return self._asked(request) or self._seen(
            request,
            page=f"{self.opts.label}: history",
            row=self._called(request, object_id),
            answer=super().history_view(request, object_id, extra_context),
        )

    def _asked(self, request: HttpRequest) -> HttpResponse | None:
        """To the page where an operator says why, if they have not."""
        if not self.has_module_permission(request) or grants.of(request) is not None:
            return None
        messages.warning(request, "Shoppers' data is closed. Say what you need it for; that is kept.")
        return redirect("admin:break_glass_grant_add")

    def _seen(self, request: HttpRequest, *, page: str, answer: HttpResponse, row: str = "") -> HttpResponse:
        if answer.status_code == 200:
            grants.keep_look(request, page=page, row=row)
        return answer

    def _called(self, request: HttpRequest, object_id: str) -> str:
        return str(self.get_object(request, object_id) or "")
