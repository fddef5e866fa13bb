"""The fences nearest to a phone, as `sync_regions` tells them too, without what watching them takes. The position is
used for this answer and not kept.
"""

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from geooffers.matching.index import Near
from geooffers.shoppers.models import Purpose
from geooffers.usecases.location.sync_regions import check_consent
from merchants.fences import geometry
from merchants.fences.areas import is_fence, stored_area
from merchants.live_fences import live_fences
from merchants.models import Geofence

# Closer than this nobody asks again, even in the middle of more fences than a phone can watch.
ASK_AGAIN_AT_LEAST_M = 100
# And a phone that knows every fence there is asks again somewhere: new ones are drawn.
ASK_AGAIN_AT_MOST_M = 50_000


@dataclass(frozen=True, kw_only=True)
class Region:
    """A circle to watch: the fence itself, or one around a polygon. `distance_m` is to the fence, 0 inside."""

    fence_id: UUID
    store_id: UUID
    center_lat: float
    center_lon: float
    radius_m: float
    distance_m: float


@dataclass(frozen=True, kw_only=True)
class Nearby:
    regions: tuple[Region, ...]
    ask_again_after_m: int


def list_nearby(*, consents: frozenset[Purpose], background: bool, lat: float, lon: float, limit: int) -> Nearby:
    check_consent(consents=consents, background=background)
    if settings.PHONE_MAX_REGIONS == 0:
        return Nearby(regions=(), ask_again_after_m=ASK_AGAIN_AT_MOST_M)
    near = (
        live_fences.matcher()
        .current()
        .index.nearest(lat=lat, lon=lon, limit=limit, at_most_m=settings.PHONE_MAX_DISTANCE_M, counts=is_fence)
    )
    rows = Geofence.objects.in_bulk([one.fence for one in near])
    # One that was archived within the second is not there any more, or does not matter.
    regions = tuple(_region(rows[one.fence], distance_m=one.distance_m) for one in near if one.fence in rows)
    return Nearby(regions=regions, ask_again_after_m=_ask_again_after_m(near, limit=limit))


def _ask_again_after_m(near: tuple[Near, ...], *, limit: int) -> int:
    """A fence that is not in the answer begins no nearer than the last one in it, so walking that far meets none."""
    if len(near) < limit:
        return min(ASK_AGAIN_AT_MOST_M, settings.PHONE_MAX_DISTANCE_M)
    return int(min(max(near[-1].distance_m, ASK_AGAIN_AT_LEAST_M), ASK_AGAIN_AT_MOST_M))


def _region(fence: Geofence, *, distance_m: float) -> Region:
    circle = geometry.enclosing_circle(stored_area(fence))
    return Region(
        fence_id=fence.public_id,
        store_id=fence.store_id,
        center_lat=circle.lat,
        center_lon=circle.lon,
        radius_m=circle.radius_m,
        distance_m=distance_m,
    )
