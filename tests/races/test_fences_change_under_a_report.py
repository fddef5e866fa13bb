"""A report works on one copy of the live fences, also when they are edited while it runs."""

import threading
from collections.abc import Callable
from functools import partial
from uuid import UUID, uuid4

import pytest

from geooffers.callers import device_lookup
from geooffers.callers.device_lookup import DeviceCaller
from geooffers.matching.areas import Circle
from geooffers.matching.index import Index
from geooffers.shoppers.identity import tokens
from geooffers.shoppers.models import Device, Pause, Shopper
from geooffers.usecases.location.report_positions import Report, report_positions
from geooffers.visits.engine.observations import Fix
from geooffers.visits.engine.transition_events import Change
from geooffers.visits.models import Visit
from merchants.fences import editing
from merchants.live_fences import live_fences
from merchants.live_fences.attributes import FenceFacts
from merchants.live_fences.live_fences import Fences, LiveFences
from merchants.models import Geofence, User
from tests.cast import AINO_LAT, AINO_LON, NOON, make_fence, make_offer, make_store
from tests.races.test_fence_changes import drawn, in_a_thread, make_operator
from tests.walker import Walker

pytestmark = pytest.mark.django_db(transaction=True)


class ReadMeanwhile:
    """A reporter whose state's version is read once the fixes are matched, before what came of them is written. At that
    moment something else happens.
    """

    def __init__(self, reporter: DeviceCaller, *, happens: Callable[[], None]) -> None:
        self._reporter, self._happens = reporter, happens

    @property
    def version(self) -> int:
        self._happens()
        return self._reporter.version

    @property
    def device_id(self) -> UUID:
        return self._reporter.device_id

    @property
    def pause(self) -> Pause:
        return self._reporter.pause

    @property
    def packed(self) -> bytes:
        return self._reporter.packed

    @property
    def device(self) -> Device:
        return self._reporter.device

    @property
    def shopper(self) -> Shopper:
        return self._reporter.shopper


class TornFences:
    """What a report had before it took one copy: each question was answered by the newest one."""

    @property
    def index(self) -> Index:
        return live_fences.matcher().current().index

    def fence(self, fence_id: int) -> FenceFacts | None:
        return live_fences.matcher().current().fence(fence_id)


def enter_a_fence_that_is_archived_meanwhile(*, live: Fences | TornFences | None) -> Report:
    fence = make_fence(make_store())
    make_offer(fence.store)
    live_fences.matcher().refresh()

    def archive() -> None:
        editing.archive_fence(fence=fence)
        live_fences.matcher().poll()
        assert live_fences.matcher().current().fence(fence.pk) is None

    caller = device_lookup.find(token_hash=tokens.hash_of(Walker().phone.token), now=NOON)
    assert caller is not None
    return report_positions(
        reporter=ReadMeanwhile(caller, happens=archive),
        consents=caller.given,
        fixes=[Fix(uuid=uuid4(), recorded_at=NOON, lat=AINO_LAT, lon=AINO_LON, accuracy_m=10, background=False)],
        now=NOON,
        live=live,
    )


def test_a_report_sees_the_fences_as_they_were_when_it_began() -> None:
    report = enter_a_fence_that_is_archived_meanwhile(live=None)
    assert [told.change for told in report.transitions] == [Change.APPEARED_INSIDE]
    assert Visit.objects.get().is_open
    assert [coupon.title for coupon in report.coupons] == ["Free cardamom bun"]


def test_a_report_that_asks_for_the_newest_copy_each_time_sees_half_a_change() -> None:
    """The twin: the visit begins by one copy, and by the next there is nothing that it could bring."""
    report = enter_a_fence_that_is_archived_meanwhile(live=TornFences())
    assert [told.change for told in report.transitions] == [Change.APPEARED_INSIDE]
    assert Visit.objects.get().is_open
    assert report.coupons == ()


# --- what one copy is ------------------------------------------------------------------------------------------


def agree(*, index: Index, facts: Fences, fence_id: int) -> bool:
    """A circle's radius stands in the index and in the facts."""
    area, known = index.area(fence_id), facts.fence(fence_id)
    assert isinstance(area, Circle)
    assert known is not None
    return area.radius_m == pytest.approx(known.size_m)


def grow(live: LiveFences, fence: Geofence, *, by: User, times: int) -> None:
    for _ in range(times):
        fence.radius_m += 1
        editing.put_fence(fence=fence, by=by)
        live.poll()


def test_index_and_facts_of_every_copy_are_of_one_moment() -> None:
    operator, live = make_operator(), LiveFences()
    fence = editing.put_fence(fence=drawn(), by=operator)
    copies, is_over = [live.current()], threading.Event()

    def edit() -> None:
        try:
            grow(live, fence, by=operator, times=30)
        finally:
            is_over.set()

    with in_a_thread(edit):
        while not is_over.is_set():
            copy = live.current()
            assert agree(index=copy.index, facts=copy, fence_id=fence.pk)
            if copy is not copies[-1]:
                copies.append(copy)
    copies.append(live.current())
    assert all(agree(index=one.index, facts=one, fence_id=fence.pk) for one in copies)
    assert [copies[place].index.area(fence.pk).radius_m for place in (0, -1)] == [150, 180]


def test_two_copies_disagree_when_a_fence_was_edited_between_them() -> None:
    """The twin: an index and the facts that were asked for one after the other."""
    operator, live = make_operator(), LiveFences()
    fence = editing.put_fence(fence=drawn(), by=operator)
    index = live.current().index
    with in_a_thread(partial(grow, live, fence, by=operator, times=1)):
        pass
    assert not agree(index=index, facts=live.current(), fence_id=fence.pk)


def test_the_live_object_answers_no_single_question() -> None:
    """So nobody can put together what belongs to two copies without asking for both."""
    live = LiveFences()
    editing.put_fence(fence=drawn(), by=make_operator())
    assert not hasattr(live, "index")
    assert not hasattr(live, "fence")
    with pytest.raises(AttributeError):
        live.current().index = Index.build([])
    assert live.current().index.inside_one(lat=AINO_LAT, lon=AINO_LON)
