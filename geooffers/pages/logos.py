"""A merchant's logo, for everybody: it is on every coupon."""

from uuid import UUID

from csp.constants import NONE
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from merchants.shops import logos


@require_safe
def image(request: HttpRequest, merchant_id: UUID, digest: str) -> HttpResponse:
    """Of one address the answer never changes, so it may be kept for ever. An old logo's address is gone."""
    return _kept_for_ever(logos.png_at(merchant_id=merchant_id, digest=digest))


@require_safe
def square(request: HttpRequest, merchant_id: UUID, digest: str, colour: str) -> HttpResponse:
    """On the merchant's colour, for a wallet that cuts a circle out of it."""
    return _kept_for_ever(logos.square_at(merchant_id=merchant_id, digest=digest, colour=f"#{colour}"))


def _kept_for_ever(png: bytes | None) -> HttpResponse:
    if png is None:
        raise Http404
    response = HttpResponse(png, content_type="image/png")
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    response["X-Content-Type-Options"] = "nosniff"
    # Opened by itself it is a document of ours; it may load and run nothing.
    response._csp_config = {"default-src": [NONE]}  # type: ignore[attr-defined]  # how django-csp is told
    return response
