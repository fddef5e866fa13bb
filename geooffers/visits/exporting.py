"""What is kept of where a shopper was: the last few positions of each phone, and their visits."""

from collections.abc import Mapping
from typing import Any

from geooffers.shoppers.privacy.data_export import Entry, Exporting, Sections
from geooffers.visits.engine.observations import Fix, RegionEvent, Sighting, to_moment
from geooffers.visits.engine.plausibility import PlaceSeen
from geooffers.visits.engine.stays import Stay
from geooffers.visits.models import DeviceState, Presence, Visit
from geooffers.visits.state import packing, sealed_state
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
    """Of the sightings that are kept, and of what is known from them and from before them."""
    state = packing.unpack(sealed_state.open_(bytes(row.packed), device_id=row.pk))
    known, base = state.known, state.base
    fixes = [seen for seen in (*state.kept, known.aside, base.aside) if seen and isinstance(seen.fix, Fix)]
    events = [seen.fix for seen in state.kept if isinstance(seen.fix, RegionEvent)]
    fences = {touch.fence for seen in fixes for touch in seen.touches} | {event.fence for event in events}
    names = dict(Geofence.objects.filter(pk__in=fences | known.stays.keys()).values_list("pk", "name"))
    # A place that is known is that of a fix, most often of one that is kept as well.
    positions = {place.at_ms: _place(place) for place in (base.place, known.place) if place is not None}
    positions |= {seen.at_ms: _position(seen, names) for seen in fixes}
    return {
        "device_id": row.pk,
        "minute": row.last_fix_at,
        "newest_at": state.newest_at,
        "positions": [position for _, position in sorted(positions.items())],
        "events": [
            {"at": event.recorded_at, "area": names[event.fence], "change": event.change}
            for event in events
            if event.fence in names
        ],
        "stays": [_stay(names[fence], stay) for fence, stay in known.stays.items() if fence in names],
        "suspicion": known.suspicion,
        "prints_of_reports": [f"{folded:016x}" for folded in state.remembered],
    }


def _position(seen: Sighting, names: Mapping[int, str]) -> Entry:
    fix = seen.fix
    if not isinstance(fix, Fix):
        raise TypeError("an event has no position")
    return {
        "at": fix.recorded_at,
        "lat": fix.lat,
        "lon": fix.lon,
        "accuracy_m": fix.accuracy_m,
        "speed_mps": fix.speed_mps,
        "in_background": fix.background,
        "made_up": fix.mock,
        "near": [names[touch.fence] for touch in seen.touches if touch.fence in names],
    }


def _place(place: PlaceSeen) -> Entry:
    return {
        "at": to_moment(place.at_ms),
        "lat": place.lat,
        "lon": place.lon,
        "accuracy_m": place.accuracy_m,
        "speed_mps": place.speed_mps,
        "in_background": None,
        "made_up": None,
        "near": [],
    }


def _stay(name: str, stay: Stay) -> Entry:
    return {
        "area": name,
        "since": to_moment(stay.entered_ms),
        "last_inside_at": to_moment(stay.last_inside_ms),
        "is_visit": stay.begun,
        "confidence": round(1 - stay.doubt, 2),
    }


def _visit(row: Visit) -> Entry:
    return {
        "id": row.pk,
        "merchant": row.fence.store.merchant.name,
        "store": row.fence.store.name,
        "fence": row.fence.name,
        "began_at": row.began_at,
        "appeared_inside": row.appeared_inside,
        "settled_at": row.settled_at,
        "dwelled_at": row.dwelled_at,
        "confidence": row.confidence,
        "seen_until": row.seen_until,
        "ended_at": row.ended_at,
        "end_reason": row.end_reason or None,
        "phones_inside": [{"device_id": one.device_id, "since": one.since} for one in row.presences.all()],
    }
