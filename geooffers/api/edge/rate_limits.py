"""Limits over HTTP: every answer to a counted call says in RateLimit-* headers what is left."""

from collections.abc import Mapping
from datetime import datetime

from django.http import HttpRequest

from geooffers.callers import limits

_ALLOWANCE = "geooffers.allowance"


def spend(request: HttpRequest, limit: limits.Limit, *, caller: str, now: datetime) -> None:
    try:
        request.META[_ALLOWANCE] = limits.spend(limit, caller=caller, now=now)
    except limits.TooManyRequests as refusal:
        request.META[_ALLOWANCE] = refusal.allowance
        raise


def headers(request: HttpRequest) -> Mapping[str, str]:
    """For the answer; none when the call was not counted."""
    allowance: limits.Allowance | None = request.META.get(_ALLOWANCE)
    if allowance is None:
        return {}
    return {
        "RateLimit-Limit": str(allowance.limit.amount),
        "RateLimit-Remaining": str(allowance.remaining),
        "RateLimit-Reset": str(allowance.reset_s),
    }
