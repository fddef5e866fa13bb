"""The forgetting: what is older than its limit loses its person, or goes. The limits are settings.

Each run takes a small batch of every table, in a transaction of its own, and leaves a `Forgotten` row: how many, of
what, older than when, and nobody's name.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from geooffers.api.models import RateCount, StoredReply
from geooffers.coupons.models import Coupon, Decision, LedgerEntry, Redemption, RefusedScan
from geooffers.rounds.models import Forgotten
from geooffers.visits.models import Visit
from notifications.models import Push

# No limit of ours looks back further than a day.
KEEP_RATE_COUNTS = timedelta(days=1)


def run(*, now: datetime, limit: int) -> int:
    """One batch of each. The largest number of rows that a table gave: as large as `limit` means there is more."""
    most = 0
    for what, keep, forget in steps():
        before = now - keep
        with transaction.atomic():
            rows = forget(before, limit)
            if rows:
                Forgotten.objects.create(what=what, rows=rows, before=before, at=now)
        most = max(most, rows)
    return most


def steps() -> tuple[tuple[str, timedelta, Callable[[datetime, int], int]], ...]:
    return (
        ("visits", settings.KEEP_VISITS, _visits),
        ("decisions", settings.KEEP_VISITS, _decisions),
        ("pushes", settings.KEEP_PUSHES, _pushes),
        ("redemptions", settings.KEEP_REDEMPTIONS, _redemptions),
        ("refused scans", settings.KEEP_REDEMPTIONS, _refused_scans),
        ("stored replies", settings.KEEP_REPLIES, _replies),
        ("rate counts", KEEP_RATE_COUNTS, _rate_counts),
    )


def _visits(before: datetime, limit: int) -> int:
    """A visit is nobody's only when neither its coupons nor its decisions lead back to the person."""
    old = Visit.objects.filter(began_at__lt=before, ended_at__isnull=False, shopper__isnull=False)
    ids = list(old.order_by("began_at").values_list("pk", flat=True)[:limit])
    Coupon.objects.filter(visit__in=ids).update(visit=None)
    Decision.objects.filter(visit__in=ids).update(shopper=None)
    return Visit.objects.filter(pk__in=ids).update(shopper=None)


def _decisions(before: datetime, limit: int) -> int:
    old = Decision.objects.filter(at__lt=before, shopper__isnull=False)
    ids = list(old.order_by("at").values_list("pk", flat=True)[:limit])
    return Decision.objects.filter(pk__in=ids).update(shopper=None)


def _pushes(before: datetime, limit: int) -> int:
    """Unsettled rows stay, however old: the next claim settles them first, so that each ends with a reason."""
    return _delete(Push.objects.filter(settled_at__lt=before), limit)


def _redemptions(before: datetime, limit: int) -> int:
    """The entries of the ledger that the redemption closed go with it: they cancel out, the sums stay as they were."""
    old = Redemption.objects.filter(redeemed_at__lt=before).order_by("redeemed_at")
    coupons = list(old.values_list("coupon", flat=True)[:limit])
    LedgerEntry.objects.filter(coupon__in=coupons).delete()
    return Redemption.objects.filter(coupon__in=coupons).delete()[0]


def _refused_scans(before: datetime, limit: int) -> int:
    return _delete(RefusedScan.objects.filter(at__lt=before), limit)


def _replies(before: datetime, limit: int) -> int:
    return _delete(StoredReply.objects.filter(created_at__lt=before), limit)


def _rate_counts(before: datetime, limit: int) -> int:
    return _delete(RateCount.objects.filter(window_start__lt=before), limit)


def _delete(rows: "QuerySet[Any]", limit: int) -> int:
    ids = list(rows.order_by("pk").values_list("pk", flat=True)[:limit])
    deleted: int = rows.filter(pk__in=ids).delete()[0]
    return deleted
