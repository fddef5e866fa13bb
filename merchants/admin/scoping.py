"""The base of every page that merchants' people open: rows, choices and permissions by role.

Each page names the function of `merchants.people.access` that says which rows somebody reaches, and which roles may
read, change and add. Lists, forms, history and actions all start from there; a foreign row is a 404. A choice of rows
for which no function is known is empty, so that a new foreign key shows nothing rather than everything.
"""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.db.models import Model, QuerySet
from django.forms import Field
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import path, reverse

from geooffers.operators.admin_pages import ClosedAdmin
from merchants.models import Merchant, Offer, Role, Store, User
from merchants.people import access

REACH: dict[type[Model], Callable[[Any], QuerySet[Any]]] = {
    Merchant: access.merchants_for,
    Store: access.stores_for,
    User: access.users_for,
    Offer: access.offers_for,
}


def choices_for(request: HttpRequest, model: type[Model]) -> QuerySet[Any]:
    reach = REACH.get(model)
    return reach(request.user) if reach else model._default_manager.none()


class ScopedAdmin(ClosedAdmin):
    reach: Callable[[Any], QuerySet[Any]]
    readers: frozenset[Role] = frozenset({Role.OWNER, Role.MANAGER})
    editors: frozenset[Role] = frozenset({Role.OWNER})
    adders: frozenset[Role] = frozenset()
    # Columns that no form shows, by the field from which they are made.
    written_with: dict[str, tuple[str, ...]] = {}
    # Buttons on a row's page: name in the address -> method; each is a POST of its own.
    row_buttons: tuple[str, ...] = ()
    button_refusals: tuple[type[Exception], ...] = ()
    # What a save may still refuse though the form was right, because the world moved on; and how to say it.
    save_refusals: dict[type[Exception], str] = {}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = type(self).reach(request.user)
        ordering = self.get_ordering(request)
        return rows.order_by(*ordering) if ordering else rows

    # --- who may do what ---------------------------------------------------------------------------------------

    def _in_role(self, request: HttpRequest, roles: frozenset[Role]) -> bool:
        if access.is_operator(request.user):
            return True
        member = access.staff_member_of(request.user)
        return member is not None and member.role in roles

    def _reaches(self, request: HttpRequest, obj: Any) -> bool:
        return obj is None or obj.pk is None or type(self).reach(request.user).filter(pk=obj.pk).exists()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._in_role(request, self.readers)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._in_role(request, self.readers) and self._reaches(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._in_role(request, self.editors) and self._reaches(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._in_role(request, self.adders)

    # --- choices in forms --------------------------------------------------------------------------------------

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs["queryset"] = choices_for(request, db_field.remote_field.model)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs["queryset"] = choices_for(request, db_field.remote_field.model)
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Field | None:
        field: Field | None = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            # No little windows that add or edit the related row: each thing has its own page.
            field.widget = field.widget.widget
        return field

    # --- saving ------------------------------------------------------------------------------------------------

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Write the fields that the form changed and no others.

        A plain save writes every column as it was read, and so brings back a state that somebody else has just
        changed: an offer ended a moment ago would be live again.
        """
        if not change:
            obj.save(force_insert=True)
            return
        columns = {field.name for field in obj._meta.concrete_fields}
        changed = [name for name in form.changed_data if name in columns]
        if changed:
            obj.save(update_fields=[*changed, *(also for name in changed for also in self.written_with.get(name, ()))])

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        try:
            answer: HttpResponse = super().changeform_view(request, object_id, form_url, extra_context)
        except tuple(self.save_refusals) as refused:
            # The view's transaction has rolled back.
            messages.error(request, self.save_refusals[type(refused)])
            return redirect(request.path)
        return answer

    # --- buttons -----------------------------------------------------------------------------------------------

    def get_urls(self) -> list[Any]:
        buttons = [
            path(
                f"<path:object_id>/{name}/",
                self.admin_site.admin_view(self._button_view(name)),
                name=f"{self.opts.app_label}_{self.opts.model_name}_{name}",
            )
            for name in self.row_buttons
        ]
        return [*buttons, *super().get_urls()]

    def _button_view(self, name: str) -> Callable[..., HttpResponse]:
        """A POST with its CSRF token, never a link: a link in a mail must not end an offer."""

        def press(request: HttpRequest, object_id: str) -> HttpResponse:
            if request.method != "POST":
                return HttpResponseNotAllowed(["POST"])
            row = self.get_object(request, object_id)
            if row is None or not self.has_view_permission(request, row):
                raise Http404
            if not self.may_press(request, row):
                messages.error(request, "You may look at this, but not change it.")
                return redirect(self.page_of(row))
            try:
                done = getattr(self, name)(request, row)
            except self.button_refusals as refused:
                messages.error(request, f"{refused}."[:1].upper() + f"{refused}."[1:])
            else:
                self.log_change(request, row, done)
                messages.success(request, done)
            return redirect(self.page_of(row))

        press.model_admin = self  # type: ignore[attr-defined]  # as Django marks its own views of a page
        return press

    def may_press(self, request: HttpRequest, row: Any) -> bool:
        return self.has_change_permission(request, row)

    def page_of(self, row: Any) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[row.pk])
