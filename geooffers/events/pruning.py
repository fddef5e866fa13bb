"""Deletes old events that every follower has read. A follower that is down is waited for, but not for ever."""

import logging
from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F, Min

from geooffers.events.models import Event, EventFollower

# Beyond their own limit. Then they go unread, which the follower's row, the log and a metric say.
WAIT_FOR_FOLLOWERS = timedelta(days=7)

log = logging.getLogger(__name__)


def oldest() -> datetime | None:
    """When the first event happened that is still there. Numbers follow the time closely enough."""
    return Event.objects.order_by("pk").values_list("at", flat=True).first()


def prune(before: datetime, limit: int) -> int:
    """Of the first `limit` events those that happened before `before`; how many went."""
    first = list(Event.objects.order_by("pk").values_list("pk", "at")[:limit])
    read_by_all = EventFollower.objects.aggregate(least=Min("delivered"))["least"]
    late = before - WAIT_FOR_FOLLOWERS
    old = [
        number for number, at in first if at < before and (read_by_all is None or number <= read_by_all or at < late)
    ]
    if not old:
        return 0
    if read_by_all is not None:
        for follower in EventFollower.objects.filter(delivered__lt=old[-1]).order_by("pk"):
            unread = sum(number > follower.delivered for number in old)
            EventFollower.objects.filter(pk=follower.pk).update(missed=F("missed") + unread)
            log.error("the follower %s has not read %d events that are too old to be kept", follower.pk, unread)
    return Event.objects.filter(pk__in=old).delete()[0]


def forget_visits(*, visit_ids: Collection[UUID]) -> None:
    """The visits have lost their shopper, so their events lose it as well."""
    Event.objects.filter(visit_id__in=visit_ids, shopper_id__isnull=False).update(shopper_id=None)
