"""GET /metrics, for who has the token of `GEOOFFERS_METRICS_TOKEN`. Without that setting there is no such address."""

import hmac
from collections.abc import Callable

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.utils import timezone
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from geooffers.monitoring import figures

ADDRESS = "/metrics"


class Metrics:
    """Like /livez and /readyz before anybody looks at the Host header or asks for TLS: Prometheus stands beside the
    process and calls it by its address.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path != ADDRESS or not settings.METRICS_TOKEN:
            return self.get_response(request)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        given = request.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {settings.METRICS_TOKEN}".encode()):
            return _said("a token is needed\n", status=401, headers={"WWW-Authenticate": "Bearer"})
        try:
            told = figures.exposition(now=timezone.now())
        except (OperationalError, InterfaceError):
            return _said("the database does not answer\n", status=503)
        return HttpResponse(told, content_type=CONTENT_TYPE_PLAIN_0_0_4, headers={"Cache-Control": "no-store"})


def _said(text: str, *, status: int, headers: dict[str, str] | None = None) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8", headers=headers)
