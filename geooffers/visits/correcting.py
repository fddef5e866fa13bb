"""A late fix has changed what was told of one phone's stays at one fence: the visits' rows follow.

Runs in the caller's transaction as `recording.apply` does, which calls it. Nobody is pushed for any of this, and a
coupon that came of a visit stays with its shopper: what was promised is kept, whatever turns out later.

A visit that another phone of the shopper shares is left as it is, but for this phone's presence in it: what that phone
saw still holds.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from geooffers.shoppers.models import Device
from geooffers.visits import telling
from geooffers.visits.engine.corrections import CorrectedStay, Correction
from geooffers.visits.engine.observations import to_moment
from geooffers.visits.models import EndReason, Presence, Visit


def correct(*, device: Device, shopper_id: UUID, fence_id: int, correction: Correction) -> None:
    """Stays told before are paired with those that overlap them now; a pair is changed, the rest ends or is added.

    What ended or never was goes first, then what is over, then what is open: one open visit of a shopper may stand at
    a fence at any moment.
    """
    pairs, never, added = _pair(correction.before, correction.after)
    rows = {
        told: _row(shopper_id=shopper_id, fence_id=fence_id, told=told, device=device) for told in correction.before
    }
    for told in never:
        _end(rows[told], device=device, at=to_moment(told.entered_ms), reason=EndReason.CORRECTED)
    for told, now in sorted(pairs, key=lambda pair: pair[1].left_ms is None):
        _change(rows[told], device=device, shopper_id=shopper_id, now=now)
    for now in sorted(added, key=lambda one: one.left_ms is None):
        _add(device=device, shopper_id=shopper_id, fence_id=fence_id, now=now)


def _pair(
    before: Sequence[CorrectedStay], after: Sequence[CorrectedStay]
) -> tuple[list[tuple[CorrectedStay, CorrectedStay]], list[CorrectedStay], list[CorrectedStay]]:
    pairs, never, free = [], [], list(after)
    for told in before:
        match = next((now for now in free if _overlap(told, now)), None)
        if match is None:
            never.append(told)
        else:
            free.remove(match)
            pairs.append((told, match))
    return pairs, never, free


def _overlap(one: CorrectedStay, other: CorrectedStay) -> bool:
    return (other.left_ms is None or one.entered_ms <= other.left_ms) and (
        one.left_ms is None or other.entered_ms <= one.left_ms
    )


def _row(*, shopper_id: UUID, fence_id: int, told: CorrectedStay, device: Device) -> Visit | None:
    """The visit that this stay was recorded as. None: another phone's, or one that was ended by other means."""
    visits = Visit.objects.filter(shopper_id=shopper_id, fence_id=fence_id).select_for_update()
    if told.left_ms is None:
        return visits.filter(ended_at=None, presences__device=device).first()
    reasons = (EndReason.CROSSED,) if told.crossed else (EndReason.LEFT, EndReason.STALE)
    return visits.filter(began_at=to_moment(told.entered_ms), end_reason__in=reasons).first()


def _change(visit: Visit | None, *, device: Device, shopper_id: UUID, now: CorrectedStay) -> None:
    if visit is None:
        return
    shared = visit.presences.exclude(device=device).exists()
    if now.left_ms is not None:
        _end(visit, device=device, at=to_moment(now.left_ms), reason=_reason(now))
    elif visit.ended_at is not None:
        _open_again(visit, device=device, shopper_id=shopper_id, since=to_moment(now.entered_ms))
    if not shared:
        visit.began_at = to_moment(now.entered_ms)
        visit.appeared_inside = now.appeared
        visit.dwelled_at = visit.dwelled_at if now.dwelled_ms == 0 else _moment(now.dwelled_ms)
        visit.save(update_fields=["began_at", "appeared_inside", "dwelled_at"])
    telling.corrected(visit)


def _end(visit: Visit | None, *, device: Device, at: datetime, reason: EndReason) -> None:
    if visit is None:
        return
    Presence.objects.filter(visit=visit, device=device).delete()
    if visit.presences.exists():
        visit.seen_until = max(at, visit.began_at, visit.seen_until or at)
        visit.save(update_fields=["seen_until"])
        return
    visit.ended_at, visit.end_reason = max(at, visit.began_at), reason
    visit.save(update_fields=["ended_at", "end_reason"])
    telling.ended(visit)


def _open_again(visit: Visit, *, device: Device, shopper_id: UUID, since: datetime) -> None:
    """The end was an error. Where a visit has begun there since, the phone is in that one."""
    other = Visit.objects.filter(shopper_id=shopper_id, fence_id=visit.fence_id, ended_at=None).first()
    if other is None:
        visit.ended_at, visit.end_reason = None, ""
        visit.save(update_fields=["ended_at", "end_reason"])
    Presence.objects.bulk_create([Presence(visit=other or visit, device=device, since=since)], ignore_conflicts=True)


def _add(*, device: Device, shopper_id: UUID, fence_id: int, now: CorrectedStay) -> None:
    left_at = _moment(now.left_ms)
    ours = Visit(
        id=uuid7(),
        shopper_id=shopper_id,
        fence_id=fence_id,
        began_at=to_moment(now.entered_ms),
        appeared_inside=now.appeared,
        confidence=now.confidence,
        dwelled_at=_moment(now.dwelled_ms),
        ended_at=left_at,
        end_reason="" if left_at is None else _reason(now),
    )
    if left_at is not None:
        Visit.objects.bulk_create([ours])
        telling.began(ours)
        telling.ended(ours)
        return
    Visit.objects.bulk_create([ours], ignore_conflicts=True)
    visit = Visit.objects.filter(shopper_id=shopper_id, fence_id=fence_id, ended_at=None).select_for_update().first()
    if visit is not None:
        if visit.pk == ours.pk:
            telling.began(visit)
        Presence.objects.bulk_create([Presence(visit=visit, device=device, since=ours.began_at)], ignore_conflicts=True)


def _reason(told: CorrectedStay) -> EndReason:
    """Why one that is over ended."""
    if told.crossed:
        return EndReason.CROSSED
    return EndReason.STALE if told.stale else EndReason.LEFT


def _moment(ms: int | None) -> datetime | None:
    return None if ms is None else to_moment(ms)
