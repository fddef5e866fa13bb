"""From transitions to rows: visits, and the presence of each phone in them.

`apply` and `end_presence_of_devices` run in the caller's transaction, which has locked what comes before: consents,
device state. Then visits, in the order of their fences' ids, so that two phones of one shopper never wait for each
other in a circle (`writing` has the steps).

A visit is one stay of one shopper. Their second phone joins it; it ends when no phone is inside any more. The visit is
locked before a presence is deleted: two phones that left together would each still see the other's presence, and the
visit would stay open for ever.
"""

import itertools
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet

from geooffers import events
from geooffers.shoppers.models import Device
from geooffers.statements.compiled import Given, Update
from geooffers.visits import correcting, writing
from geooffers.visits.engine import transitions
from geooffers.visits.engine.observations import to_moment
from geooffers.visits.engine.transitions import Transition
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
    """Write what one report of `device` changed; answers in the order of `found`.

    `is_gone` says of a fence that it is not live any more: then nobody walked out, the fence went away. Nothing is
    written for a transition whose visit has been ended meanwhile (by a withdrawal, or the task `close_stale`).

    However many visits begin, go on and end, the statements are the same few (`writing`). Only a correction is written
    by itself: after what was found at its fence before it, and before what was found there after it.
    """
    written: dict[int, writing.Written] = {}
    left = _by_fence(found)
    while left:
        runs = {fence: list(itertools.takewhile(_is_ordinary, there)) for fence, there in left.items()}
        left = {fence: there[len(runs[fence]) :] for fence, there in left.items() if len(there) > len(runs[fence])}
        written |= writing.write(
            device=device, shopper_id=shopper_id, runs=runs, is_gone=is_gone, also_locked=left.keys()
        )
        for fence, there in left.items():
            _, one = there.pop(0)
            if one.correction is not None:
                correcting.correct(device=device, shopper_id=shopper_id, fence_id=fence, correction=one.correction)
        left = {fence: there for fence, there in left.items() if there}
    return [
        Recorded(transition=found[place], visit=one.visit, is_news=one.is_news)
        for place, one in sorted(written.items())
    ]


def _by_fence(found: Sequence[Transition]) -> dict[int, list[tuple[int, Transition]]]:
    """With their places, in the order of the fences. Visits of different fences know nothing of each other."""
    by_fence: dict[int, list[tuple[int, Transition]]] = {}
    for place, one in sorted(enumerate(found), key=lambda each: (each[1].fence, each[0])):
        by_fence.setdefault(one.fence, []).append((place, one))
    return by_fence


def _is_ordinary(placed: tuple[int, Transition]) -> bool:
    return placed[1].correction is None


def replace_state(*, device_id: UUID, version: int, packed: bytes, last_fix_at: datetime) -> bool:
    """The phone's state, if it still has this version; the next one is one higher."""
    return bool(_REPLACING.run(device=device_id, version=version, packed=packed, last_fix_at=last_fix_at))


def _replacing() -> tuple[QuerySet[DeviceState], dict[str, Any]]:
    column = DeviceState._meta.get_field
    states = DeviceState.objects.filter(
        pk=Given("device", column("device")), version=Given("version", column("version"))
    )
    packed, last_fix_at = (Given(name, column(name)) for name in ("packed", "last_fix_at"))
    return states, {"version": F("version") + 1, "packed": packed, "last_fix_at": last_fix_at}


_REPLACING = Update(_replacing)


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

    Answers how many phones were handled, so that the task goes on while it is `limit`. Each has a transaction of its
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


def _leave_all(
    *, device_id: UUID, at: Callable[[int], datetime], reason: EndReason, except_in: Collection[int] = ()
) -> int:
    ended = 0
    present = Presence.objects.filter(device=device_id, visit__ended_at=None).exclude(visit__fence__in=except_in)
    # Asked again after the locks: while we waited for one, a sign-in may have joined that visit to an older one and
    # taken the phone's presence along.
    while present.exists():
        visits = Visit.objects.filter(presences__device=device_id, ended_at=None).exclude(fence_id__in=except_in)
        locked = list(visits.order_by("fence_id").select_for_update(of=("self",)))
        ended += len(writing.leave(locked, device_id=device_id, at=at, reason=reason))
    return ended
