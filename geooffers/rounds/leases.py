"""Who runs a periodic round now. Any number of workers on any number of machines share the rounds through one row each.

Times are the database's: the machines need not agree about the clock.
"""

from collections.abc import Iterable
from datetime import timedelta

from django.db.models import F, Q
from django.db.models.functions import Now

from geooffers.rounds.models import RoundLease


def prepare(*, names: Iterable[str]) -> None:
    RoundLease.objects.bulk_create([RoundLease(name=name) for name in names], ignore_conflicts=True)


def take(*, name: str, holder: str, every_s: float, lease_s: float) -> bool:
    """True: the round is ours until the lease ends. It is free when nobody holds it and its pause is over."""
    free = Q(until__isnull=True) | Q(until__lt=Now())
    due = Q(last_run_at__isnull=True) | Q(last_run_at__lte=Now() - timedelta(seconds=every_s))
    taken = RoundLease.objects.filter(free, due, name=name).update(
        holder=holder, until=Now() + timedelta(seconds=lease_s)
    )
    return taken == 1


def give_back(*, name: str, holder: str, done: bool) -> None:
    """After a round, `done` without a fault. A worker that overran its lease and was replaced changes nothing."""
    ours = RoundLease.objects.filter(name=name, holder=holder)
    if done:
        ours.update(until=None, last_run_at=Now(), done_at=Now(), failures=0)
    else:
        ours.update(until=None, last_run_at=Now(), failures=F("failures") + 1)
