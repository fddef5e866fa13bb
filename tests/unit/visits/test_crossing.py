"""Who drives through a fence between two fixes: recorded where it is a drive-by fence, and never pushed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geooffers.matching.areas import Area, Circle, Fence, Polygon
from geooffers.matching.index import Index
from geooffers.visits.engine import crossing, transitions
from geooffers.visits.engine import sighting as seeing
from geooffers.visits.engine.observations import RegionChange, Sighting
from geooffers.visits.engine.plausibility import PlaceSeen
from geooffers.visits.engine.timeline import Crosses
from geooffers.visits.engine.transition_events import Change, Crossing
from geooffers.visits.engine.transitions import State, Transition, Walk
from geooffers.visits.state import packing
from tests.unit.visits.sightings import LAT, LAT_A_METRE, LON, STALE_AFTER, seconds, sighting, told

DRIVE_THROUGH, ZONE = 5, -1
LATER = seconds(1_500)
LON_A_METRE = 1 / 55_600  # at 60 degrees north
CIRCLE = Circle(lat=LAT, lon=LON, radius_m=100)
# 200 m by 200 m around the same place.
SQUARE = Polygon(
    parts=(
        (
            tuple(
                (LON + east * 100 * LON_A_METRE, LAT + north * 100 * LAT_A_METRE)
                for east, north in ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))
            ),
        ),
    )
)


@dataclass(frozen=True)
class Facts:
    is_drive_by: bool = True
    dwell_s: int = 300
    size_m: float = 100


class Town:
    """One fence, and perhaps a zone where nobody is tracked."""

    def __init__(self, area: Area = CIRCLE, *, facts: Facts | None = None, zone: Area | None = None) -> None:
        zones = [] if zone is None else [Fence(id=ZONE, area=zone)]
        self.index = Index.build([Fence(id=DRIVE_THROUGH, area=area), *zones])
        self.facts = facts or Facts()

    @property
    def crosses(self) -> Crosses:
        return crossing.among(index=self.index, fence=lambda fence: self.facts)

    def walk(self, *seen: Sighting, state: State | None = None, now: datetime = LATER) -> Walk:
        return transitions.walk(
            state=state or State(),
            sightings=[
                seeing.see(fix=one.fix, index=self.index, fence=lambda fence: self.facts, now=now) for one in seen
            ],
            now=now,
            stale_after=STALE_AFTER,
            crosses=self.crosses,
        )


def fix(at_s: float, *, east_m: float, north_m: float = 0, accuracy_m: float = 5, **others: float) -> Sighting:
    """By default on the road that leads through the middle of the fence."""
    return sighting(seconds(at_s), lon=LON + east_m * LON_A_METRE, north_m=north_m, accuracy_m=accuracy_m, **others)  # type: ignore[arg-type]


@pytest.mark.parametrize("area", [CIRCLE, SQUARE])
def test_a_fast_way_through_a_drive_by_fence_is_told_and_pushes_nobody(area: Area) -> None:
    taken = Town(area).walk(fix(0, east_m=-400), fix(40, east_m=400), now=seconds(40))
    [one] = taken.transitions
    assert (one.change, one.fence, one.pushable, one.proven_at) == (Change.CROSSED, DRIVE_THROUGH, False, seconds(40))
    # In at 300 m of 800.
    assert abs(one.at - seconds(15)) < timedelta(seconds=0.2)
    assert one.confidence > 0.99
    assert not taken.state.known.stays


def test_a_fence_for_walkers_is_not_crossed() -> None:
    assert Town(facts=Facts(is_drive_by=False)).walk(fix(0, east_m=-400), fix(40, east_m=400)).transitions == ()


@pytest.mark.parametrize(
    ("second", "why"),
    [
        (fix(110, east_m=400), "slower than the gate"),
        (fix(110, east_m=400, speed_mps=20), "slower on the whole than it says at the end"),
        (fix(130, east_m=1_000), "too long a time for a straight way"),
        (fix(11, east_m=400, speed_mps=75), "faster than anything on the ground"),
        (fix(40, east_m=-900), "away from the fence"),
        (fix(40, east_m=400, north_m=300), "past it"),
        (fix(40, east_m=400, north_m=180, accuracy_m=60), "so near the rim that it may have been past it"),
        (fix(40, east_m=400, accuracy_m=600), "nobody knows where it ends"),
    ],
)
def test_what_shows_no_way_through_is_not_told(second: Sighting, why: str) -> None:
    assert Town().walk(fix(0, east_m=-400), second).transitions == (), why


def test_what_the_system_told_on_the_way_is_the_visit_and_no_crossing() -> None:
    on_the_way = [
        told(seconds(at), change, fence=DRIVE_THROUGH)
        for at, change in ((15, RegionChange.ENTER), (25, RegionChange.EXIT))
    ]
    found = Town().walk(fix(0, east_m=-400), *on_the_way, fix(40, east_m=400)).transitions
    assert [one.change for one in found] == [Change.ENTERED, Change.LEFT]


def test_one_fix_inside_is_an_entry_and_no_crossing() -> None:
    found = Town().walk(fix(0, east_m=-400), fix(20, east_m=-50), fix(40, east_m=400)).transitions
    assert [one.change for one in found] == [Change.ENTERED, Change.LEFT]


def test_nothing_is_told_of_a_way_through_a_zone_where_nobody_is_tracked() -> None:
    zone = Circle(lat=LAT, lon=LON, radius_m=30)
    assert Town(zone=zone).walk(fix(0, east_m=-400), fix(40, east_m=400)).transitions == ()


def test_nothing_is_told_of_a_way_that_leads_through_a_zone_before_it_is_deepest_in_the_fence() -> None:
    far_in = Circle(lat=LAT, lon=LON - 450 * LON_A_METRE, radius_m=100)
    town = Town(Circle(lat=LAT, lon=LON, radius_m=600), facts=Facts(size_m=600), zone=far_in)
    assert town.walk(fix(0, east_m=-900), fix(90, east_m=900)).transitions == ()


def test_a_fence_across_180_degrees_is_crossed() -> None:
    town = Town(Circle(lat=0, lon=180, radius_m=100))
    a_metre = 1 / 111_319
    before, after = (
        sighting(seconds(at_s), lat=0, lon=lon) for at_s, lon in ((0, 180 - 400 * a_metre), (40, -180 + 400 * a_metre))
    )
    assert [one.change for one in town.walk(before, after).transitions] == [Change.CROSSED]


def test_a_late_fix_inside_makes_a_visit_of_a_crossing() -> None:
    town = Town()
    state = town.walk(fix(0, east_m=-400), fix(40, east_m=400)).state
    [one] = town.walk(fix(20, east_m=0), state=state).transitions
    assert (one.change, one.pushable) == (Change.CORRECTED, False)
    assert one.correction is not None
    assert [told.crossed for told in one.correction.before] == [True]
    assert [(told.crossed, told.left_ms is None) for told in one.correction.after] == [(False, False)]


def test_a_way_is_looked_at_once_however_many_late_fixes_come() -> None:
    town = Town()
    ways: list[tuple[PlaceSeen, PlaceSeen]] = []

    def crosses(before: PlaceSeen, after: PlaceSeen) -> Iterable[Crossing]:
        ways.append((before, after))
        return town.crosses(before, after)

    def walk(*seen: Sighting, state: State) -> Walk:
        return transitions.walk(state=state, sightings=seen, now=LATER, stale_after=STALE_AFTER, crosses=crosses)

    backlog = [fix(at_s, east_m=20 * at_s, speed_mps=20) for at_s in range(0, 400, 10)]
    newest = walk(backlog.pop(), state=State())
    walk(*backlog, state=newest.state)
    # To the next one after it, or to the newest, which was next until then.
    assert len(set(ways)) == len(ways) < 3 * len(backlog)


drives = st.lists(
    st.tuples(st.integers(0, 1_500), st.integers(-900, 900), st.sampled_from([0, 90, 150, -400])),
    min_size=2,
    max_size=transitions.KEPT,
    unique_by=lambda one: one[0],
)


@given(drive=drives, data=st.data())
def test_the_order_of_arrival_changes_no_crossing(drive: list[tuple[int, int, int]], data: st.DataObject) -> None:
    town = Town()
    seen = [fix(at_s, east_m=east_m, north_m=north_m, speed_mps=20) for at_s, east_m, north_m in drive]
    in_order = town.walk(*seen)
    state, found = State(), []
    for one in data.draw(st.permutations(seen)):
        taken = town.walk(one, state=state)
        state = packing.read(packing.pack(taken.state))
        found += taken.transitions
    assert crossed(found) == crossed(list(in_order.transitions))


def crossed(found: list[Transition]) -> list[int]:
    """When, of those that are still so at the end."""
    times: list[int] = []
    for one in found:
        if one.change is Change.CROSSED:
            times.append(round(one.at.timestamp() * 1000))
        elif one.correction is not None:
            gone = [told.entered_ms for told in one.correction.before if told.crossed]
            times = [at for at in times if at not in gone]
            times += [told.entered_ms for told in one.correction.after if told.crossed]
    return sorted(times)
