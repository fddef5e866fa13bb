"""At sign-in the visits of an anonymous shopper become the account's; two stays at one fence become one."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from geooffers.shoppers.models import Shopper
from geooffers.visits import telling
from geooffers.visits.models import EndReason, Presence, Visit


@dataclass(frozen=True, kw_only=True)
class Joined:
    """The younger of two open visits at one fence went into the older one."""

    older_id: UUID
    younger_id: UUID


def move_to_account(*, anonymous: Shopper, account: Shopper, now: datetime) -> list[Joined]:
    """In the caller's transaction. The younger visits remain, ended and empty, until `drop` takes them: other rooms'
    rows still point at them."""
    joined = []
    both = Visit.objects.filter(shopper__in=[anonymous, account], ended_at=None)
    # Locked in the order of fences, as everywhere; then the older of one fence before the younger.
    by_fence: dict[int, list[Visit]] = {}
    for visit in both.order_by("fence_id", "began_at", "pk").select_for_update(of=("self",)):
        by_fence.setdefault(visit.fence_id, []).append(visit)
    for visits in by_fence.values():
        older = visits[0]
        for younger in visits[1:]:
            _join(older=older, younger=younger, now=now)
            joined.append(Joined(older_id=older.pk, younger_id=younger.pk))
    Visit.objects.filter(shopper=anonymous).update(shopper=account)
    return joined


def drop(*, joined: list[Joined]) -> None:
    Visit.objects.filter(pk__in=[pair.younger_id for pair in joined]).delete()


def _join(*, older: Visit, younger: Visit, now: datetime) -> None:
    already_in_older = Presence.objects.filter(visit=older).values("device")
    Presence.objects.filter(visit=younger, device__in=already_in_older).delete()
    Presence.objects.filter(visit=younger).update(visit=older)
    older.dwelled_at = min((at for at in (older.dwelled_at, younger.dwelled_at) if at), default=None)
    older.seen_until = max((at for at in (older.seen_until, younger.seen_until) if at), default=None)
    older.save(update_fields=["dwelled_at", "seen_until"])
    # Only one open visit of a shopper may stand at a fence, so the younger one ends before the older changes hands.
    younger.ended_at, younger.end_reason = now, EndReason.SIGNED_IN
    younger.save(update_fields=["ended_at", "end_reason"])
    telling.ended(younger)
