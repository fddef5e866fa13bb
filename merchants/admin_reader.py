"""The admin knows its reader: who they are at which merchant, and their shop's time."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from merchants.models import Store
from merchants.people import access


class ReaderMiddleware:
    """Their first store's zone, else UTC, around the whole answer, for templates are rendered after the view. The API
    says its offset and is left alone.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith("/admin/"):
            return self.get_response(request)
        access.ask_once(request.user)
        with timezone.override(_zone_of(request)):
            return self.get_response(request)


def _zone_of(request: HttpRequest) -> ZoneInfo:
    member = access.staff_member_of(request.user)
    stores = access.stores_of(member) if member else Store.objects.none()
    name = stores.filter(archived_at=None).order_by("created_at", "pk").values_list("time_zone", flat=True).first()
    return ZoneInfo(name or "UTC")
