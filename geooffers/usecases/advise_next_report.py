"""What a report's answer says of the next one, from where the phone is and what it is in. No query, nothing kept."""

from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings

from geooffers.visits.next_report import NextReport, Pace, due_s, next_report
from geooffers.visits.observations import to_moment
from geooffers.visits.transitions import Fix, Known, RegionEvent, Status
from merchants.fence_areas import is_fence
from merchants.live_fences import Fences

_SAYS_WHERE = (Status.ACCEPTED, Status.DUPLICATE)


def advise_next_report(
    *, seen: Iterable[tuple[Fix | RegionEvent, Status]], known: Known, live: Fences, stale_after: timedelta
) -> NextReport:
    """`seen` are a report's fixes with what became of each, `known` what is known of the phone after them."""
    place = known.place
    # A repeat of the newest fix says where the phone is as well as the first time.
    if place is not None:
        newest_at = to_moment(place.at_ms)
        if not any(fix.recorded_at == newest_at and status in _SAYS_WHERE for fix, status in seen):
            place = None
    distance_m = None
    if place is not None:
        # Nothing begins or ends at a zone's boundary, and whoever saw the answers could map the zones.
        distance_m = live.index.clearance_m(
            lat=place.lat, lon=place.lon, at_most_m=settings.PHONE_MOVE_MOST_M, counts=is_fence
        )
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
