"""What the tasks leave behind, for operators alone."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from geooffers.operators.admin_pages import ReadOnlyOperatorAdmin
from geooffers.worker import forgetting_figures
from geooffers.worker.models import Forgotten, TaskLease


@admin.register(TaskLease)
class TaskLeaseAdmin(ReadOnlyOperatorAdmin):
    menu_order, menu_icon = 90, "schedule"
    list_display = ("name", "holder", "started_at", "last_run_at", "done_at", "failures", "overruns", "overran_at")
    ordering = ("name",)


@admin.register(Forgotten)
class ForgottenAdmin(ReadOnlyOperatorAdmin):
    """Above the list: what is kept for how long, and what went."""

    menu_order, menu_icon = 91, "auto_delete"
    list_display = ("what", "rows", "before", "at", "took_ms")
    list_before_template = "worker/forgetting.html"
    list_max_show_all = 0  # years of them
    ordering = ("-at",)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {"title": "The forgetting", **(extra_context or {})}
        if self.has_view_permission(request):
            context["figures"] = forgetting_figures.figures(now=timezone.now())
        page: HttpResponse = super().changelist_view(request, context)
        return page
