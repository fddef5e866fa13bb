"""Whatever the order of arrival: the same sightings mean the same visits. Random walks in and out of two fences."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from geooffers.visits.engine.observations import RegionChange, Sighting, Status
from geooffers.visits.engine.transition_events import BEGINNINGS, Change
from geooffers.visits.engine.transitions import KEPT, State, Transition
from geooffers.visits.engine.tuning import DRIVE_BY, WALK_IN
from geooffers.visits.state import packing
from tests.unit.visits.sightings import CAFE, MALL, NOON, advance, after, changes, seconds, sighting, told, walk

NOW = NOON + timedelta(hours=3)


@dataclass(frozen=True)
class Visit:
    fence: int
    began_at: datetime
    dwelled_at: datetime | None = None
    ended_at: datetime | None = None


def visits_of(found: list[Transition]) -> list[Visit]:
    """What somebody who writes the transitions down as they come has on paper in the end."""
    visits: dict[int, list[Visit]] = {}
    for one in found:
        here = visits.setdefault(one.fence, [])
        if one.correction is not None:
            kept = here[: len(here) - len(one.correction.before)]
            visits[one.fence] = kept + [
                Visit(
                    fence=one.fence,
                    began_at=_moment(now.entered_ms),
                    dwelled_at=here[len(kept)].dwelled_at if now.dwelled_ms == 0 else _moment(now.dwelled_ms),
                    ended_at=_moment(now.left_ms),
                )
                for now in one.correction.after
            ]
        elif one.change in BEGINNINGS:
            here.append(Visit(fence=one.fence, began_at=one.at))
        elif one.change is Change.DWELLED:
            here[-1] = replace(here[-1], dwelled_at=one.at)
        elif one.change is Change.LEFT:
            here[-1] = replace(here[-1], ended_at=one.at)
    return sorted((one for here in visits.values() for one in here), key=lambda one: (one.fence, one.began_at))


def _moment(ms: int | None) -> datetime | None:
    return None if ms is None else NOON + timedelta(milliseconds=ms - int(NOON.timestamp() * 1000))


@st.composite
def sightings(draw: st.DrawFn, *, most: int = 25, within_s: int = 3 * 3600) -> list[Sighting]:
    times = draw(st.lists(st.integers(0, within_s), min_size=1, max_size=most))
    uuids = draw(st.lists(st.uuids(), min_size=len(times), max_size=len(times), unique=True))
    found = []
    for at, uuid in zip(times, uuids, strict=True):
        if draw(st.integers(0, 9)) == 0:
            event = told(seconds(at), draw(st.sampled_from(RegionChange)), exact=draw(st.booleans()))
            found.append(replace(event, fix=replace(event.fix, uuid=uuid)))
            continue
        found.append(
            sighting(
                seconds(at),
                *draw(st.sampled_from([(), (), (CAFE,), (CAFE, MALL)])),
                uuid=uuid,
                depth_m=draw(st.sampled_from([50, 20, 3, 0, -5, -30])),
                accuracy_m=draw(st.sampled_from([5, 20, 90, 1_500])),
                north_m=draw(st.sampled_from([0, 10, 400, 90_000])),
                speed_mps=draw(st.sampled_from([None, 0, 1.5, 20])),
                dwell_s=draw(st.sampled_from([60, 300])),
                tuning=draw(st.sampled_from([WALK_IN, DRIVE_BY])),
            )
        )
    return found


@given(seen=sightings(most=KEPT, within_s=1_700), data=st.data())
def test_in_whatever_order_reports_arrive_the_visits_are_the_same(seen: list[Sighting], data: st.DataObject) -> None:
    """One report for each, and the state packed in between; some of them twice."""
    shuffled = data.draw(st.permutations(seen))
    again = data.draw(st.lists(st.sampled_from(seen), max_size=5))
    in_order = walk(State(), seen, now=NOW)
    state, found = State(), []
    for one in [*shuffled, *again]:
        taken = advance(state, one, now=NOW)
        state = packing.read(packing.pack(taken.state))
        found += taken.transitions
    assert visits_of(found) == visits_of(list(in_order.transitions))
    assert state.known.stays == in_order.known.stays
    assert state.known.suspicion == in_order.known.suspicion


@given(seen=sightings(), data=st.data())
def test_the_order_of_sending_within_a_report_does_not_matter(seen: list[Sighting], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(seen))
    one, other = walk(State(), seen, now=NOW), walk(State(), shuffled, now=NOW)
    assert one.state == other.state
    assert one.transitions == other.transitions
    by_uuid = {item.fix.uuid: step.status for item, step in zip(seen, one.steps, strict=True)}
    assert by_uuid == {item.fix.uuid: step.status for item, step in zip(shuffled, other.steps, strict=True)}


@given(seen=sightings(), data=st.data())
def test_repeating_any_of_the_fixes_changes_nothing(seen: list[Sighting], data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(seen), min_size=1, max_size=40))
    plain = walk(State(), seen, now=NOW)
    assert walk(State(), [*seen, *again], now=NOW).transitions == plain.transitions
    later = walk(plain.state, again, now=NOW)
    assert later.transitions == ()
    assert {step.status for step in later.steps} <= {Status.DUPLICATE, Status.LATE}


@given(seen=sightings(), data=st.data())
def test_cutting_a_path_into_reports_does_not_change_what_happened(seen: list[Sighting], data: st.DataObject) -> None:
    in_order = sorted(seen, key=lambda one: one.order)
    cuts = sorted(data.draw(st.lists(st.integers(1, len(seen)), max_size=3)))
    whole = walk(State(), in_order, now=NOW)
    state, found = State(), []
    for begin, end in zip([0, *cuts], [*cuts, len(seen)], strict=True):
        if begin < end:
            taken = walk(state, in_order[begin:end], now=NOW)
            state = packing.read(packing.pack(taken.state))
            found += taken.transitions
    assert tuple(found) == whole.transitions
    assert packing.pack(state) == packing.pack(whole.state)


@given(seen=sightings())
def test_no_visit_begins_without_a_sighting_that_supports_it(seen: list[Sighting]) -> None:
    taken = walk(State(), seen, now=NOW)
    supported = {
        (one.fix.recorded_at, fence)
        for one in seen
        for fence in [*(touch.fence for touch in one.touches if touch.inside), getattr(one.fix, "fence", None)]
    }
    for one in taken.transitions:
        if one.change in BEGINNINGS:
            assert (one.at, one.fence) in supported
            assert (one.proven_at, one.fence) in supported


@given(seen=sightings())
def test_every_stay_begins_once_dwells_at_most_once_and_ends_at_most_once(seen: list[Sighting]) -> None:
    taken = walk(State(), seen, now=NOW)
    open_stays: dict[int, set[Change]] = {}
    for one in taken.transitions:
        assert 0 <= one.confidence <= 1
        if one.change in BEGINNINGS:
            assert one.fence not in open_stays
            open_stays[one.fence] = set()
        elif one.change in (Change.SETTLED, Change.DWELLED):
            assert one.change not in open_stays[one.fence]
            open_stays[one.fence].add(one.change)
        else:
            del open_stays[one.fence]
    assert open_stays.keys() == taken.state.inside.keys()


def test_a_late_fix_that_completes_a_proof_begins_the_visit_and_pushes_nobody() -> None:
    state = after(sighting(NOON), sighting(seconds(20), CAFE))
    [entry] = advance(state, sighting(seconds(10), CAFE), now=seconds(30)).transitions
    assert (entry.change, entry.at, entry.pushable) == (Change.ENTERED, seconds(10), False)


def test_a_late_fix_that_undoes_a_proof_is_a_correction() -> None:
    state = after(sighting(NOON), sighting(seconds(10), CAFE), sighting(seconds(30), CAFE))
    assert state.inside
    taken = advance(state, sighting(seconds(20), north_m=200, accuracy_m=5))
    [one] = taken.transitions
    assert (one.change, one.pushable) == (Change.CORRECTED, False)
    assert one.correction is not None
    assert len(one.correction.before) == 1
    assert one.correction.after == ()
    assert not taken.state.inside


def test_a_late_fix_inside_undoes_a_false_exit() -> None:
    state = after(
        sighting(NOON),
        *[sighting(seconds(at), CAFE) for at in (10, 20)],
        *[sighting(seconds(at), north_m=100) for at in (30, 50)],
        sighting(seconds(60), CAFE),
    )
    taken = advance(state, sighting(seconds(40), CAFE))
    [one] = taken.transitions
    assert one.correction is not None
    assert [told_.left_ms for told_ in one.correction.after] == [None]
    assert taken.state.inside


def test_what_is_older_than_everything_kept_is_late_and_changes_nothing() -> None:
    state = after(*[sighting(seconds(60 * minute), CAFE) for minute in range(KEPT + 5)])
    taken = advance(state, sighting(seconds(1)))
    assert taken.steps[0].status == Status.LATE
    assert taken.state is state
    assert changes(taken.transitions) == []
