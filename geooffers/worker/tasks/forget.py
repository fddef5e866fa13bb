"""The forgetting: what is older than its limit loses its person, or goes. The limits are settings.

Each run takes a small batch of every table, in a transaction of its own, and leaves a `Forgotten` row: how many, of
what, older than when, how long it took, and no names. docs/privacy.md tells the same, table by table.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, Min, OuterRef, QuerySet

from geooffers.api.models import DroppedFixes
from geooffers.callers.models import RateCount, StoredReply
from geooffers.coupons.models import Coupon, CouponState, DeviceShare
from geooffers.decisions.models import Decision
from geooffers.events import pruning
from geooffers.events.models import Event, EventCount
from geooffers.ledger.models import LedgerEntry
from geooffers.operators.break_glass.models import Grant, Look
from geooffers.redemptions.models import Redemption, RefusedScan
from geooffers.shoppers.models import ConsentReceipt, DataRequest, Export, Tombstone
from geooffers.visits.models import Visit
from geooffers.worker.models import Forgotten
from merchants.fences import change_pruning
from merchants.offers import budgets
from notifications.models import Delivery, Message

# No limit of ours looks back further than a day.
KEEP_RATE_COUNTS = timedelta(days=1)
# Who looks why fixes are dropped looks at this month and the one before.
KEEP_DROPPED_FIXES = timedelta(days=62)
KEEP_EVENT_COUNTS = timedelta(days=62)


@dataclass(frozen=True, kw_only=True)
class ForgettingStep:
    """One table. `due` are the rows that the step is about, with the time by which they age as `aged_at`."""

    name: str
    becomes: str
    keep: Callable[[], timedelta]
    due: Callable[[], "QuerySet[Any]"]
    aged_at: str
    forget: Callable[[datetime, int], int]

    # Where the rows are many and no index has their time, something quicker than the least of `aged_at`.
    look_up_oldest: Callable[[], datetime | None] | None = None

    def oldest(self) -> datetime | None:
        """How far back what is still kept reaches; null when there is nothing."""
        if self.look_up_oldest is not None:
            return self.look_up_oldest()
        found: datetime | None = self.due().aggregate(oldest=Min(self.aged_at))["oldest"]
        return found


def run(*, now: datetime, limit: int) -> int:
    """One batch of each. The largest number of rows that a table gave: as large as `limit` means there is more."""
    most = 0
    for step in STEPS:
        before, began = now - step.keep(), time.monotonic()
        with transaction.atomic():
            rows = step.forget(before, limit)
            if rows:
                took_ms = round(1000 * (time.monotonic() - began))
                Forgotten.objects.create(what=step.name, rows=rows, before=before, at=now, took_ms=took_ms)
        most = max(most, rows)
    return most


# Which rows each step is about. Every one has a partial index, so that a run reads what it forgets and no more.


def _visits() -> "QuerySet[Any]":
    return Visit.objects.filter(ended_at__isnull=False, shopper__isnull=False)


def _decisions() -> "QuerySet[Any]":
    return Decision.objects.filter(shopper__isnull=False)


def _deliveries() -> "QuerySet[Any]":
    """Unsettled rows stay, however old: the next claim settles them first, so that each ends with a reason."""
    return Delivery.objects.filter(settled_at__isnull=False)


def _redeemed() -> "QuerySet[Any]":
    return Coupon.objects.filter(state=CouponState.REDEEMED)


def _expired() -> "QuerySet[Any]":
    return Coupon.objects.filter(state=CouponState.EXPIRED)


def _receipts() -> "QuerySet[Any]":
    """Of erased shoppers: the proof that somebody had agreed. Those of a shopper stay as long as the shopper does."""
    return ConsentReceipt.objects.filter(shopper__isnull=True)


# How each is forgotten.


def _forget_visits(before: datetime, limit: int) -> int:
    """A visit leads to nobody only when neither its coupons nor its decisions lead to the person."""
    # Visits before coupons, as everywhere; what a sign-in is moving waits for the next run.
    locked = _visits().filter(began_at__lt=before).order_by("began_at").select_for_update(skip_locked=True)
    ids = list(locked.values_list("pk", flat=True)[:limit])
    _let_coupons_go(visit_ids=ids)
    Decision.objects.filter(visit__in=ids).update(shopper=None, coupon=None)
    pruning.forget_visits(visit_ids=ids)
    return Visit.objects.filter(pk__in=ids).update(shopper=None)


def _let_coupons_go(*, visit_ids: list[UUID]) -> None:
    """Locked one after the other by id, as an erasure locks those of a shopper: an UPDATE takes them in any order."""
    brought = Coupon.objects.filter(visit__in=visit_ids).order_by("pk").select_for_update(no_key=True)
    Coupon.objects.filter(pk__in=list(brought.values_list("pk", flat=True))).update(visit=None)


def _forget_decisions(before: datetime, limit: int) -> int:
    ids = list(_decisions().filter(at__lt=before).order_by("at").values_list("pk", flat=True)[:limit])
    return Decision.objects.filter(pk__in=ids).update(shopper=None, coupon=None)


def _forget_deliveries(before: datetime, limit: int) -> int:
    """A message goes with the last of its deliveries. A transaction that owes it again waits, and writes it anew."""
    old = _deliveries().filter(settled_at__lt=before).order_by("settled_at").values_list("pk", "message")[:limit]
    found = dict(old)
    messages = Message.objects.filter(pk__in=found.values()).order_by("pk").select_for_update(skip_locked=True)
    ids = list(messages.values_list("pk", flat=True))
    forgotten: int = _deliveries().filter(pk__in=found, message__in=ids, settled_at__lt=before).delete()[0]
    Message.objects.filter(~Exists(Delivery.objects.filter(message=OuterRef("pk"))), pk__in=ids).delete()
    return forgotten


def _forget_coupons(rows: "QuerySet[Any]", limit: int, *, now: datetime) -> int:
    """A coupon's whole story goes at once: redemptions, refused scans, ledger. An expired one's entries cancel out.
    Without those of a redeemed one its place is free again, so the cap gives it up: that is an entry of its own, which
    names nobody, and the books of what is left still add up."""
    # No more of them than is needed: a code that is sealed under a key that is gone does not open any more.
    coupons = list(rows.select_for_update(skip_locked=True).only("pk", "offer", "state")[:limit])
    ids = [coupon.pk for coupon in coupons]
    Redemption.objects.filter(coupon__in=ids).delete()
    RefusedScan.objects.filter(coupon__in=ids).delete()
    LedgerEntry.objects.filter(subject__in=ids).delete()
    Coupon.objects.filter(pk__in=ids).only("pk").delete()
    redeemed = Counter(coupon.offer_id for coupon in coupons if coupon.state == CouponState.REDEEMED)
    for offer_id, count in sorted(redeemed.items()):
        budgets.forget_redeemed(offer_id=offer_id, count=count, now=now)
    return len(ids)


def _deleting(due: Callable[[], "QuerySet[Any]"], aged_at: str) -> Callable[[datetime, int], int]:
    def forget(before: datetime, limit: int) -> int:
        old = due().filter(**{f"{aged_at}__lt": before}).order_by(aged_at)
        ids = list(old.values_list("pk", flat=True)[:limit])
        deleted: int = due().filter(pk__in=ids).delete()[0]
        return deleted

    return forget


def _plain(
    name: str,
    due: Callable[[], "QuerySet[Any]"],
    aged_at: str,
    keep: Callable[[], timedelta],
    *,
    becomes: str = "deleted",
) -> ForgettingStep:
    return ForgettingStep(
        name=name, becomes=becomes, keep=keep, due=due, aged_at=aged_at, forget=_deleting(due, aged_at)
    )


STEPS = (
    ForgettingStep(
        name="visits",
        becomes="lose their shopper, and every way back to them",
        keep=lambda: settings.KEEP_VISITS,
        due=_visits,
        aged_at="began_at",
        forget=_forget_visits,
    ),
    ForgettingStep(
        name="decisions",
        becomes="lose their shopper and their coupon",
        keep=lambda: settings.KEEP_VISITS,
        due=_decisions,
        aged_at="at",
        forget=_forget_decisions,
    ),
    ForgettingStep(
        name="messages",
        becomes="deleted, with their deliveries",
        keep=lambda: settings.KEEP_MESSAGES,
        due=_deliveries,
        aged_at="settled_at",
        forget=_forget_deliveries,
    ),
    ForgettingStep(
        name="redeemed coupons",
        becomes="deleted, with redemption, refused scans and ledger",
        keep=lambda: settings.KEEP_REDEMPTIONS,
        due=_redeemed,
        aged_at="redeemed_at",
        forget=lambda before, limit: _forget_coupons(
            _redeemed().filter(redeemed_at__lt=before).order_by("redeemed_at", "pk"),
            limit,
            now=before + settings.KEEP_REDEMPTIONS,
        ),
    ),
    ForgettingStep(
        name="expired coupons",
        becomes="deleted, with refused scans and ledger",
        keep=lambda: settings.KEEP_REDEMPTIONS,
        due=_expired,
        aged_at="expires_at",
        forget=lambda before, limit: _forget_coupons(
            _expired().filter(expires_at__lt=before).order_by("expires_at", "pk"),
            limit,
            now=before + settings.KEEP_REDEMPTIONS,
        ),
    ),
    _plain("refused scans", RefusedScan.objects.all, "at", lambda: settings.KEEP_REFUSED_SCANS),
    _plain("receipts of erased shoppers", _receipts, "at", lambda: settings.KEEP_RECEIPTS),
    _plain("sessions", Session.objects.all, "expire_date", timedelta),
    _plain("exports", Export.objects.all, "expires_at", timedelta),
    ForgettingStep(
        name="events",
        becomes="deleted",
        keep=lambda: settings.KEEP_EVENTS,
        due=Event.objects.all,
        aged_at="at",
        forget=pruning.prune,
        look_up_oldest=pruning.oldest,
    ),
    _plain("event counts", EventCount.objects.all, "hour", lambda: KEEP_EVENT_COUNTS),
    _plain("stored replies", StoredReply.objects.all, "created_at", lambda: settings.KEEP_REPLIES),
    _plain("seats on phones", DeviceShare.objects.all, "ends_at", timedelta),
    _plain("rate counts", RateCount.objects.all, "window_start", lambda: KEEP_RATE_COUNTS),
    ForgettingStep(
        name="changes of fences",
        becomes="deleted",
        keep=lambda: change_pruning.KEEP,
        due=change_pruning.needless,
        aged_at="at",
        forget=change_pruning.forget,
    ),
    _plain("dropped fixes", DroppedFixes.objects.all, "hour", lambda: KEEP_DROPPED_FIXES),
    _plain("tombstones", Tombstone.objects.all, "at", lambda: settings.KEEP_TOMBSTONES),
    _plain(
        "data requests",
        lambda: DataRequest.objects.filter(done_at__isnull=False),
        "asked_at",
        lambda: settings.KEEP_AUDIT,
    ),
    _plain("operators' looks", Look.objects.all, "at", lambda: settings.KEEP_AUDIT),
    _plain("operators' accesses", lambda: Grant.objects.filter(looks=None), "ends_at", lambda: settings.KEEP_AUDIT),
    _plain("audit rows", Forgotten.objects.all, "at", lambda: settings.KEEP_AUDIT),
)
