"""POST /regions: what a phone registers with its system's region monitoring. docs/fence-sync.md tells all of it.

A POST, because no coordinate of ours stands in a URL. `known` and `unchanged` stand in the bodies: `If-None-Match`
means 304 for GET and HEAD only, for a POST it means 412 (RFC 9110, 13.1.2).
"""

from typing import Annotated, Literal
from uuid import UUID

from django.conf import settings
from ninja import Router
from pydantic import Field

from geooffers.api.edge import clock, contract, rate_limits, strict
from geooffers.api.identity import auth
from geooffers.callers import limits
from geooffers.shoppers.consents import pauses
from geooffers.usecases.location import sync_regions as syncing
from geooffers.usecases.location.report_positions import ConsentMissing

router = Router(tags=["Positions"], auth=auth.device_auth)

_REGION = {
    "fence_id": "019e7f5c-3a52-7c4e-9d41-0c6a8a1f2b3c",
    "store_id": "019e7f5c-1b2c-7d3e-8f40-a1b2c3d4e5f6",
    "kind": "circle",
    "center_lat": 60.1697,
    "center_lon": 24.9561,
    "radius_m": 150.0,
    "distance_m": 50,
    "over_trigger_share": 0.0,
}
_TRIGGER = {"center_lat": 60.1695, "center_lon": 24.9525, "radius_m": 1000, "report_inside": False}


class RegionsIn(strict.StrictSchema):
    """Where the phone is. The position is used for the answer and not kept."""

    model_config = strict.example(
        lat=60.1695, lon=24.9525, background=True, slots=20, known="5b1d5d3c0c7e4f6a8b9e2d1c3f4a5b6c"
    )

    lat: Annotated[float, Field(ge=-90, le=90)]
    lon: Annotated[float, Field(ge=-180, le=180)]
    background: Annotated[
        bool, Field(description="Whether regions are watched while the app is in the background: that consent counts.")
    ]
    slots: Annotated[
        int,
        Field(
            ge=2,
            le=100,
            description="How many regions the system leaves for us, the movement trigger included: 20 on iOS, 100 on "
            "Android, less what the app watches for itself.",
        ),
    ] = 20
    known: Annotated[
        str | None, Field(max_length=64, description="The `etag` of the regions that are registered now, if any are.")
    ] = None


class RegionOut(strict.ReplySchema):
    """A circle to watch. Report its events and where the phone is: the server decides with the exact area."""

    model_config = strict.example(**_REGION)
    fence_id: UUID = Field(description="Its name with the system, and `region_id` in its events.")
    store_id: UUID
    kind: Literal["circle"]
    center_lat: float
    center_lon: float
    radius_m: float
    distance_m: int = Field(description="To the fence's boundary, in whole metres; 0 inside.")
    over_trigger_share: float = Field(
        description="How much of the circle lies outside of the fence, 0 to 1: there the app is woken for nothing.",
        ge=0,
        le=1,
    )


class MovementTriggerOut(strict.ReplySchema):
    """A circle around the phone; leaving it is when to look again. Register it beside the regions."""

    model_config = strict.example(**_TRIGGER)
    center_lat: float
    center_lon: float
    radius_m: int
    report_inside: bool = Field(
        description="More fences begin in this circle than the phone can watch: while inside, report as `move_m` says."
    )


class RegionsOut(strict.ReplySchema):
    """What to watch from now on. `regions` begin with the nearest."""

    model_config = strict.example(
        etag="9f2c5a7be0d14c38a6f0e1d2c3b4a596",
        unchanged=False,
        regions=[_REGION],
        movement_trigger=_TRIGGER,
        max_regions=19,
        refetch_m=5000,
        fresh_for_s=86400,
        max_distance_m=100000,
        duplicate_window_s=3600,
    )
    etag: str = Field(description="Of these regions; send it as `known` the next time.")
    unchanged: bool = Field(description="The regions are those of `known`: keep them. The rest of the answer is new.")
    regions: list[RegionOut] | None = Field(description="Register these and no others. Null when `unchanged`.")
    movement_trigger: MovementTriggerOut | None = Field(description="Null: watch nothing, remove every region.")
    max_regions: int = Field(description="How many fences may be watched. 0: watch nothing, remove every region.")
    refetch_m: int = Field(description="Ask again when the phone is so far from the place that it told here.")
    fresh_for_s: int = Field(description="Ask again after so long in any case.")
    max_distance_m: int = Field(description="Fences farther away than this are not among the regions.")
    duplicate_window_s: int = Field(
        description="Keep quiet about the same region and direction for so long after it was told."
    )


@router.post(
    "",
    response=RegionsOut,
    operation_id="syncRegions",
    summary="Get the regions to watch",
    description=(
        "The fences that begin nearest, as circles for the phone's own region monitoring, with a movement trigger, and "
        "when to ask again. Remove every region when this answers `consent_missing`, or `max_regions` 0."
    ),
    openapi_extra=contract.refusals(ConsentMissing, pauses.Paused),
)
def sync_regions(request: auth.DeviceRequest, payload: RegionsIn) -> RegionsOut:
    now = clock.now()
    rate_limits.spend(request, limits.DEVICE_CALLS, caller=request.auth.name, now=now)
    pauses.refuse_if_paused(pause=request.auth.pause, now=now)
    found = syncing.sync_regions(
        consents=request.auth.consents(now=now),
        background=payload.background,
        lat=payload.lat,
        lon=payload.lon,
        slots=payload.slots,
        known=payload.known,
    )
    trigger = found.movement_trigger
    return RegionsOut(
        etag=found.etag,
        unchanged=found.regions is None,
        regions=None if found.regions is None else [_region_out(region) for region in found.regions],
        movement_trigger=None if trigger is None else _trigger_out(trigger),
        max_regions=found.max_regions,
        refetch_m=found.refetch_m,
        fresh_for_s=settings.PHONE_FRESH_FOR_S,
        max_distance_m=settings.PHONE_MAX_DISTANCE_M,
        duplicate_window_s=settings.PHONE_DUPLICATE_WINDOW_S,
    )


def _region_out(region: syncing.Region) -> RegionOut:
    circle = region.covering.circle
    return RegionOut(
        fence_id=region.fence_id,
        store_id=region.store_id,
        kind="circle",
        center_lat=circle.lat,
        center_lon=circle.lon,
        radius_m=circle.radius_m,
        distance_m=region.distance_m,
        over_trigger_share=region.covering.over_trigger_share,
    )


def _trigger_out(trigger: syncing.MovementTrigger) -> MovementTriggerOut:
    return MovementTriggerOut(
        center_lat=trigger.lat,
        center_lon=trigger.lon,
        radius_m=trigger.radius_m,
        report_inside=trigger.report_inside,
    )
