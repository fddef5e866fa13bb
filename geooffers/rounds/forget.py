"""The forgetting: what is older than its limit loses its person, or goes. The limits are settings.

Each run takes a small batch of every table, in a transaction of its own, and leaves a `Forgotten` row: how many, of
what, older than when, and nobody's name.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from geooffers.api.models import RateCount, StoredReply
from geooffers.coupons.models import Coupon, CouponState, Decision, LedgerEntry, Redemption, RefusedScan
from geooffers.rounds.models import Forgotten
from geooffers.visits.models import Visit
from merchants import budgets
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
        ("coupons", settings.KEEP_REDEMPTIONS, _coupons),
        ("refused scans", settings.KEEP_REDEMPTIONS, _refused_scans),
        ("stored replies", settings.KEEP_REPLIES, _replies),
        ("rate counts", KEEP_RATE_COUNTS, _rate_counts),
    )


def _visits(before: datetime, limit: int) -> int:
    """A visit is nobody's only when neither its coupons nor its decisions lead back to the person."""
    old = Visit.objects.filter(began_at__lt=before, ended_at__isnull=False, shopper__isnull=False)
    # Visits before coupons, as everywhere; what a sign-in is moving waits for the next run.
    locked = old.order_by("began_at").select_for_update(skip_locked=True)
    ids = list(locked.values_list("pk", flat=True)[:limit])
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


def _coupons(before: datetime, limit: int) -> int:
    """A coupon's whole story goes at once: redemption, refused scans, ledger. Its entries cancel out, and the budget
    forgets the redemption too, so that the books of what is left still add up."""
    closed = Q(state=CouponState.REDEEMED, redeemed_at__lt=before) | Q(state=CouponState.EXPIRED, expires_at__lt=before)
    old = Coupon.objects.filter(closed).order_by("pk").select_for_update(skip_locked=True)
    coupons = list(old[:limit])
    ids = [coupon.pk for coupon in coupons]
    for model in (Redemption, RefusedScan, LedgerEntry):
        model._default_manager.filter(coupon__in=ids).delete()
    Coupon.objects.filter(pk__in=ids).delete()
    redeemed = Counter(coupon.offer_id for coupon in coupons if coupon.state == CouponState.REDEEMED)
    for offer_id, count in sorted(redeemed.items()):
        budgets.forget_redeemed(offer_id=offer_id, count=count)
    return len(ids)


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
