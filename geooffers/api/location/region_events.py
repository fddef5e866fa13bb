"""POST /region-events: what the phone's own monitoring of regions has seen.

docs/location-report.md tells every answer; update that page too. As with positions, the envelope is strict
and each event is judged by itself, under 200.
"""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from ninja import Router
from pydantic import BeforeValidator, Field

from geooffers.api.edge import clock, strict
from geooffers.api.identity import auth
from geooffers.api.location import report_batches
from geooffers.api.location.positions import ReportOut, report_out
from geooffers.usecases.location import report_positions as reporting
from geooffers.usecases.location import report_region_events as region_events
from geooffers.visits.engine import observations

router = Router(tags=["Positions"], auth=auth.device_auth)

_PLACE = {"lat": 60.1695, "lon": 24.9525, "accuracy_m": 35.0}
_EVENT = {
    "uuid": "019e7f5c-3a52-7c4e-9d41-0c6a8a1f2b3c",
    "recorded_at": "2026-06-02T12:00:00+03:00",
    "region_id": "019e7f5c-2b3c-7d4e-8f50-b2c3d4e5f6a7",
    "change": "enter",
    "background": True,
    "place": _PLACE,
}


class PlaceIn(strict.StrictSchema):
    """Where the phone was when its system noticed, if the system tells."""

    model_config = strict.example(**_PLACE)

    lat: Annotated[float, Field(ge=-90, le=90)]
    lon: Annotated[float, Field(ge=-180, le=180)]
    accuracy_m: Annotated[float, Field(gt=0, le=100_000, description="Radius of the circle of uncertainty.")]
    speed_mps: Annotated[float | None, Field(ge=0, le=2_000)] = None


class EventIn(strict.StrictSchema):
    """One crossing of a region's border, or a stay in it, as the phone's system told the app."""

    model_config = strict.example(**_EVENT)

    uuid: Annotated[strict.Uuid, Field(description="Made by the phone; a repeat of it is answered `duplicate`.")]
    recorded_at: Annotated[strict.Moment, Field(description="When the system noticed, not when the phone sends.")]
    region_id: Annotated[strict.Uuid, Field(description="The `fence_id` of a region that `POST /regions` told.")]
    change: Literal["enter", "dwell", "exit"]
    background: Annotated[bool, Field(description="Whether the app was in the background: each needs its own consent.")]
    place: PlaceIn | None = None
    mock: Annotated[bool, Field(description="Whether the system says that an app made this place up.")] = False

    def as_event(self) -> region_events.ToldEvent:
        recorded_at = observations.to_milliseconds(self.recorded_at)
        return region_events.ToldEvent(
            uuid=self.uuid,
            recorded_at=recorded_at,
            region_id=UUID(str(self.region_id)),
            change=observations.RegionChange(self.change),
            background=self.background,
            mock=self.mock,
            fix=None if self.place is None else self._fix(self.place, recorded_at=recorded_at),
        )

    def _fix(self, place: PlaceIn, *, recorded_at: datetime) -> observations.Fix:
        return observations.Fix(
            uuid=self.uuid,
            recorded_at=recorded_at,
            lat=place.lat,
            lon=place.lon,
            accuracy_m=place.accuracy_m,
            background=self.background,
            speed_mps=place.speed_mps,
            mock=self.mock,
        )


class EventsIn(strict.StrictSchema):
    model_config = strict.example(events=[_EVENT])
    events: Annotated[
        list[EventIn],
        Field(min_length=1, max_length=reporting.MOST_FIXES),
        report_batches.judged_each(EventIn),
        BeforeValidator(report_batches.with_a_size),
    ]


@router.post(
    "",
    response=ReportOut,
    summary="Report region events",
    operation_id="reportRegionEvents",
    description=(
        "What the phone's own monitoring of regions has seen: entries, stays, exits. They are evidence of a visit "
        "beside the positions, and for an app that gets no others they are enough. `results[i]` belongs to `events[i]`."
    ),
    openapi_extra=report_batches.REFUSALS,
)
def report_region_events(request: auth.DeviceRequest, payload: EventsIn) -> ReportOut:
    now = clock.now()
    caller = request.auth
    report_batches.admit(caller, now=now)
    report = region_events.report_region_events(
        reporter=caller,
        consents=caller.consents(now=now),
        events=[event.as_event() for event in payload.events if isinstance(event, EventIn)],
        now=now,
    )
    return report_out(report, told=payload.events, client="region_events", now=now)
