"""`/phone`: a phone drawn in the browser, in the sandbox only. It is a client of /api/v1 like every other app; what
stands here is what a real phone has from elsewhere: the map, Firebase's delivery, and a wallet to look at.

Every view but the page and the map asks for the device's own token, and answers about that device alone.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

import httpx
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from geooffers.api.edge import clock, errors
from geooffers.api.identity import auth
from geooffers.callers import device_lookup
from geooffers.coupons import holdings
from geooffers.pages import phone_map, phone_passes
from geooffers.shoppers.identity import tokens
from geooffers.shoppers.models import Device
from geooffers.usecases.passes import make_pass
from notifications.passes.content import PassContent

SANDBOX_WITHIN_S = 3.0

View = Callable[..., HttpResponse]


def sandbox_only(view: View) -> View:
    """Asked at every call, not when the addresses are made: outside the sandbox there is no such page."""

    @wraps(view)
    def looked_at(request: HttpRequest, **arguments: Any) -> HttpResponse:
        if not settings.SANDBOX:
            raise Http404
        response: HttpResponse
        try:
            response = require_GET(view)(request, **arguments)
        except tuple(errors.PROBLEMS) as refusal:
            response = errors.refused(request, refusal)
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
    """What the map shows. The regions of POST /api/v1/regions are circles without names, and only after a consent."""
    return JsonResponse(phone_map.shown())


@sandbox_only
def pushes(request: HttpRequest) -> HttpResponse:
    """What the sandbox, in Firebase's place, delivered to this phone since a number. A page may call its own origin
    only, so the web process asks."""
    address = _device(request).push_address
    since = request.GET.get("since", "0")
    if not (since.isascii() and since.isdecimal() and len(since) < 16):
        return errors.problem_response(request, status=422, code="wrong_type", detail="since is a whole number.")
    if not address:
        return JsonResponse({"messages": [], "last": int(since)})
    wanted = {"since": since, "address": address}
    try:
        answer = httpx.get(f"{settings.SANDBOX_URL}/sandbox/messages", params=wanted, timeout=SANDBOX_WITHIN_S)
        return JsonResponse(answer.raise_for_status().json())
    except (httpx.HTTPError, ValueError):
        return errors.problem_response(
            request,
            status=502,
            code="sandbox_unavailable",
            detail="The sandbox does not answer: is `manage.py runsandbox` running?",
        )


@sandbox_only
def face(request: HttpRequest, coupon_id: UUID) -> HttpResponse:
    """How one of this phone's coupons looks: the merchant's colour, and both wallets' passes."""
    return JsonResponse(phone_passes.face_of(_content(request, coupon_id), now=clock.now()))


@sandbox_only
def qr(request: HttpRequest, coupon_id: UUID) -> HttpResponse:
    """The code of one of this phone's coupons, as the till's camera reads it. None for a coupon that is over."""
    content = _content(request, coupon_id)
    if content.code is None:
        return errors.problem_response(request, status=410, code="no_code", detail="This coupon has no code any more.")
    return HttpResponse(phone_passes.qr_svg(content.code), content_type="image/svg+xml")


def _content(request: HttpRequest, coupon_id: UUID) -> PassContent:
    coupon = holdings.coupon_of(shopper=_device(request).shopper, coupon_id=coupon_id)
    return make_pass.content_of(coupon=coupon, now=clock.now())


def _device(request: HttpRequest) -> Device:
    token = auth.bearer(request)
    if token is None:
        raise auth.TokenMissing
    return device_lookup.find(token_hash=tokens.hash_of(token), now=clock.now()).device
