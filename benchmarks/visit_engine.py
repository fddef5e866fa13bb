"""Our engine on a track, as a phone and the worker would drive it: one report a fix, in the order of arrival.

Matching is the real index over the track's fences, the rules are `geooffers.visits.transitions`, and the stale round is
its own two functions. Nothing is written.
"""

from collections.abc import Iterable, Iterator
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from benchmarks.scoring import Event
from benchmarks.tracks.labels import Report, Track
from geooffers.matching.index import Index, Sureness
from geooffers.visits import silence, transitions
from geooffers.visits.transitions import Change, Fix, Sighting, State, Step, Touch, Transition

STALE_AFTER = timedelta(minutes=60)
DWELL_S = 300
BEGINS_AT = datetime(2026, 3, 2, 10, tzinfo=UTC)

BEGINNINGS = frozenset({Change.ENTERED, Change.APPEARED_INSIDE})
_TELLS = {field.name for field in fields(Fix)}


class OurEngine:
    name = "geooffers"

    def run(self, track: Track) -> Iterator[Event]:
        index = Index.build(track.fences)
        state, last = State(), 0
        for number, report in enumerate(track.reports):
            now = moment(report.at_s)
            if state.newest_at is not None and silence.is_silent(newest_at=state.newest_at, now=now, limit=STALE_AFTER):
                yield from told(transitions.end_of_silence(state), fix=last, at_s=report.at_s)
                state = transitions.at_rest(state)
            step = stepped(state=state, index=index, report=report, number=number)
            yield from told(step.transitions, fix=number, at_s=report.at_s, suspicious=is_suspicious(step))
            state, last = step.state, number
        # The phone is never heard of again.
        yield from told(transitions.end_of_silence(state), fix=last, at_s=track.reports[-1].at_s)


def stepped(*, state: State, index: Index, report: Report, number: int) -> Step:
    fix = fix_of(report, number=number)
    walk = transitions.walk(
        state=state, sightings=[sighting_of(fix, index=index)], now=fix.recorded_at, stale_after=STALE_AFTER
    )
    return walk.steps[0]


def sighting_of(fix: Fix, *, index: Index) -> Sighting:
    return Sighting(
        fix=fix,
        touches=tuple(
            Touch(
                fence=match.fence,
                inside=match.inside,
                sureness=match.sureness,
                distance_m=None if match.sureness is Sureness.INSIDE else match.distance_m,
                dwell_s=DWELL_S,
            )
            for match in index.match_one(lat=fix.lat, lon=fix.lon, accuracy_m=fix.accuracy_m)
        ),
    )


def fix_of(report: Report, *, number: int) -> Fix:
    known: dict[str, Any] = {
        "uuid": UUID(int=number + 1),
        "recorded_at": moment(report.at_s),
        "lat": report.lat,
        "lon": report.lon,
        "accuracy_m": report.accuracy_m,
        "background": True,
        "speed_mps": report.speed_mps,
        "mock": report.mock,
    }
    return Fix(**{name: value for name, value in known.items() if name in _TELLS})


def is_suspicious(step: Step) -> bool:
    """What the engine says of the fix it was told with."""
    return bool(getattr(step, "suspicious", False))


def told(changes: Iterable[Transition], *, fix: int, at_s: float, suspicious: bool = False) -> Iterator[Event]:
    """A dwell is neither an enter nor a leave. A leave that nobody saw counts from the time it is dated back to, all
    else from when it was told.
    """
    for change in changes:
        if change.change is not Change.DWELLED:
            yield Event(
                enters=change.change in BEGINNINGS,
                fence=change.fence,
                fix=fix,
                at_s=(change.at - BEGINS_AT).total_seconds() if change.stale else at_s,
                suspicious=suspicious,
            )


def moment(at_s: float) -> datetime:
    """Whole milliseconds, as the packed state holds them."""
    return BEGINS_AT + timedelta(milliseconds=round(at_s * 1_000))
