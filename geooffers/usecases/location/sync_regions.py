"""What a phone registers with its system's own region monitoring, and when it asks for it anew. docs/fence-sync.md.

A phone watches circles, and only so many. Which ones is decided by where their boundaries are and not their centres:
the rim of a wide fence may be nearer than a small fence's centre. One region is left for the movement trigger around
the phone itself: leaving it is when the phone looks again, so it must be left before anything that is not watched can
be reached. Nothing about the position is stored.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from geooffers.matching.index import Near
from geooffers.shoppers.models import Purpose
from geooffers.usecases.location.report_positions import ConsentMissing
from merchants.fences import geometry
from merchants.fences.areas import is_fence
from merchants.fences.geometry import Covering
from merchants.live_fences import live_fences
from merchants.live_fences.attributes import FenceFacts
from merchants.live_fences.live_fences import Fences

# Smaller circles are left and entered by a phone that lies on a table.
TRIGGER_LEAST_M = 100
# What matching measured may be half a percent too long.
SURELY_SHARE, SURELY_M = 0.99, 0.1


@dataclass(frozen=True, kw_only=True, slots=True)
class Region:
    """A circle to watch; `distance_m` is to the fence's boundary, 0 inside."""

    fence_id: UUID
    store_id: UUID
    covering: Covering
    distance_m: int


@dataclass(frozen=True, kw_only=True, slots=True)
class MovementTrigger:
    """Around where the phone is. `report_inside`: fences that it does not watch begin in here, so it has to report."""

    lat: float
    lon: float
    radius_m: int
    report_inside: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Regions:
    """`regions` is None when the phone has them already; without a trigger it watches nothing."""

    etag: str
    regions: tuple[Region, ...] | None
    max_regions: int
    movement_trigger: MovementTrigger | None
    refetch_m: int


def sync_regions(
    *, consents: frozenset[Purpose], background: bool, lat: float, lon: float, slots: int, known: str | None
) -> Regions:
    """`slots` are the regions that the phone's system leaves for us, `known` the etag of what it has registered."""
    check_consent(consents=consents, background=background)
    most = min(slots - 1, settings.PHONE_MAX_REGIONS)
    live = live_fences.matcher().current()
    regions, left_out_m = _nearest(live, lat=lat, lon=lon, most=most) if most else ((), 0.0)
    etag = _etag(regions)
    surely_m = left_out_m * SURELY_SHARE - SURELY_M
    may_go_m = max(int(surely_m) - settings.PHONE_TRIGGER_LATE_M, TRIGGER_LEAST_M)
    radius_m = min(settings.PHONE_TRIGGER_RADIUS_M, may_go_m)
    trigger = MovementTrigger(lat=lat, lon=lon, radius_m=radius_m, report_inside=surely_m <= radius_m)
    return Regions(
        etag=etag,
        regions=None if etag == known else regions,
        max_regions=most,
        movement_trigger=trigger if most else None,
        refetch_m=min(settings.PHONE_REFETCH_M, may_go_m) if most else settings.PHONE_REFETCH_M,
    )


def check_consent(*, consents: frozenset[Purpose], background: bool) -> None:
    """Watching in the background is background location, also when the system does it for the app."""
    needed = Purpose.LOCATION_BACKGROUND if background else Purpose.LOCATION_FOREGROUND
    if needed not in consents:
        raise ConsentMissing


def _nearest(live: Fences, *, lat: float, lon: float, most: int) -> tuple[tuple[Region, ...], float]:
    """By whole metres to the boundary, then by id; and how far away the nearest fence begins that is left out."""
    asked = most + 1
    while True:
        near = live.index.nearest(
            lat=lat, lon=lon, limit=asked, at_most_m=settings.PHONE_MAX_DISTANCE_M, counts=is_fence
        )
        if len(near) < asked or round(near[-1].distance_m) > round(near[most - 1].distance_m):
            break
        asked *= 2  # all that are equally far by whole metres have to be known before one is chosen
    known = [(one, facts) for one in near if (facts := live.fence(one.fence)) is not None]
    known.sort(key=lambda each: (round(each[0].distance_m), each[1].public_id))
    # Farther than was asked for there may be others.
    left_out_m = min((one.distance_m for one, _ in known[most:]), default=float(settings.PHONE_MAX_DISTANCE_M))
    return _as_regions(live, known[:most]), left_out_m


def _as_regions(live: Fences, chosen: Sequence[tuple[Near, FenceFacts]]) -> tuple[Region, ...]:
    regions = []
    for one, facts in chosen:
        area = live.index.area(one.fence)
        if area is not None:
            covering = geometry.covering(area, least_radius_m=settings.PHONE_MIN_RADIUS_M)
            regions.append(
                Region(
                    fence_id=facts.public_id,
                    store_id=facts.store_id,
                    covering=covering,
                    distance_m=round(one.distance_m),
                )
            )
    return tuple(regions)


def _etag(regions: Sequence[Region]) -> str:
    """Of what is registered, in whatever order: distances are not part of it, or every step would change it."""
    rows = sorted(
        [
            str(region.fence_id),
            str(region.store_id),
            region.covering.circle.lat,
            region.covering.circle.lon,
            region.covering.circle.radius_m,
            region.covering.over_trigger_share,
        ]
        for region in regions
    )
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:32]
