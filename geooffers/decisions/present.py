"""Where a phone is inside right now, as moments during which its shopper asks for an offer."""

from datetime import datetime

from django.conf import settings

from geooffers.decisions.facts import Moment
from geooffers.decisions.models import MessageOutcome, MomentKind
from geooffers.shoppers.models import Device, Shopper
from geooffers.visits.models import Visit
from geooffers.visits.state import staleness
from merchants.models import FenceState, FenceTuning, Trigger


def moments(*, device: Device, shopper: Shopper, now: datetime) -> list[Moment]:
    """The open visits that this phone is inside of, the first begun first. What would end with the next report is not
    there: a phone that is silent for too long, a fence that is not live any more."""
    heard_since = staleness.silent_when_before(now=now, limit=settings.STALE_AFTER)
    visits = Visit.objects.filter(
        shopper=shopper,
        ended_at=None,
        fence__state=FenceState.LIVE,
        presences__device=device,
        presences__device__state__last_fix_at__gt=heard_since,
    )
    return [
        Moment(
            visit=visit,
            store_id=visit.fence.store_id,
            kind=MomentKind.ASKED,
            triggers=_reached(visit),
            silent=MessageOutcome.ASKED,
        )
        for visit in visits.select_related("fence").order_by("began_at", "pk")
    ]


def lock(*, device: Device, shopper: Shopper, now: datetime) -> list[Moment]:
    """The same, their visits locked in the order of the fences. In the caller's transaction, which holds the consents.

    Looked at again after the locks: while we waited, a phone may have left, and a sign-in joined two visits.
    """
    found = [moment.visit.pk for moment in moments(device=device, shopper=shopper, now=now)]
    rows = Visit.objects.filter(pk__in=found, ended_at=None).order_by("fence_id").select_for_update()
    locked = set(rows.values_list("pk", flat=True))
    return [moment for moment in moments(device=device, shopper=shopper, now=now) if moment.visit.pk in locked]


def _reached(visit: Visit) -> tuple[Trigger, ...]:
    """Which offers the visit has been the moment for so far. Who enters a fence for walkers has walked in."""
    triggers = [Trigger.ENTERED]
    if visit.settled_at is not None or visit.fence.tuning != FenceTuning.DRIVE_BY:
        triggers.append(Trigger.SETTLED)
    if visit.dwelled_at is not None:
        triggers.append(Trigger.DWELLED)
    return tuple(triggers)
