"""The follower `figures`: how many events of a kind there were in an hour, for the operators' monitoring.

Events of visits are left out. How many of them an hour had would be told of a few people too, and a count does not
know of how many people it is.
"""

from collections import Counter
from collections.abc import Sequence

from django.db.models import F

from geooffers.events.happened import EventKind
from geooffers.events.models import Event, EventCount

NAME = "figures"
COUNTED = frozenset(EventKind) - {EventKind.VISIT_BEGAN, EventKind.VISIT_ENDED, EventKind.VISIT_CORRECTED}


def count(events: Sequence[Event], /) -> None:
    """By the hour in which it happened. Each count is written by one transaction at a time: the follower's."""
    found = Counter(
        (each.at.replace(minute=0, second=0, microsecond=0), each.kind) for each in events if each.kind in COUNTED
    )
    if not found:
        return
    rows = [EventCount(hour=hour, kind=kind) for hour, kind in sorted(found)]
    EventCount.objects.bulk_create(rows, ignore_conflicts=True)
    for (hour, kind), more in found.items():
        EventCount.objects.filter(hour=hour, kind=kind).update(count=F("count") + more)
