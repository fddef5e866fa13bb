"""The outbox: what we decided to tell a phone, committed with the decision itself.

A row is claimed (which commits), sent outside any transaction, then settled under the lease it was claimed with. A
crash between sending and settling sends again; the tag makes the second one invisible on the phone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Case, Exists, IntegerField, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Now

from geooffers import events
from geooffers.shoppers.consents import allowed, consents
from geooffers.shoppers.models import ConsentState, Device, Purpose, Shopper
from notifications import claim_statement
from notifications.models import MARKETING_KINDS, Kind, Push, PushState

# Counted by the claim, so that a row which kills its worker is given up too. With the pauses of `sending` this is
# about fifty minutes of trying.
MAX_ATTEMPTS = 12
# How far into the queue one look goes, in batches. Claims go by the same order, so what lies deeper is in nobody's way
# yet; judging a whole backlog for every batch would cost more than sending it.
HEAD = 3
# After an outage the head may be nothing but expired rows: so many looks before the caller gets an empty answer.
LOOKS = 100
SERVICE_KINDS = frozenset(Kind) - MARKETING_KINDS


@dataclass(frozen=True, kw_only=True)
class Claimed:
    """A row in our hands until the lease ends, and all that is needed to send it."""

    id: UUID
    lease: int
    attempts: int
    kind: Kind
    shopper_id: UUID
    subject: UUID
    device_id: UUID
    address_kind: str
    address: str
    tag: str
    title: str
    body: str
    link: str
    expires_at: datetime


# -- into the outbox


def enqueue(
    *,
    kind: Kind,
    shopper: Shopper,
    subject: UUID,
    expires_at: datetime,
    now: datetime,
    title: str = "",
    body: str = "",
) -> None:
    """Owe a message about a coupon (`subject`) to every reachable phone of the shopper; it commits with the decision.

    Repeating it is harmless: one row for each kind, coupon and device. Without a title the message is silent.
    """
    phones = Device.objects.filter(shopper=shopper, retired_at__isnull=True).exclude(push_address="")
    Push.objects.bulk_create(
        [
            Push(
                device_id=device_id,
                shopper=shopper,
                kind=kind,
                subject=subject,
                dedupe=f"{kind}:{subject}:{device_id}",
                tag=f"coupon-{subject}",
                title=title,
                body=body,
                link=f"/coupons/{subject}",
                not_before=now,
                expires_at=expires_at,
                created_at=now,
            )
            for device_id in phones.values_list("pk", flat=True)
        ],
        ignore_conflicts=True,
    )


def cancel_marketing(*, shopper: Shopper, reason: str, now: datetime) -> int:
    """The consent was withdrawn. What is claimed may be on its way; should it come back, its next claim judges it."""
    return _cancel(Push.objects.filter(shopper=shopper, kind__in=MARKETING_KINDS), reason=reason, now=now)


def cancel_subject(*, subject: UUID, reason: str, now: datetime) -> int:
    """The coupon is used up: nobody needs to hear of it any more."""
    return _cancel(Push.objects.filter(subject=subject, kind__in=MARKETING_KINDS), reason=reason, now=now)


def cancel_device(*, device: Device, reason: str, now: datetime) -> int:
    """The phone changed hands: nothing that was meant for its old holder goes there, service messages neither."""
    return _cancel(Push.objects.filter(device=device), reason=reason, now=now)


def move(*, from_shopper: Shopper, to_shopper: Shopper) -> int:
    """At sign-in what was owed to the anonymous shopper is owed to the account; the claim asks for its consent then."""
    unsettled = Push.objects.filter(shopper=from_shopper, state__in=[PushState.READY, PushState.CLAIMED])
    with transaction.atomic():
        return _locked_in_order(unsettled).update(shopper=to_shopper)


def _cancel(rows: QuerySet[Push], *, reason: str, now: datetime) -> int:
    with transaction.atomic():
        ready = _locked_in_order(rows.filter(state=PushState.READY))
        return ready.update(state=PushState.CANCELLED, reason=reason, settled_at=now)


def _locked_in_order(rows: QuerySet[Push]) -> QuerySet[Push]:
    """A withdrawal and a redemption find the same rows by different indexes; unordered, they could wait in a circle."""
    return Push.objects.filter(pk__in=list(rows.order_by("pk").select_for_update().values_list("pk", flat=True)))


# -- out of the outbox


def claim(*, now: datetime, limit: int, lease_s: float, guards: Mapping[Kind, Q]) -> list[Claimed]:
    """Take what is due, at most `limit` rows, for `lease_s` seconds of the database's clock.

    Service rows need neither consent nor guard. Marketing rows are joined with the consent state, and that row is
    locked for share: a JOIN alone reads a consent whose withdrawal is about to commit, and the claim would commit
    after it. Rows or consents that somebody else has locked are skipped, so a claim never waits.
    """
    unguarded = MARKETING_KINDS - guards.keys()
    if unguarded:
        raise ValueError(f"marketing kinds without a guard: {sorted(unguarded)}")
    if not _anything_to_do(now=now):
        return []  # without a transaction: on SQLite even an empty one would take the write lock
    _take_back_lapsed_leases()
    due = Push.objects.filter(state=PushState.READY, not_before__lte=now).order_by("not_before", "pk")
    for _ in range(LOOKS):
        ids = list(due.values_list("pk", flat=True)[: HEAD * limit])
        if not ids:
            break
        head = Push.objects.filter(pk__in=ids, state=PushState.READY)
        settled = _settle_what_must_not_be_sent(head, now=now, guards=guards)
        claimed = _claim_head(head, now=now, limit=limit, lease_s=lease_s, guards=guards)
        if claimed or not settled:
            return claimed
    return []


def _claim_head(
    head: QuerySet[Push], *, now: datetime, limit: int, lease_s: float, guards: Mapping[Kind, Q]
) -> list[Claimed]:
    alive = head.filter(expires_at__gt=now, attempts__lt=MAX_ATTEMPTS)
    service = alive.filter(kind__in=SERVICE_KINDS)
    claimed = _claim_rows(wanted=service, consent=False, limit=max(1, limit // 2), lease_s=lease_s, now=now)
    for kind in sorted(MARKETING_KINDS):
        marketing = alive.filter(guards[kind], ~Exists(_barred()), kind=kind)
        left = limit - len(claimed)
        claimed += _claim_rows(wanted=marketing, consent=True, limit=left, lease_s=lease_s, now=now)
    return claimed


def _anything_to_do(*, now: datetime) -> bool:
    return Push.objects.filter(
        Q(state=PushState.READY, not_before__lte=now) | Q(state=PushState.CLAIMED, lease_until__lt=Now())
    ).exists()


def _claim_rows(*, wanted: QuerySet[Push], consent: bool, limit: int, lease_s: float, now: datetime) -> list[Claimed]:
    if limit <= 0:
        return []
    with transaction.atomic(), connection.cursor() as cursor:
        statement, parameters = claim_statement.build(
            wanted=wanted, consent=consent, limit=limit, lease_s=lease_s, now=now
        )
        cursor.execute(statement, parameters)
        leases = {UUID(str(row_id)): lease for row_id, lease in cursor.fetchall()}
        rows = Push.objects.filter(pk__in=leases).select_related("device").order_by("not_before", "pk")
        return [_as_claimed(row) for row in rows]


def _as_claimed(row: Push) -> Claimed:
    return Claimed(
        id=row.pk,
        lease=row.lease,
        attempts=row.attempts,
        kind=Kind(row.kind),
        shopper_id=row.shopper_id,
        subject=row.subject,
        device_id=row.device_id,
        address_kind=row.device.push_kind,
        address=row.device.push_address,
        tag=row.tag,
        title=row.title,
        body=row.body,
        link=row.link,
        expires_at=row.expires_at,
    )


def _take_back_lapsed_leases() -> None:
    """The worker died or hangs. Should it wake up, its lease number no longer settles anything."""
    with transaction.atomic():
        lapsed = Push.objects.filter(state=PushState.CLAIMED, lease_until__lt=Now())
        _locked(lapsed).update(state=PushState.READY, lease_until=None)


def _settle_what_must_not_be_sent(head: QuerySet[Push], *, now: datetime, guards: Mapping[Kind, Q]) -> int:
    """Each with the first verdict that fits."""
    verdicts = _verdicts(now=now, guards=guards)
    first = Case(
        *(When(fits, then=Value(number)) for number, (fits, _, _) in enumerate(verdicts)), output_field=IntegerField()
    )
    rows: dict[int, list[UUID]] = {}
    for push_id, number in head.annotate(verdict=first).values_list("pk", "verdict"):
        if number is not None:
            rows.setdefault(number, []).append(push_id)
    settled = 0
    for number, ids in rows.items():
        fits, state, reason = verdicts[number]
        with transaction.atomic():
            # Judged again under the lock: a sign-in may have moved row, device and consent since.
            judged = _locked(head.filter(pk__in=ids)).filter(fits)
            settled += judged.update(state=state, reason=reason, settled_at=now)
    return settled


def _locked(rows: QuerySet[Push]) -> QuerySet[Push]:
    """Locked first and without waiting: two workers that change the same rows could wait for each other in a circle."""
    return Push.objects.filter(pk__in=list(rows.select_for_update(skip_locked=True).values_list("pk", flat=True)))


def _verdicts(*, now: datetime, guards: Mapping[Kind, Q]) -> list[tuple[Q, PushState, str]]:
    phone = Device.objects.filter(pk=OuterRef("device"))
    reachable = phone.filter(retired_at__isnull=True).exclude(push_address="")
    consent = ConsentState.objects.filter(
        consents.counts(now=now), shopper=OuterRef("shopper"), device=None, purpose=Purpose.MARKETING_PUSH
    )
    return [
        (Q(expires_at__lte=now), PushState.EXPIRED, "expired"),
        (Q(attempts__gte=MAX_ATTEMPTS), PushState.DEAD, "too_many_attempts"),
        (~Q(Exists(reachable)), PushState.CANCELLED, "device_unreachable"),
        (~Q(Exists(phone.filter(shopper=OuterRef("shopper")))), PushState.CANCELLED, "device_changed_hands"),
        (Q(kind__in=MARKETING_KINDS) & ~Q(Exists(consent)), PushState.CANCELLED, "no_consent"),
        (Q(kind__in=MARKETING_KINDS) & Q(Exists(_barred())), PushState.CANCELLED, "not_allowed"),
        *((Q(kind=kind) & ~guards[kind], PushState.CANCELLED, "no_longer_usable") for kind in sorted(MARKETING_KINDS)),
    ]


def _barred() -> QuerySet[Shopper]:
    """Such a shopper's consents ended when their age or place was told; this goes by the rules as they are today."""
    return Shopper.objects.filter(allowed.barred_from(Purpose.MARKETING_PUSH), pk=OuterRef("shopper"))


