"""What matching says of a fix, by the fences that this process knows."""

from collections.abc import Sequence
from datetime import datetime

from geooffers.visits.engine import crossing, sighting
from geooffers.visits.engine.observations import Fix, RegionEvent, Sighting
from geooffers.visits.engine.timeline import Crosses
from merchants.live_fences import live_fences


def look(*, fix: Fix | RegionEvent, live: live_fences.Fences, now: datetime) -> Sighting:
    return sighting.see(fix=fix, index=live.index, fence=live.fence, now=now)


def look_at_each(*, fixes: Sequence[Fix | RegionEvent], live: live_fences.Fences, now: datetime) -> list[Sighting]:
    """The same of a phone's fixes: what may be near is looked up once for those that lie close together."""
    index = live.index.following() if len(fixes) > 1 else live.index
    return [sighting.see(fix=fix, index=index, fence=live.fence, now=now) for fix in fixes]


def crosses(*, live: live_fences.Fences) -> Crosses:
    return crossing.among(index=live.index, fence=live.fence)
