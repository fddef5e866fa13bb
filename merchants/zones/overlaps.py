"""Which zones a fence lies over, and which fences lie under new zones. Boxes first, areas for what is left."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import shapely
from django.db.models import F, Q, QuerySet

from geooffers.matching.areas import Area
from merchants.fences import geometry
from merchants.fences.areas import live_area, stored_area
from merchants.fences.geometry import Bounds
from merchants.models import ExclusionZone, FenceState, Geofence

Row = TypeVar("Row", Geofence, ExclusionZone)

# Boxes are compared with this to spare, so that rounding loses no candidate.
SPARE_DEG = 1e-6


def zone_over(area: Area) -> ExclusionZone | None:
    """An active zone that has a place in common with the area, its buffer included."""
    for zone in _boxes_meet(ExclusionZone.objects.filter(active=True), geometry.bounds(area)).order_by("pk"):
        if geometry.overlap(area, live_area(zone)):
            return zone
    return None


def live_fences_under(zones: Sequence[ExclusionZone]) -> dict[int, ExclusionZone]:
    """Of every live fence that has a place in common with one of the zones, that zone."""
    found: dict[int, ExclusionZone] = {}
    for fence_ids, zone in _candidates(zones):
        closed = live_area(zone)
        for fence in Geofence.objects.filter(pk__in=[one for one in fence_ids if one not in found]).order_by("pk"):
            if geometry.overlap(stored_area(fence), closed):
                found[fence.pk] = zone
    return found


def _candidates(zones: Sequence[ExclusionZone]) -> Iterator[tuple[list[int], ExclusionZone]]:
    """Live fences are read once, as boxes, whether there is one zone or ten thousand."""
    live = Geofence.objects.filter(state=FenceState.LIVE)
    without_box = list(live.filter(south=None).values_list("pk", flat=True))
    boxes = live.filter(south__isnull=False)
    if len(zones) == 1:
        boxes = _boxes_meet(boxes, _bounds_of(zones[0]))
    fences, ids = _tree(boxes)
    for zone in zones:
        met = fences.query(_box_shapes(_bounds_of(zone)), predicate="intersects")[1] if len(ids) else []
        candidates = sorted({*without_box, *(int(ids[at]) for at in met)})
        if candidates:
            yield candidates, zone


def _tree(boxes: QuerySet[Geofence]) -> tuple[shapely.STRtree, npt.NDArray[np.int64]]:
    shapes: list[shapely.Geometry] = []
    ids: list[int] = []
    columns: Any = boxes.values_list("pk", "south", "west", "north", "east")
    for fence_id, south, west, north, east in columns.iterator(chunk_size=20_000):
        for shape in _box_shapes(Bounds(south=south, west=west, north=north, east=east)):
            shapes.append(shape)
            ids.append(fence_id)
    return shapely.STRtree(shapes), np.array(ids, dtype=np.int64)


def _box_shapes(box: Bounds) -> list[shapely.Geometry]:
    """One, or two where it lies across 180 degrees."""
    stretches = [(box.west, box.east)] if box.west <= box.east else [(box.west, 180.0), (-180.0, box.east)]
    return [
        shapely.box(west - SPARE_DEG, box.south - SPARE_DEG, east + SPARE_DEG, box.north + SPARE_DEG)
        for west, east in stretches
    ]


def _bounds_of(zone: ExclusionZone) -> Bounds:
    return geometry.bounds(live_area(zone))


def _boxes_meet(rows: QuerySet[Row], box: Bounds) -> QuerySet[Row]:
    """By the columns; rows without a box are always among them."""
    lat = Q(south__lte=box.north + SPARE_DEG, north__gte=box.south - SPARE_DEG)
    lon = Q()
    for west, east in [(box.west, box.east)] if box.west <= box.east else [(box.west, 180.0), (-180.0, box.east)]:
        ends = Q(west__lte=east + SPARE_DEG), Q(east__gte=west - SPARE_DEG)
        across = Q(west__gt=F("east"))
        lon |= (~across & ends[0] & ends[1]) | (across & (ends[0] | ends[1]))
    return rows.filter(Q(south=None) | (lat & lon))
