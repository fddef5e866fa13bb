"""What a report's answer says of the next one, from where the phone is and what it is in. No query, nothing kept."""

from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings

from geooffers.visits.engine import sighting
from geooffers.visits.engine.next_report import NextReport, Pace, due_s, next_report
from geooffers.visits.engine.observations import Fix, Sighting, Status, to_moment
from geooffers.visits.engine.plausibility import PlaceSeen
from geooffers.visits.engine.timeline import Known
from merchants.fences.areas import is_fence
from merchants.live_fences.live_fences import Fences

_SAYS_WHERE = (Status.ACCEPTED, Status.DUPLICATE)


def advise_next_report(
    *, seen: Iterable[tuple[Sighting, Status]], known: Known, live: Fences, stale_after: timedelta
) -> NextReport:
    """`seen` are a report's sightings with what became of each, `known` what is known of the phone after them."""
    place = known.place
    distance_m = None
    if place is not None:
        newest_at = to_moment(place.at_ms)
        # A repeat of the newest fix says where the phone is as well as the first time.
        newest = [each for each, status in seen if status in _SAYS_WHERE and each.fix.recorded_at == newest_at]
        if newest:
            distance_m = boundary_m(place, seen=newest, live=live)
        else:
            place = None
    waits_s = None
    if known.at_ms is not None:
        waits_s = due_s(stays=known.stays.values(), at_ms=known.at_ms, stale_after=stale_after)
    return next_report(
        distance_m=distance_m,
        accuracy_m=place.accuracy_m if place is not None else 0.0,
        pending=known.is_pending,
        due_s=waits_s,
        pace=Pace(
            least_m=settings.PHONE_MOVE_LEAST_M,
            most_m=settings.PHONE_MOVE_MOST_M,
            soon_s=settings.PHONE_SOON_S,
        ),
    )


def boundary_m(place: PlaceSeen, *, seen: Iterable[Sighting], live: Fences) -> float:
    """How far the nearest boundary of a fence is, `PHONE_MOVE_MOST_M` at most.

    What matching measured of the fix that was here is not measured again: only past its reach is looked for more.
    Boundaries of zones do not count: nothing begins or ends there, and the answers would be a map of the zones.
    """
    at_most_m = settings.PHONE_MOVE_MOST_M
    beyond_m = 0.0
    for each in seen:
        fix = each.fix
        if isinstance(fix, Fix) and not each.excluded and (fix.lat, fix.lon) == (place.lat, place.lon):
            measured = [abs(touch.distance_m) for touch in each.touches if touch.distance_m is not None]
            if measured:
                return min(*measured, at_most_m)
            beyond_m = sighting.reach_m(fix)
    return live.index.clearance_m(lat=place.lat, lon=place.lon, at_most_m=at_most_m, counts=is_fence, beyond_m=beyond_m)
