"""Take what is due of one channel, and settle what must not be sent any more."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Case, Exists, IntegerField, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Now

from geooffers.shoppers.consents import allowed, consents
from geooffers.shoppers.models import ConsentState, Device, Purpose, Shopper
from notifications.deliveries import claim_statement
from notifications.deliveries.limits import Limits
from notifications.models import MARKETING_KINDS, Channel, Delivery, DeliveryState, Kind, Message

# What only the rooms above know of a marketing kind, as a condition on the message.
Guards = Mapping[Kind, Q]
# Which marketing kinds a channel carries. The others carry service messages alone.
MARKETING = {Channel.FCM: MARKETING_KINDS}
# How far into the queue one look goes, in batches. Claims go by the same order, so what lies deeper holds up no claim
# yet; judging a whole backlog for every batch would cost more than sending it.
HEAD = 3
# After an outage the head may be nothing but expired rows: so many looks before the caller gets an empty answer.
LOOKS = 100


@dataclass(frozen=True, kw_only=True)
class Claimed:
    """A delivery in our hands until the lease ends, and all that is needed to send it."""

    id: UUID
    lease: int
    attempts: int
    renewals: int
    kind: Kind
    message_id: UUID
    shopper_id: UUID | None
    subject: UUID
    # Where to: the device's address as it was when it was claimed, or the delivery's own.
    device_id: UUID | None
    address_kind: str
    address: str
    tag: str
    title: str
    body: str
    link: str
    expires_at: datetime


def claim(*, channel: Channel, limits: Limits, now: datetime, guards: Guards) -> list[Claimed]:
    """Take what is due, at most a batch, for a lease of the database's clock.

    Service deliveries need neither consent nor guard. Marketing is joined with the consent state, and that row is
    locked for share: a JOIN alone reads a consent whose withdrawal is about to commit, and the claim would commit after
    it. Rows or consents that somebody else has locked are skipped, so a claim never waits.
    """
    unguarded = MARKETING.get(channel, frozenset()) - guards.keys()
    if unguarded:
        raise ValueError(f"marketing kinds without a guard: {sorted(unguarded)}")
    if not _anything_to_do(channel, now=now):
        return []  # without a transaction: on SQLite even an empty one would take the write lock
    _take_back_lapsed_leases(channel)
    due = _ready(channel).filter(not_before__lte=now).order_by("not_before", "pk")
    for _ in range(LOOKS):
        ids = list(due.values_list("pk", flat=True)[: HEAD * limits.batch])
        if not ids:
            break
        head = Delivery.objects.filter(pk__in=ids, state=DeliveryState.READY)
        settled, kinds = _settle_what_must_not_be_sent(head, channel=channel, limits=limits, now=now, guards=guards)
        claimed = _claim_head(head, kinds=kinds, channel=channel, limits=limits, now=now, guards=guards)
        if claimed or not settled:
            return claimed
    return []


def next_due_at(*, channel: Channel) -> datetime | None:
    """When the delivery is due that is due first, be it long ago; None when none waits."""
    return _ready(channel).order_by("not_before").values_list("not_before", flat=True).first()


def _ready(channel: Channel) -> QuerySet[Delivery]:
    return Delivery.objects.filter(channel=channel, state=DeliveryState.READY)


def _anything_to_do(channel: Channel, *, now: datetime) -> bool:
    return Delivery.objects.filter(
        Q(state=DeliveryState.READY, not_before__lte=now) | Q(state=DeliveryState.CLAIMED, lease_until__lt=Now()),
        channel=channel,
    ).exists()


def _claim_head(
    head: QuerySet[Delivery],
    *,
    kinds: frozenset[Kind],
    channel: Channel,
    limits: Limits,
    now: datetime,
    guards: Guards,
) -> list[Claimed]:
    """`kinds`: what the head holds."""
    marketing = MARKETING.get(channel, frozenset()) & kinds
    alive = head.filter(_reachable(channel), attempts__lt=limits.max_attempts)
    current = Message.objects.filter(pk=OuterRef("message"), expires_at__gt=now)
    service = alive.filter(Exists(current.exclude(kind__in=MARKETING_KINDS)))
    # Where there is both, each gets its half, so that neither waits for the end of the other.
    half = max(1, limits.batch // 2) if marketing else limits.batch
    claimed = []
    if kinds - MARKETING_KINDS:
        claimed += _claim_rows(wanted=service, consent=False, limit=half, limits=limits, now=now)
    for kind in sorted(marketing):
        guarded = alive.filter(Exists(current.filter(guards[kind], kind=kind)), ~Exists(_barred()))
        left = limits.batch - len(claimed)
        claimed += _claim_rows(wanted=guarded, consent=True, limit=left, limits=limits, now=now)
    return claimed


def _claim_rows(
    *, wanted: QuerySet[Delivery], consent: bool, limit: int, limits: Limits, now: datetime
) -> list[Claimed]:
    if limit <= 0:
        return []
    with transaction.atomic(), connection.cursor() as cursor:
        statement, parameters = claim_statement.build(
            wanted=wanted, consent=consent, limit=limit, lease_s=limits.lease_s, now=now
        )
        cursor.execute(statement, parameters)
        taken = [UUID(str(row_id)) for (row_id,) in cursor.fetchall()]
        rows = Delivery.objects.filter(pk__in=taken).select_related("device", "message").order_by("not_before", "pk")
        return [_as_claimed(row) for row in rows]


def _as_claimed(row: Delivery) -> Claimed:
    message, device = row.message, row.device
    return Claimed(
        id=row.pk,
        lease=row.lease,
        attempts=row.attempts,
        renewals=row.renewals,
        kind=Kind(message.kind),
        message_id=row.message_id,
        shopper_id=row.shopper_id,
        subject=message.subject,
        device_id=row.device_id,
        address_kind=device.push_kind if device is not None else "",
        address=device.push_address if device is not None else row.address,
        tag=message.tag,
        title=message.title,
        body=message.body,
        link=message.link,
        expires_at=message.expires_at,
    )


def _take_back_lapsed_leases(channel: Channel) -> None:
    """The worker died or hangs. Should it wake up, its lease number no longer settles anything."""
    with transaction.atomic():
        lapsed = Delivery.objects.filter(channel=channel, state=DeliveryState.CLAIMED, lease_until__lt=Now())
        _locked(lapsed).update(state=DeliveryState.READY, lease_until=None)


def _settle_what_must_not_be_sent(
    head: QuerySet[Delivery], *, channel: Channel, limits: Limits, now: datetime, guards: Guards
) -> tuple[int, frozenset[Kind]]:
    """Each with the first verdict that fits. How many, and of which kinds the others are."""
    verdicts = _verdicts(channel=channel, limits=limits, now=now, guards=guards)
    first = Case(
        *(When(fits, then=Value(number)) for number, (fits, _, _) in enumerate(verdicts)), output_field=IntegerField()
    )
    rows: dict[int, list[UUID]] = {}
    kinds: set[Kind] = set()
    for delivery_id, kind, number in head.annotate(verdict=first).values_list("pk", "message__kind", "verdict"):
        if number is None:
            kinds.add(Kind(kind))
        else:
            rows.setdefault(number, []).append(delivery_id)
    settled = 0
    for number, ids in rows.items():
        fits, state, reason = verdicts[number]
        with transaction.atomic():
            # Judged again under the lock: a sign-in may have moved row, device and consent since.
            judged = _locked(head.filter(pk__in=ids)).filter(fits)
            settled += judged.update(state=state, reason=reason, settled_at=now)
    return settled, frozenset(kinds)


def _locked(rows: QuerySet[Delivery]) -> QuerySet[Delivery]:
    """Locked first and without waiting: two workers that change the same rows could wait for each other in a circle."""
    locked = rows.select_for_update(skip_locked=True, of=("self",))
    return Delivery.objects.filter(pk__in=list(locked.values_list("pk", flat=True)))


def _verdicts(*, channel: Channel, limits: Limits, now: datetime, guards: Guards) -> list[tuple[Q, DeliveryState, str]]:
    cancelled = DeliveryState.CANCELLED
    verdicts = [
        (Q(message__expires_at__lte=now), DeliveryState.EXPIRED, "expired"),
        (Q(attempts__gte=limits.max_attempts), DeliveryState.DEAD, "too_many_attempts"),
    ]
    if channel == Channel.FCM:
        verdicts += [
            (~Q(Exists(_phones())), cancelled, "device_unreachable"),
            (~Q(Exists(_phones().filter(shopper=OuterRef("shopper")))), cancelled, "device_changed_hands"),
        ]
    marketing = MARKETING.get(channel, frozenset())
    if marketing:
        consent = ConsentState.objects.filter(
            consents.counts(now=now), shopper=OuterRef("shopper"), device=None, purpose=Purpose.MARKETING_PUSH
        )
        verdicts += [
            (Q(message__kind__in=marketing) & ~Q(Exists(consent)), cancelled, "no_consent"),
            (Q(message__kind__in=marketing) & Q(Exists(_barred())), cancelled, "not_allowed"),
        ]
    for kind in sorted(marketing):
        guarded = Message.objects.filter(guards[kind], pk=OuterRef("message"))
        verdicts.append((Q(message__kind=kind) & ~Q(Exists(guarded)), cancelled, "no_longer_usable"))
    return verdicts


def _reachable(channel: Channel) -> Q:
    """A phone that changed hands or lost its address since must not get what was meant for somebody else."""
    if channel == Channel.FCM:
        return Q(Exists(_phones().filter(shopper=OuterRef("shopper"))))
    return Q()


def _phones() -> QuerySet[Device]:
    return Device.objects.filter(pk=OuterRef("device"), retired_at__isnull=True).exclude(push_address="")


def _barred() -> QuerySet[Shopper]:
    """Such a shopper's consents ended when their age or place was told; this goes by the rules as they are today."""
    return Shopper.objects.filter(allowed.barred_from(Purpose.MARKETING_PUSH), pk=OuterRef("shopper"))
