"""Our engine on a track, as a phone drives it: one report a fix, in the order of arrival.

Matching is the real index over the track's fences, the rules are `geooffers.visits.engine.transitions`. Nothing is
written. What the task `close_stale` closes is what the rules themselves close at the next fix, with the same times.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from benchmarks.scoring import Event
from benchmarks.tracks.labels import Report, Track
from benchmarks.visit_peers import radius_m
from geooffers.matching.areas import Fence
from geooffers.matching.index import Index, Sureness
from geooffers.visits.engine import transitions
from geooffers.visits.engine.observations import Fix, Sighting, Touch
from geooffers.visits.engine.transition_events import BEGINNINGS, Change
from geooffers.visits.engine.transitions import State, Transition, Walk
from geooffers.visits.engine.tuning import MARGIN_MOST_M

STALE_AFTER = timedelta(minutes=60)
DWELL_S = 300
BEGINS_AT = datetime(2026, 3, 2, 10, tzinfo=UTC)


class Eye:
    """What matching says of fixes: an index over some fences."""

    def __init__(self, fences: Iterable[Fence]) -> None:
        fences = tuple(fences)
        self.index = Index.build(fences)
        self._size_m = {fence.id: radius_m(fence.area) for fence in fences}

    def sighting(self, report: Report, *, number: int) -> Sighting:
        fix = fix_of(report, number=number)
        matches = self.index.match_one(lat=fix.lat, lon=fix.lon, accuracy_m=fix.accuracy_m + MARGIN_MOST_M)
        touches = []
        for match in matches:
            touches.append(
                Touch(
                    fence=match.fence,
                    inside=match.inside,
                    sureness=match.sureness,
                    distance_m=None if match.sureness is Sureness.INSIDE else match.distance_m,
                    dwell_s=DWELL_S,
                    size_m=self._size_m[match.fence],
                )
            )
        return Sighting(fix=fix, touches=tuple(touches))


class OurEngine:
    name = "geooffers"

    def run(self, track: Track) -> Iterator[Event]:
        eye, state = Eye(track.fences), State()
        for number, report in enumerate(track.reports):
            walk = walked(state, eye=eye, report=report, number=number)
            yield from told(walk.transitions, fix=number, at_s=report.at_s)
            state = walk.state
        # The phone is not heard of again for hours.
        last = len(track.reports) - 1
        later = replace(track.reports[last], at_s=track.reports[last].at_s + 3 * STALE_AFTER.total_seconds())
        walk = walked(state, eye=eye, report=later, number=last + 1)
        silent = [change for change in walk.transitions if change.stale]
        yield from told(silent, fix=last, at_s=later.at_s)


def walked(state: State, *, eye: Eye, report: Report, number: int, received_s: float | None = None) -> Walk:
    now = moment(report.at_s if received_s is None else received_s)
    return transitions.walk(
        state=state, sightings=[eye.sighting(report, number=number)], now=now, stale_after=STALE_AFTER
    )


def fix_of(report: Report, *, number: int) -> Fix:
    return Fix(
        uuid=UUID(int=number + 1),
        recorded_at=moment(report.at_s),
        lat=report.lat,
        lon=report.lon,
        accuracy_m=report.accuracy_m,
        background=True,
        speed_mps=report.speed_mps,
        mock=report.mock,
    )


def told(changes: Iterable[Transition], *, fix: int, at_s: float) -> Iterator[Event]:
    """Enters and leaves. A leave that nobody saw counts from the time it is dated back to, all else from when it was
    told. Young and yet nobody may be disturbed for it: that is how a suspicious one is told.
    """
    for change in changes:
        if change.change in BEGINNINGS or change.change is Change.LEFT:
            yield Event(
                enters=change.change is not Change.LEFT,
                fence=change.fence,
                fix=fix,
                at_s=(change.at - BEGINS_AT).total_seconds() if change.stale else at_s,
                suspicious=not change.pushable and not change.stale,
                confidence=change.confidence,
            )


def moment(at_s: float) -> datetime:
    """Whole milliseconds, as the packed state holds them."""
    return BEGINS_AT + timedelta(milliseconds=round(at_s * 1_000))
