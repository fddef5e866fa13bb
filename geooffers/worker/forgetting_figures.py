"""What the forgetting did and what it still holds, for the operators' page. Counts and times; no names."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db.models import Sum
from django.db.models.functions import TruncDate

from geooffers.shoppers.models import DataRequest, DataRequestKind, Shopper, Tombstone
from geooffers.worker.models import Forgotten, TaskLease
from geooffers.worker.tasks import forget

DAYS = 30
# The task runs every six hours; what is older than its limit by more than this has been missed.
GRACE = timedelta(hours=12)


@dataclass(frozen=True, kw_only=True)
class ForgettingTable:
    """One step of the forgetting. `days` are the last thirty, the oldest first."""

    name: str
    becomes: str
    keep: timedelta
    oldest: datetime | None
    is_overdue: bool
    days: tuple[int, ...]
    total: int

    @property
    def today(self) -> int:
        return self.days[-1]


@dataclass(frozen=True, kw_only=True)
class Figures:
    tables: tuple[ForgettingTable, ...]
    last_run_at: datetime | None
    forgotten: int
    erasures: int
    unfinished: int
    is_late: bool
    slowest: timedelta | None
    copies: int
    tombstones: int


def figures(*, now: datetime) -> Figures:
    since = now - timedelta(days=DAYS)
    days = _by_day(since=since)
    totals = dict(Forgotten.objects.order_by().values_list("what").annotate(Sum("rows")))
    tables = tuple(_table(step, days=days, total=totals.get(step.name, 0), now=now) for step in forget.STEPS)
    lately = DataRequest.objects.filter(asked_at__gt=since)
    erasures = lately.filter(kind=DataRequestKind.ERASURE)
    waiting = Shopper.objects.filter(erasure__isnull=False)
    done = erasures.filter(done_at__isnull=False).values_list("asked_at", "done_at")
    lease = TaskLease.objects.filter(name="forget").first()
    return Figures(
        tables=tables,
        last_run_at=lease.last_run_at if lease else None,
        forgotten=sum(sum(table.days) for table in tables),
        erasures=erasures.count(),
        unfinished=waiting.values("erasure").distinct().count(),
        is_late=waiting.filter(erasure__asked_at__lt=now - settings.ERASE_WITHIN).exists(),
        slowest=max((finished - asked for asked, finished in done if finished), default=None),
        copies=lately.filter(kind=DataRequestKind.ACCESS, done_at__isnull=False).count(),
        tombstones=Tombstone.objects.count(),
    )


def _by_day(*, since: datetime) -> Counter[tuple[str, date]]:
    rows = Forgotten.objects.filter(at__gt=since).annotate(day=TruncDate("at")).order_by()
    return Counter({(what, day): count for what, day, count in rows.values_list("what", "day").annotate(Sum("rows"))})


def _table(
    step: forget.ForgettingStep, *, days: Counter[tuple[str, date]], total: int, now: datetime
) -> ForgettingTable:
    keep, oldest = step.keep(), step.oldest()
    return ForgettingTable(
        name=step.name,
        becomes=step.becomes,
        keep=keep,
        oldest=oldest,
        is_overdue=oldest is not None and oldest < now - keep - GRACE,
        days=tuple(days[step.name, (now - timedelta(days=back)).date()] for back in reversed(range(DAYS))),
        total=total,
    )
