"""For the load balancer: /livez says that the process answers, /readyz that it can do its work."""

from collections.abc import Callable

from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_safe

from geooffers import database_schema
from geooffers.shoppers.privacy import tombstones
from merchants.live_fences import live_fences

_migrated = False
_caught_up = False


@require_safe
def livez(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Red until the database answers, its tables are those of this code, nobody in it should be erased, and the fences
    are loaded and fresh."""
    checks = {"database": _database_answers()}
    checks["migrations"] = checks["database"] and _migrations_are_applied()
    checks["tombstones"] = checks["migrations"] and _has_caught_up()
    checks["fences"] = live_fences.matcher().is_ready(timezone.now())
    ready = all(checks.values())
    return JsonResponse({"status": "ok" if ready else "not_ready", "checks": checks}, status=200 if ready else 503)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception:  # whatever is wrong with the database: we are not ready
        return False
    return True


def _migrations_are_applied() -> bool:
    """Once true it stays true for this process: code does not change under it."""
    global _migrated
    if not _migrated:
        _migrated = not database_schema.unapplied()
    return _migrated


def _has_caught_up() -> bool:
    """Once true it stays true for this process. `runweb` asks before it starts; this is for who starts otherwise."""
    global _caught_up
    if not _caught_up:
        try:
            tombstones.refuse_unless_caught_up(now=timezone.now())
        except tombstones.NotCaughtUp:
            return False
        _caught_up = True
    return True


VIEWS = {"/livez": livez, "/readyz": readyz}


class Health:
    """Answers the two before anybody looks at the Host header or asks for TLS: who asks stands beside the process and
    calls it by its address, which is no name that shoppers use."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        view = VIEWS.get(request.path)
        return self.get_response(request) if view is None else view(request)
