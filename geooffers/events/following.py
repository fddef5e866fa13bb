"""Followers: each reads every event once and in order, from an offset of its own.

A follower's row is locked, its handler is called with the next events, and its offset moves, all in one transaction:
what the handler writes to this database is there exactly once, whatever is killed in between. A handler that tells
anybody else does so at least once, and after this: it writes down what it owes, as deliveries do.

Any number of workers may follow for one name. The lease says which of them does, so that the others need not wait for
the row; should two believe they have it, the row's lock and the number of the lease let one of them through.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from geooffers.events.horizon import Horizon
from geooffers.events.models import Event, EventFollower

LEASE_S = 30.0
BATCH = 500


class Handle(Protocol):
    def __call__(self, events: Sequence[Event], /) -> None:
        """Called in the transaction that moves the offset. If it raises, the same events come again."""


@dataclass(frozen=True, kw_only=True)
class Follower:
    name: str
    handle: Handle


def prepare(*, names: Iterable[str]) -> None:
    """A new follower begins with the oldest event that is kept."""
    EventFollower.objects.bulk_create([EventFollower(name=name) for name in names], ignore_conflicts=True)


def take(*, name: str, holder: str, lease_s: float = LEASE_S) -> int | None:
    """The number of the lease, when it is ours; None while another worker has it. By the database's clock."""
    free = Q(lease_until=None) | Q(lease_until__lt=Now()) | Q(holder=holder)
    row = EventFollower.objects.filter(free, name=name)
    if not row.update(holder=holder, lease=F("lease") + 1, lease_until=_in(lease_s)):
        return None
    return EventFollower.objects.filter(name=name, holder=holder).values_list("lease", flat=True).first()


def give_back(*, name: str, lease: int) -> None:
    EventFollower.objects.filter(name=name, lease=lease).update(lease_until=None)


def is_behind(*, name: str, horizon: Horizon) -> bool:
    """Whether there is something to deliver. Reads one row, writes nothing."""
    return EventFollower.objects.filter(name=name, delivered__lt=horizon.number).exists()


def deliver(
    *, follower: Follower, lease: int, horizon: Horizon, limit: int = BATCH, lease_s: float = LEASE_S
) -> int | None:
    """The next events up to the horizon, at most `limit`; how many. As many as `limit` means there may be more.

    None: the lease is another's by now, and nothing was done.
    """
    with transaction.atomic():
        row = EventFollower.objects.select_for_update().filter(name=follower.name, lease=lease).first()
        if row is None:
            return None
        events = list(Event.objects.filter(pk__gt=row.delivered, pk__lte=horizon.number).order_by("pk")[:limit])
        if events:
            follower.handle(events)
        if len(events) < limit:
            # That was all. Numbers of transactions that were rolled back are passed with it.
            row.delivered = max(row.delivered, horizon.number)
            row.complete_at = horizon.at
        else:
            row.delivered = events[-1].pk
        changes = {"delivered": row.delivered, "complete_at": row.complete_at, "failures": 0}
        EventFollower.objects.filter(pk=row.pk).update(lease_until=_in(lease_s), **changes)
    return len(events)


def keep_failure(*, name: str, lease: int) -> None:
    """The handler raised, which rolled its transaction back; the metrics tell how often."""
    EventFollower.objects.filter(name=name, lease=lease).update(failures=F("failures") + 1)


def _in(lease_s: float) -> object:
    return Now() + timedelta(seconds=lease_s)
