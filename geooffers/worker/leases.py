"""Who runs a periodic task now. Any number of workers on any number of machines share the tasks through one row each.

Times are the database's: the machines need not agree about the clock. Each taking has a number, and every later write
names it: a worker that was taken for dead changes nothing when it wakes up.
"""

from collections.abc import Iterable
from datetime import timedelta

from django.db.models import F, Q
from django.db.models.functions import Now

from geooffers.worker.models import TaskLease


def prepare(*, names: Iterable[str]) -> None:
    TaskLease.objects.bulk_create([TaskLease(name=name) for name in names], ignore_conflicts=True)


def take(*, name: str, holder: str, every_s: float, lease_s: float) -> TaskLease | None:
    """The row as it was before: its number plus one is ours until the lease ends. None: it is not due, or another's.

    `until` of what was before, when there is one: that worker has not given it back. It died, or its task outlasted its
    lease without being renewed; either is counted as an overrun.
    """
    free = Q(until__isnull=True) | Q(until__lt=Now())
    due = Q(last_run_at__isnull=True) | Q(last_run_at__lte=Now() - timedelta(seconds=every_s))
    row = TaskLease.objects.filter(free, due, name=name).first()
    if row is None:
        return None
    lapsed = {"overruns": F("overruns") + 1, "overran_at": Now()} if row.until is not None else {}
    taken = TaskLease.objects.filter(free, name=name, lease=row.lease).update(
        holder=holder,
        lease=row.lease + 1,
        until=Now() + timedelta(seconds=lease_s),
        started_at=Now(),
        **lapsed,
    )
    return row if taken else None


def renew(*, name: str, lease: int, lease_s: float) -> bool:
    """While the task goes on. False: it is another's by now."""
    ours = TaskLease.objects.filter(name=name, lease=lease, until__isnull=False)
    return ours.update(until=Now() + timedelta(seconds=lease_s)) == 1


def keep_overrun(*, name: str, lease: int) -> None:
    """The task has taken longer than its lease is, and goes on."""
    TaskLease.objects.filter(name=name, lease=lease).update(overruns=F("overruns") + 1, overran_at=Now())


def give_back(*, name: str, lease: int, done: bool) -> bool:
    """After a task, `done` without a fault. False: it is another's by now, and nothing was changed."""
    ours = TaskLease.objects.filter(name=name, lease=lease, until__isnull=False)
    ended = {"until": None, "started_at": None, "last_run_at": Now()}
    if done:
        return ours.update(**ended, done_at=Now(), failures=0) == 1
    return ours.update(**ended, failures=F("failures") + 1) == 1
