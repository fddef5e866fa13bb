"""From transitions to rows: visits, and the presence of each phone in them.

`apply` and `end_presence_of_devices` run in the caller's transaction, which has locked what comes before: consents,
device state. Then visits, one fence after the other in the order of their ids, so that two phones of one shopper never
wait for each other in a circle.

A visit is one stay of one shopper. Their second phone joins it; it ends when no phone is inside any more. Whoever
leaves locks the visit first: two phones that left together would each still see the other's presence, and the visit
would stay open for ever.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from uuid_utils.compat import uuid7

from geooffers import events
from geooffers.shoppers.models import Device
from geooffers.visits import correcting, telling
from geooffers.visits.engine import transitions
from geooffers.visits.engine.observations import to_moment
from geooffers.visits.engine.transitions import BEGINNINGS, Change, Transition
from geooffers.visits.models import DeviceState, EndReason, Presence, Visit
from geooffers.visits.state import packing, sealed_state, staleness


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """A transition of one phone and the visit it belongs to.

    `is_news`: the visit itself began, settled, dwelled or ended by it. A second phone that joins, reaches the dwell
    later or leaves first is no news.
    """

    transition: Transition
    visit: Visit
    is_news: bool


def apply(
    *, device: Device, shopper_id: UUID, found: Sequence[Transition], is_gone: Callable[[int], bool]
) -> list[Recorded]:
    """Write what one report of `device` changed, in the order of `found`.

    `is_gone` says of a fence that it is not live any more: then nobody walked out, the fence went away. A transition
    whose visit others have ended meanwhile (a withdrawal of the account's, the stale round) has nothing to write.
    """
    recorded: list[Recorded | None] = [None] * len(found)
    # Visits of different fences know nothing of each other, so the order of the locks may be the fences' own.
    for place in sorted(range(len(found)), key=lambda place: (found[place].fence, place)):
        one = found[place]
        if one.change in BEGINNINGS:
            visit, began = _begin(device=device, shopper_id=shopper_id, transition=one)
            recorded[place] = Recorded(transition=one, visit=visit, is_news=began)
            continue
        if one.correction is not None:
            correcting.correct(device=device, shopper_id=shopper_id, fence_id=one.fence, correction=one.correction)
            continue
        if one.change == Change.CROSSED:
            correcting.record_crossing(shopper_id=shopper_id, transition=one)
            continue
        known = _lock_open_visit(shopper_id=shopper_id, fence_id=one.fence)
        if known is None:
            continue
        if one.change in (Change.SETTLED, Change.DWELLED):
            recorded[place] = Recorded(transition=one, visit=known, is_news=_progress(visit=known, transition=one))
        else:
            reason = EndReason.STALE if one.stale else EndReason.LEFT
            if is_gone(one.fence):
                reason = EndReason.FENCE_GONE
            ended = _leave(visit=known, device_id=device.pk, at=one.at, reason=reason)
            recorded[place] = Recorded(transition=one, visit=known, is_news=ended)
    return [entry for entry in recorded if entry is not None]


def end_presence_of_device(*, device: Device, now: datetime, reason: EndReason) -> int:
    """Take the phone out of every visit and forget where it was. Answers how many visits ended by it.

    The state's version moves on: a report that was being worked out meanwhile finds another version and starts over.
    """
    return end_presence_of_devices(device_ids=[device.pk], now=now, reason=reason)


def end_presence_of_devices(*, device_ids: Collection[UUID], now: datetime, reason: EndReason) -> int:
    """The same for several phones of one shopper, whose consents the caller has locked: first every state, by id."""
    for state in list(DeviceState.objects.filter(pk__in=device_ids).order_by("pk").select_for_update()):
        state.version += 1
        state.packed = b""
        state.last_fix_at = None
        state.save(update_fields=["version", "packed", "last_fix_at"])
    with events.in_one_statement():
        return sum(
            _leave_all(device_id=device_id, at=lambda fence: now, reason=reason) for device_id in sorted(device_ids)
        )


def end_forgotten_presence(*, device: Device, now: datetime, inside: Collection[int]) -> int:
    """For a device of which nothing was known: presence outside `inside` that a damaged state left behind."""
    return _leave_all(device_id=device.pk, at=lambda fence: now, reason=EndReason.STALE, except_in=inside)


def close_stale(*, now: datetime, limit: int) -> int:
    """End the presence of phones silent for longer than STALE_AFTER, at the last time known. At most `limit` phones.

    Answers how many phones were handled, so that a round goes on while it is `limit`. Each has a transaction of its
    own, in the locks' order; a phone that is being reported for is skipped: it is not silent.
    """
    minute = staleness.silent_when_before(now=now, limit=settings.STALE_AFTER)
    silent = DeviceState.objects.filter(last_fix_at__lte=minute).order_by("last_fix_at")
    handled = 0
    for device_id in list(silent.values_list("pk", flat=True)[:limit]):
        with transaction.atomic():
            handled += _close_one(device_id=device_id, minute=minute)
    return handled


def _close_one(*, device_id: UUID, minute: datetime) -> int:
    row = DeviceState.objects.select_for_update(skip_locked=True).filter(pk=device_id, last_fix_at__lte=minute).first()
    if row is None or row.last_fix_at is None:
        return 0
    last_minute = row.last_fix_at
    state = packing.unpack(sealed_state.open_(bytes(row.packed), device_id=device_id))
    row.version += 1
    row.packed = sealed_state.seal(packing.pack(transitions.at_rest(state)), device_id=device_id)
    row.last_fix_at = None
    row.save(update_fields=["version", "packed", "last_fix_at"])
    last_inside_at = {fence: to_moment(stay.last_inside_ms) for fence, stay in state.inside.items()}
    with events.in_one_statement():
        _leave_all(device_id=device_id, at=lambda fence: last_inside_at.get(fence, last_minute), reason=EndReason.STALE)
    return 1


def _begin(*, device: Device, shopper_id: UUID, transition: Transition) -> tuple[Visit, bool]:
    """The shopper's open visit at the fence: a new one (True), or the one that another phone, or another report, began.

    The insert leaves it to the constraint which of many wins; whoever loses waits there for the winner's commit. The
    winner's visit may have ended between that commit and our lock: then we begin the next one.
    """
    while True:
        ours = Visit(
            id=uuid7(),
            shopper_id=shopper_id,
            fence_id=transition.fence,
            began_at=transition.at,
            appeared_inside=transition.change == Change.APPEARED_INSIDE,
            confidence=transition.confidence,
        )
        Visit.objects.bulk_create([ours], ignore_conflicts=True)
        visit = _lock_open_visit(shopper_id=shopper_id, fence_id=transition.fence)
        if visit is not None:
            break
    # Already there when a state was lost: then it is the same presence.
    Presence.objects.bulk_create(
        [Presence(visit=visit, device=device, since=transition.at)],
        ignore_conflicts=True,
    )
    if visit.pk != ours.pk:
        return visit, False
    telling.began(visit)
    return visit, True


def _progress(*, visit: Visit, transition: Transition) -> bool:
    """Settled or dwelled, once a visit whichever phone is first."""
    field = "settled_at" if transition.change == Change.SETTLED else "dwelled_at"
    if getattr(visit, field) is not None:
        return False
    setattr(visit, field, transition.at)
    visit.confidence = max(visit.confidence, transition.confidence)
    visit.save(update_fields=[field, "confidence"])
    return True


def _leave(*, visit: Visit, device_id: UUID, at: datetime, reason: EndReason) -> bool:
    """`visit` is locked. Whether it ended by this."""
    Presence.objects.filter(visit=visit, device_id=device_id).delete()
    # Phones disagree about the time by seconds, and a silent one goes last in our books only.
    until = max(at, visit.began_at, visit.seen_until or at)
    if visit.presences.exists():
        visit.seen_until = until
        visit.save(update_fields=["seen_until"])
        return False
    visit.ended_at, visit.end_reason = until, reason
    visit.save(update_fields=["ended_at", "end_reason"])
    telling.ended(visit)
    return True


def _leave_all(
    *, device_id: UUID, at: Callable[[int], datetime], reason: EndReason, except_in: Collection[int] = ()
) -> int:
    ended = 0
    present = Presence.objects.filter(device=device_id, visit__ended_at=None).exclude(visit__fence__in=except_in)
    # Asked again after the locks: while we waited for one, a sign-in may have joined that visit to an older one and
    # taken the phone's presence along.
    while present.exists():
        visits = Visit.objects.filter(presences__device=device_id, ended_at=None).exclude(fence_id__in=except_in)
        for visit in visits.order_by("fence_id").select_for_update(of=("self",)):
            ended += _leave(visit=visit, device_id=device_id, at=at(visit.fence_id), reason=reason)
    return ended


def _lock_open_visit(*, shopper_id: UUID, fence_id: int) -> Visit | None:
    return Visit.objects.filter(shopper_id=shopper_id, fence_id=fence_id, ended_at=None).select_for_update().first()
