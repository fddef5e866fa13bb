"""What holds for every answer: a request id, no caching, and problem+json where the framework has a page of its own."""

import re
from collections.abc import Callable
from uuid import uuid4

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from geooffers.api.edge import client_address, errors, rate_limits

# Long enough to be one, and nothing that could be a coordinate or break a log line.
_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{16,64}")


class Manners:
    """The outermost middleware, so that it also sees what the others refuse (a bad Host header, a bad CSRF token)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        shown = request.headers.get("X-Request-ID", "")
        if not client_address.came_by_our_proxy(request):
            # Once Django is configured to believe this header, it believes it from any caller.
            request.META.pop("HTTP_X_FORWARDED_PROTO", None)
        request.META["geooffers.request_id"] = shown if _REQUEST_ID.fullmatch(shown) else uuid4().hex
        response = self.get_response(request)
        if request.path.startswith("/api/"):
            response = self._in_our_shape(request, response)
        response["X-Request-ID"] = request.META["geooffers.request_id"]
        return response

    def _in_our_shape(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        ours = response.get("Content-Type", "").startswith("application/problem+json")
        if response.status_code >= 400 and not ours:
            response = self._problem(request, response)
        for name, value in rate_limits.headers(request).items():
            response[name] = value
        response.setdefault("Cache-Control", "no-store")
        return response

    def _problem(self, request: HttpRequest, page: HttpResponseBase) -> HttpResponse:
        if page.status_code == 404:
            problem = errors.refused(request, Http404())
        elif page.status_code == 413:
            problem = errors.refused(request, RequestDataTooBig())
        else:
            problem = errors.plain(request, status=page.status_code)
        if "Allow" in page.headers:
            problem["Allow"] = page.headers["Allow"]
        return problem
