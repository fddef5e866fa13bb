"""Opening shoppers' data, looking, and closing it again."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from geooffers.operators.break_glass.models import Grant, Look

# What an operator may ask for.
LASTS: Mapping[str, timedelta] = {
    "15 minutes": timedelta(minutes=15),
    "1 hour": timedelta(hours=1),
    "4 hours": timedelta(hours=4),
}


def open_for(*, user: Any, reason: str, lasts: timedelta, now: datetime) -> Grant:
    """A grant that is open already ends: the newest reason is the one that holds."""
    close_all(user=user, now=now)
    return Grant.objects.create(
        operator_id=user.pk, operator=user.get_username(), reason=reason, opened_at=now, ends_at=now + lasts
    )


def close_all(*, user: Any, now: datetime) -> int:
    open_ones = Grant.objects.filter(operator_id=user.pk, closed_at=None, ends_at__gt=now)
    return open_ones.update(closed_at=now)


def of(request: HttpRequest) -> Grant | None:
    """The open grant of the request's user; looked for once a request."""
    if "geooffers.grant" not in request.META:
        now = timezone.now()
        user_id = request.user.pk or 0
        mine = Grant.objects.filter(operator_id=user_id, closed_at=None, opened_at__lte=now, ends_at__gt=now)
        request.META["geooffers.grant"] = mine.order_by("-opened_at").first()
    found: Grant | None = request.META["geooffers.grant"]
    return found


def keep_look(request: HttpRequest, *, page: str, row: str = "") -> None:
    grant = of(request)
    if grant is None:
        raise ValueError("nothing is shown without a grant")
    Look.objects.create(grant=grant, page=page[:80], row=row[:80], at=timezone.now())
