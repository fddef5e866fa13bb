"""Events of the phone's own region monitoring, as evidence of a visit beside the fixes. docs/location-report.md tells
what a phone may send: update that page too.

Systems do not let apps follow a phone all day, but they do watch regions for them (`sync_regions` says which). An event
that comes with a place is two things: what the system says, and a fix. In a place where nobody is tracked both are
dropped.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid5

from geooffers.callers.device_lookup import DeviceCaller
from geooffers.shoppers.models import Purpose
from geooffers.usecases.location import match_fixes
from geooffers.usecases.location.report_positions import Report, Result, report_positions
from geooffers.visits.engine.observations import Fix, Ignored, RegionChange, RegionEvent, Status
from geooffers.visits.engine.tuning import DRIVE_BY, WALK_IN
from merchants.live_fences import live_fences
from merchants.models import AreaKind, Geofence

# A region smaller than this is watched as a larger one: phones do not notice it reliably.
SMALLEST_REGION_M = 100.0
_FIX_OF_EVENT = UUID("0b2f6a52-5a57-5d0c-9c2e-8f1d4f6f0a11")


@dataclass(frozen=True, kw_only=True, slots=True)
class ToldEvent:
    """As the phone tells it: `region_id` is the fence's, `fix` where it was, if it knows. Both of the same moment."""

    uuid: UUID
    recorded_at: datetime
    region_id: UUID
    change: RegionChange
    background: bool
    mock: bool = False
    fix: Fix | None = None


def report_region_events(
    *,
    reporter: DeviceCaller,
    consents: frozenset[Purpose],
    events: Sequence[ToldEvent],
    now: datetime,
) -> Report:
    """`results` stand in the order of the events."""
    live = live_fences.matcher().current()
    fences = _fences(events)
    told: list[Fix | RegionEvent] = []
    # By event: what is answered at once, or where its result will stand.
    answers: list[Result | int] = []
    for event in events:
        if event.fix is not None and match_fixes.look(fix=event.fix, live=live, now=now).excluded:
            answers.append(Result(status=Status.IGNORED, code=Ignored.NOT_USED))
            continue
        region = _region_event(event, fence=fences.get(event.region_id), live=live)
        if region is None:
            answers.append(Result(status=Status.IGNORED, code=Ignored.UNKNOWN_REGION))
        else:
            answers.append(len(told))
            told.append(region)
        if event.fix is not None:
            told.append(replace(event.fix, uuid=uuid5(_FIX_OF_EVENT, event.uuid.hex)))
    report = report_positions(reporter=reporter, consents=consents, fixes=told, now=now, live=live)
    results = tuple(report.results[answer] if isinstance(answer, int) else answer for answer in answers)
    return replace(report, results=results)


def _fences(events: Sequence[ToldEvent]) -> dict[UUID, tuple[int, bool]]:
    """By the id that phones know it by: the fence's number, and whether the region watched is the fence itself."""
    rows = Geofence.objects.filter(public_id__in={event.region_id for event in events})
    return {
        public_id: (number, kind == AreaKind.CIRCLE and (radius_m or 0) >= SMALLEST_REGION_M)
        for public_id, number, kind, radius_m in rows.values_list("public_id", "pk", "kind", "radius_m")
    }


def _region_event(event: ToldEvent, *, fence: tuple[int, bool] | None, live: live_fences.Fences) -> RegionEvent | None:
    facts = live.fence(fence[0]) if fence is not None else None
    if fence is None or facts is None:
        return None
    return RegionEvent(
        uuid=event.uuid,
        recorded_at=event.recorded_at,
        fence=facts.id,
        change=event.change,
        exact=fence[1],
        dwell_s=facts.dwell_s,
        tuning=DRIVE_BY if facts.is_drive_by else WALK_IN,
        background=event.background,
        mock=event.mock,
    )
