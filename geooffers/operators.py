"""What only the platform's operators may open: base classes for such admin pages."""

from typing import Any

from django.http import HttpRequest
from unfold.admin import ModelAdmin


class OperatorAdmin(ModelAdmin):  # type: ignore[misc]  # unfold ships no types
    """An admin page for superusers alone; a merchant's user does not even learn that it exists."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and getattr(request.user, "is_superuser", False))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_module_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyOperatorAdmin(OperatorAdmin):
    """Rows that the product writes and nobody edits: decisions, visits, the outbox, the ledger."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
