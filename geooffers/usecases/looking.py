"""What matching says of a fix, by the fences that this process knows."""

from datetime import datetime

from geooffers.visits import crossing, seeing
from geooffers.visits.timeline import Crosses
from geooffers.visits.transitions import Fix, RegionEvent, Sighting
from merchants import live_fences


def look(*, fix: Fix | RegionEvent, live: live_fences.Fences, now: datetime) -> Sighting:
    return seeing.see(fix=fix, index=live.index, fence=live.fence, now=now)


def crosses(*, live: live_fences.Fences) -> Crosses:
    return crossing.among(index=live.index, fence=live.fence)
