"""`/phone`: a phone drawn in the browser, in the sandbox only. It is a client of /api/v1 like every other app; what
stands here is what a real phone has from elsewhere: the map, Firebase's delivery, and a wallet to look at.

Every view but the page and the map asks for the device's own token, and answers about that device alone.
"""

from collections.abc import Callable
from functools import wraps
from hashlib import sha256
from typing import Any
from uuid import UUID

import httpx
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from geooffers.coupons import wallet
from geooffers.coupons.models import Coupon
from geooffers.pages import phone_map, phone_passes
from geooffers.shoppers.models import Device
from geooffers.usecases import make_pass

SANDBOX_WITHIN_S = 3.0
LONGEST_HEADER = 256


class NotThisPhone(Exception):
    """No device is known by this token."""


View = Callable[..., HttpResponse]


def sandbox_only(view: View) -> View:
    """Asked at every call, not when the addresses are made: outside the sandbox there is no such page."""

    @wraps(view)
    def looked_at(request: HttpRequest, **arguments: Any) -> HttpResponse:
        if not settings.SANDBOX:
            raise Http404
        try:
            response: HttpResponse = require_GET(view)(request, **arguments)
        except NotThisPhone as unknown:
            response = JsonResponse({"detail": unknown.__doc__}, status=401)
        except wallet.NoSuchCoupon as unknown:
            response = JsonResponse({"detail": unknown.__doc__}, status=404)
        response["Cache-Control"] = "no-store"
        return response

    return looked_at


@sandbox_only
def page(request: HttpRequest) -> HttpResponse:
    return render(
        request,
        "pages/phone.html",
        {"tiles": settings.MAP_TILES, "attribution": settings.MAP_ATTRIBUTION},
    )


@sandbox_only
def fences(request: HttpRequest) -> HttpResponse:
    """What the map shows. The regions of POST /api/v1/nearby are circles without names, and only after a consent."""
    return JsonResponse(phone_map.shown())


@sandbox_only
def pushes(request: HttpRequest) -> HttpResponse:
    """What the sandbox, in Firebase's place, delivered to this phone since a number. A page may call its own origin
    only, so the web process asks."""
    since = request.GET.get("since", "0")
    if not (since.isascii() and since.isdecimal() and len(since) < 16):
        return JsonResponse({"detail": "since is a whole number"}, status=400)
    wanted = {"since": since, "address": _device(request).push_address}
    try:
        answer = httpx.get(f"{settings.SANDBOX_URL}/sandbox/messages", params=wanted, timeout=SANDBOX_WITHIN_S)
        return JsonResponse(answer.raise_for_status().json())
    except (httpx.HTTPError, ValueError):
        return JsonResponse({"detail": "The sandbox does not answer: is `manage.py runsandbox` running?"}, status=502)


@sandbox_only
def face(request: HttpRequest, coupon_id: UUID) -> HttpResponse:
    """How one of this phone's coupons looks: the merchant's colour, and both wallets' passes."""
    now = timezone.now()
    content = make_pass.content_of(coupon=_coupon(request, coupon_id), now=now)
    return JsonResponse(phone_passes.face_of(content, now=now))


@sandbox_only
def qr(request: HttpRequest, coupon_id: UUID) -> HttpResponse:
    """The code of one of this phone's coupons, as the till's camera reads it. None for a coupon that is over."""
    content = make_pass.content_of(coupon=_coupon(request, coupon_id), now=timezone.now())
    if content.code is None:
        return JsonResponse({"detail": "This coupon has no code any more."}, status=410)
    return HttpResponse(phone_passes.qr_svg(content.code), content_type="image/svg+xml")


def _coupon(request: HttpRequest, coupon_id: UUID) -> Coupon:
    return wallet.coupon_of(shopper=_device(request).shopper, coupon_id=coupon_id)


def _device(request: HttpRequest) -> Device:
    """Only the phone itself knows its token; the row holds a hash."""
    header = request.headers.get("Authorization", "")
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or len(header) > LONGEST_HEADER:
        raise NotThisPhone
    token_hash = sha256(token.strip().encode()).digest()
    device = Device.objects.select_related("shopper").filter(token_hash=token_hash, retired_at=None).first()
    if device is None:
        raise NotThisPhone
    return device
