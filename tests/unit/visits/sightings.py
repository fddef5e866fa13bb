"""Sightings as matching would give them: what the tests of the visit rules are written in."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from geooffers.visits.engine import transitions
from geooffers.visits.engine.observations import Fix, RegionChange, RegionEvent, Sighting, Touch
from geooffers.visits.engine.transition_events import Change
from geooffers.visits.engine.transitions import State, Transition, Walk
from geooffers.visits.engine.tuning import DRIVE_BY, WALK_IN, Tuning

NOON = datetime(2026, 6, 2, 12, 0, tzinfo=UTC)
STALE_AFTER = timedelta(minutes=60)
CAFE, MALL = 7, 8
LAT, LON = 60.1, 24.9
# So far north a metre is this much of a degree.
LAT_A_METRE = 1 / 111_400


def seconds(after: float) -> datetime:
    return NOON + timedelta(seconds=after)


def sighting(
    at: datetime,
    *fences: int,
    uuid: UUID | None = None,
    excluded: bool = False,
    depth_m: float = 50,
    accuracy_m: float = 10,
    dwell_s: int = 300,
    size_m: float = 100,
    tuning: Tuning = WALK_IN,
    north_m: float = 0,
    lat: float | None = None,
    lon: float = LON,
    speed_mps: float | None = None,
    mock: bool = False,
) -> Sighting:
    """`depth_m` within each of the fences, negative outside; `north_m` of where it usually is."""
    fix = Fix(
        uuid=uuid or uuid4(),
        recorded_at=at,
        lat=LAT + north_m * LAT_A_METRE if lat is None else lat,
        lon=lon,
        accuracy_m=accuracy_m,
        background=False,
        speed_mps=speed_mps,
        mock=mock,
    )
    touches = tuple(
        Touch(
            fence=fence,
            inside=depth_m >= 0,
            sureness=1 if depth_m >= accuracy_m else 0,
            distance_m=depth_m,
            dwell_s=dwell_s,
            size_m=size_m,
            tuning=tuning,
        )
        for fence in fences
    )
    return Sighting(fix=fix, touches=touches, excluded=excluded)


def driving_by(at: datetime, *fences: int, **others: object) -> Sighting:
    return sighting(at, *fences, tuning=DRIVE_BY, **others)  # type: ignore[arg-type]


def told(at: datetime, change: RegionChange, *, fence: int = CAFE, exact: bool = True) -> Sighting:
    return Sighting(fix=RegionEvent(uuid=uuid4(), recorded_at=at, fence=fence, change=change, exact=exact, dwell_s=300))


def walk(state: State, seen: Iterable[Sighting], *, now: datetime | None = None) -> Walk:
    taken = list(seen)
    latest = max(one.fix.recorded_at for one in taken)
    return transitions.walk(state=state, sightings=taken, now=now or latest, stale_after=STALE_AFTER)


def advance(state: State, seen: Sighting, *, now: datetime | None = None) -> Walk:
    return walk(state, [seen], now=now)


def after(*seen: Sighting) -> State:
    return walk(State(), seen).state


def changes(found: Iterable[Transition]) -> list[tuple[Change, int]]:
    return [(one.change, one.fence) for one in found]
