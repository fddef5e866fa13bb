"""What is kept of where a shopper was: each phone's last minute and cell, and their visits."""

from typing import Any

from geooffers.shoppers.exporting import Entry, Exporting, Sections
from geooffers.visits import packing
from geooffers.visits.models import DeviceState, Presence, Visit
from geooffers.visits.transitions import CELLS_A_DEGREE
from merchants.models import Geofence

MODELS = frozenset({DeviceState, Visit, Presence})


def sections(of: Exporting) -> Sections:
    states = DeviceState.objects.filter(device__shopper__in=of.shopper_ids).order_by("pk")
    return {
        "last_seen": (_last_seen(row) for row in states),
        "visits": (_visit(row) for row in _visits(of).iterator(chunk_size=2000)),
    }


def count(of: Exporting) -> int:
    return int(_visits(of).count())


def _visits(of: Exporting) -> Any:
    visits = Visit.objects.filter(shopper__in=of.shopper_ids).select_related("fence__store__merchant")
    return visits.prefetch_related("presences").order_by("began_at", "pk")


def _last_seen(row: DeviceState) -> Entry:
    state = packing.unpack(bytes(row.packed))
    names = dict(Geofence.objects.filter(pk__in=state.inside).values_list("pk", "name"))
    return {
        "device_id": row.pk,
        "minute": row.last_fix_at,
        "newest_at": state.newest_at,
        # The south-west corner of the cell: of the place itself nothing is kept.
        "cell_lat": None if state.cell is None else state.cell[0] / CELLS_A_DEGREE,
        "cell_lon": None if state.cell is None else state.cell[1] / CELLS_A_DEGREE,
        "inside": [names[fence] for fence in state.inside if fence in names],
    }


def _visit(row: Visit) -> Entry:
    return {
        "id": row.pk,
        "merchant": row.fence.store.merchant.name,
        "store": row.fence.store.name,
        "fence": row.fence.name,
        "began_at": row.began_at,
        "appeared_inside": row.appeared_inside,
        "dwelled_at": row.dwelled_at,
        "ended_at": row.ended_at,
        "end_reason": row.end_reason or None,
        "phones_inside": [{"device_id": one.device_id, "since": one.since} for one in row.presences.all()],
    }