# -- settled, each under the lease of its claim; False says that the lease was lost and nothing was changed


def settle_sent(*, push: Claimed, provider_id: str, now: datetime) -> bool:
    # Whatever the vendor calls it: a name that the column refuses would end the worker, and send the message again.
    fits = provider_id.replace("\x00", "")[: Push._meta.get_field("provider_id").max_length]
    with transaction.atomic():
        settled = _settle(push, state=PushState.SENT, provider_id=fits, settled_at=now)
        if settled:
            events.append(
                events.Happened(
                    kind=events.EventKind.MESSAGE_SENT,
                    at=now,
                    shopper_id=push.shopper_id,
                    coupon_id=push.subject,
                    message_id=push.id,
                )
            )
    return settled


def settle_retry(*, push: Claimed, reason: str, wait_s: float, now: datetime) -> bool:
    """Not taken this time: back into the outbox, behind everything that is due before."""
    again_at = now + timedelta(seconds=wait_s)
    if push.attempts >= MAX_ATTEMPTS:
        return settle_dead(push=push, reason=reason, now=now)
    if again_at >= push.expires_at:
        return _settle(push, state=PushState.EXPIRED, reason=reason, settled_at=now)
    return _settle(push, state=PushState.READY, reason=reason, not_before=again_at)


def settle_dead(*, push: Claimed, reason: str, now: datetime) -> bool:
    return _settle(push, state=PushState.DEAD, reason=reason, settled_at=now)


def settle_expired(*, push: Claimed, now: datetime) -> bool:
    return _settle(push, state=PushState.EXPIRED, reason="expired", settled_at=now)


def give_back(*, push: Claimed) -> bool:
    """Claimed but not even tried: it costs no attempt."""
    return _settle(push, state=PushState.READY, attempts=push.attempts - 1)


def _settle(push: Claimed, **changes: Any) -> bool:
    mine = Push.objects.filter(pk=push.id, state=PushState.CLAIMED, lease=push.lease)
    return mine.update(lease_until=None, **changes) == 1
