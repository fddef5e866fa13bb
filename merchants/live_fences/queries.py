"""Live fences and active zones as rows of the database, and as areas for the index."""

import logging
from collections.abc import Callable, Iterable, Iterator

from geooffers.matching.areas import Fence
from merchants.fences.areas import Row, index_id, live_area
from merchants.fences.geometry.measures import size_m
from merchants.live_fences.attributes import FenceFacts
from merchants.models import ExclusionZone, FenceState, FenceTuning, Geofence

log = logging.getLogger(__name__)

AREA_COLUMNS = ("kind", "center_lat", "center_lon", "radius_m", "geometry")


def live_rows(ids: set[int] | None = None) -> Iterator[Row]:
    """All, or those with these ids in the index; zones first, then fences, each by its id."""
    # Of a million rows, columns that nobody asks for cost half a minute.
    fences = (
        Geofence.objects.filter(state=FenceState.LIVE, store__archived_at=None, store__merchant__archived_at=None)
        .only("public_id", "name", "dwell_s", "tuning", "store__merchant_id", *AREA_COLUMNS)
        .select_related("store")
    )
    zones = ExclusionZone.objects.filter(active=True).only(*AREA_COLUMNS, "buffer_m", "buffered")
    if ids is None:
        yield from zones.order_by("pk").iterator()
        yield from fences.order_by("pk").iterator()
        return
    # Most changes are of one fence: half the time of a poll is the making of queries.
    if zone_ids := [-one for one in ids if one < 0]:
        yield from zones.filter(pk__in=zone_ids).order_by("pk").iterator()
    if fence_ids := [one for one in ids if one > 0]:
        yield from fences.filter(pk__in=fence_ids).order_by("pk").iterator()


def count_live_rows() -> int:
    """How many there may be: archived stores' fences are counted too, which costs less than leaving them out."""
    return Geofence.objects.filter(state=FenceState.LIVE).count() + ExclusionZone.objects.filter(active=True).count()


def as_fences(rows: Iterable[Row], *, facts: Callable[[FenceFacts], None]) -> Iterator[Fence]:
    """The rows as fences for the index; `facts` is called with what reports need to know of each."""
    for row in rows:
        try:
            area = live_area(row)
        except ValueError:
            # Written past merchants.fences.editing. Better one fence missing than no index for anybody.
            log.error("live fences: %s %s has no area and is left out", type(row).__name__, row.pk)
            continue
        if isinstance(row, Geofence):
            facts(
                FenceFacts(
                    id=row.pk,
                    public_id=row.public_id,
                    name=row.name,
                    store_id=row.store_id,
                    merchant_id=row.store.merchant_id,
                    dwell_s=row.dwell_s,
                    is_drive_by=row.tuning == FenceTuning.DRIVE_BY,
                    size_m=size_m(area),
                )
            )
        yield Fence(id=index_id(row), area=area)
