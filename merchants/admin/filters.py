"""The filters beside a list. They are the only questions a list answers, and they know their answers."""

from collections.abc import Iterable
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest

from merchants.people import access


class ArchivedFilter(SimpleListFilter):
    """Archived rows are out of sight until asked for."""

    title = "archived"
    parameter_name = "archived"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Archived"), ("all", "All")]

    def choices(self, changelist: Any) -> Any:
        choices = list(super().choices(changelist))
        choices[0]["display"] = "Current"
        return iter(choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "all":
            return queryset
        return queryset.filter(archived_at__isnull=self.value() != "yes")


class StoreFilter(SimpleListFilter):
    """By the stores that the user reaches."""

    title = "store"
    parameter_name = "store"
    field_name = "store"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(pk), name) for pk, name in access.stores_for(request.user).values_list("pk", "name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return _by_known_value(self, queryset, self.field_name)


class MerchantFilter(SimpleListFilter):
    """For operators; a merchant's own people have nothing to choose from and do not see it."""

    title = "merchant"
    parameter_name = "merchant"
    field_name = "merchant"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        if not access.is_operator(request.user):
            return []
        return [(str(pk), name) for pk, name in access.merchants_for(request.user).values_list("pk", "name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return _by_known_value(self, queryset, self.field_name)


class MerchantOfStoreFilter(MerchantFilter):
    field_name = "store__merchant"


class ChoiceFilter(SimpleListFilter):
    """One of a field's own choices."""

    choices_of: Iterable[tuple[str, str]] = ()

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(self.choices_of)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return _by_known_value(self, queryset, self.parameter_name or "")


def _by_known_value(each: SimpleListFilter, queryset: QuerySet[Any], field: str) -> QuerySet[Any]:
    value = each.value()
    if value is None:
        return queryset
    if value not in {str(known) for known, _ in each.lookup_choices}:
        return queryset.none()
    return queryset.filter(**{field: value})
