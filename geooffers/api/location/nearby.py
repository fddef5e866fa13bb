"""POST /nearby: the fences around a phone, for apps that were made before POST /regions. A POST as that is."""

from typing import Annotated, Literal
from uuid import UUID

from ninja import Router
from pydantic import Field

from geooffers.api import rate_limits
from geooffers.api.edge import clock, contract, strict
from geooffers.api.identity import auth
from geooffers.callers import limits
from geooffers.shoppers.consents import pauses
from geooffers.usecases.location import list_nearby as nearby
from geooffers.usecases.location.report_positions import ConsentMissing

router = Router(tags=["Positions"], auth=auth.device_auth)

_REGION = {
    "fence_id": "019e7f5c-3a52-7c4e-9d41-0c6a8a1f2b3c",
    "store_id": "019e7f5c-1b2c-7d3e-8f40-a1b2c3d4e5f6",
    "center_lat": 60.1695,
    "center_lon": 24.9525,
    "radius_m": 150.0,
    "distance_m": 420.5,
}


class NearbyIn(strict.StrictSchema):
    """Where the phone is. The position is used for the answer and not kept."""

    model_config = strict.example(lat=60.1695, lon=24.9525, background=True, limit=20)

    lat: Annotated[float, Field(ge=-90, le=90)]
    lon: Annotated[float, Field(ge=-180, le=180)]
    background: Annotated[bool, Field(description="Whether the app is in the background: each needs its own consent.")]
    limit: Annotated[
        Literal[20, 100], Field(description="How many regions the phone can watch: 20 on iOS, 100 on Android.")
    ] = 20


class NearbyRegionOut(strict.ReplySchema):
    """A circle to watch. On entering or leaving it, report a position: the server decides with the exact area."""

    model_config = strict.example(**_REGION)
    fence_id: UUID
    store_id: UUID
    center_lat: float
    center_lon: float
    radius_m: float
    distance_m: float = Field(description="To the fence's boundary; 0 inside.")


class NearbyOut(strict.ReplySchema):
    """`regions` begin with the nearest."""

    model_config = strict.example(regions=[_REGION], ask_again_after_m=3200)
    regions: list[NearbyRegionOut]
    ask_again_after_m: int = Field(
        description="Ask again after moving so far from here (100 m at least); nearer, no fence is missing above."
    )


@router.post(
    "",
    response=NearbyOut,
    operation_id="listNearby",
    deprecated=True,
    summary="List the fences nearby",
    description=(
        "Use `POST /regions`, which also knows what monitoring takes. The nearest fences as circles, ordered by the "
        "distance to their boundary, and how far to go before asking again."
    ),
    openapi_extra=contract.refusals(ConsentMissing, pauses.Paused),
)
def list_nearby(request: auth.DeviceRequest, payload: NearbyIn) -> NearbyOut:
    now = clock.now()
    rate_limits.spend(request, limits.DEVICE_CALLS, caller=request.auth.name, now=now)
    pauses.refuse_if_paused(pause=request.auth.pause, now=now)
    found = nearby.list_nearby(
        consents=request.auth.consents(now=now),
        background=payload.background,
        lat=payload.lat,
        lon=payload.lon,
        limit=payload.limit,
    )
    return NearbyOut(
        regions=[
            NearbyRegionOut(
                fence_id=region.fence_id,
                store_id=region.store_id,
                center_lat=region.center_lat,
                center_lon=region.center_lon,
                radius_m=region.radius_m,
                distance_m=region.distance_m,
            )
            for region in found.regions
        ],
        ask_again_after_m=found.ask_again_after_m,
    )
