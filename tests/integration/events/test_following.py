"""A follower reads every event once, in order, and forgets nothing when it fails or another takes over."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import count
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now

from geooffers import events
from geooffers.events import EventKind, Happened, counting, following, pruning
from geooffers.events.following import Follower
from geooffers.events.horizon import Horizon
from geooffers.events.models import Event, EventCount, EventFollower
from tests.cast import NOON

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]

AN_HOUR = timedelta(hours=1)


class Reader:
    """What a follower's handler was given. It keeps no books of its own: the tests say what has to be there."""

    def __init__(self) -> None:
        self.read: list[int] = []
        self.fails = False

    def __call__(self, found: Sequence[Event], /) -> None:
        if self.fails:
            raise ZeroDivisionError
        self.read += [each.pk for each in found]


@pytest.fixture
def reader() -> Reader:
    following.prepare(names=["reader"])
    return Reader()


@pytest.fixture
def horizon() -> Horizon:
    return Horizon()


def happen(how_many: int = 1, *, kind: EventKind = EventKind.COUPON_SEEN, at=NOON, **ids) -> list[int]:
    with transaction.atomic():
        events.append(*(Happened(kind=kind, at=at, **ids) for _ in range(how_many)))
    return list(Event.objects.order_by("-pk").values_list("pk", flat=True)[:how_many])[::-1]


def look(horizon: Horizon, *, up_to: int) -> None:
    """Other tests' transactions on this cluster end sooner or later."""
    for number in count():
        if horizon.look(now=NOON + timedelta(seconds=number)) >= up_to:
            return


def follow(reader: Reader, horizon: Horizon, *, lease: int, limit: int = following.BATCH) -> int | None:
    return following.deliver(follower=Follower(name="reader", handle=reader), lease=lease, horizon=horizon, limit=limit)


def take(holder: str = "first") -> int:
    lease = following.take(name="reader", holder=holder)
    assert lease is not None
    return lease


def test_every_event_comes_once_in_batches_and_in_order(reader, horizon):
    numbers = happen(5)
    look(horizon, up_to=numbers[-1])
    lease = take()
    assert [follow(reader, horizon, lease=lease, limit=2) for _ in range(4)] == [2, 2, 1, 0]
    assert reader.read == numbers
    row = EventFollower.objects.get(name="reader")
    assert (row.delivered, row.complete_at) == (horizon.number, horizon.at)
    assert not following.is_behind(name="reader", horizon=horizon)


def test_what_failed_comes_again_and_the_failures_are_counted(reader, horizon):
    numbers = happen(2)
    look(horizon, up_to=numbers[-1])
    lease = take()
    reader.fails = True
    for failures in (1, 2):
        with pytest.raises(ZeroDivisionError):
            follow(reader, horizon, lease=lease)
        following.keep_failure(name="reader", lease=lease)
        assert EventFollower.objects.get().failures == failures
    assert EventFollower.objects.get().delivered == 0
    reader.fails = False
    assert follow(reader, horizon, lease=lease) == 2
    assert (reader.read, EventFollower.objects.get().failures) == (numbers, 0)


def test_one_worker_follows_at_a_time_and_the_lease_of_a_dead_one_ends(reader, horizon):
    numbers = happen(1)
    look(horizon, up_to=numbers[-1])
    dead = take("dead")
    assert following.take(name="reader", holder="alive") is None
    EventFollower.objects.update(lease_until=Now() - timedelta(seconds=1))
    alive = take("alive")
    assert follow(reader, horizon, lease=dead) is None
    assert reader.read == []
    assert follow(reader, horizon, lease=alive) == 1
    following.give_back(name="reader", lease=dead)
    assert following.take(name="reader", holder="dead") is None, "what is not its own it does not give back"
    following.give_back(name="reader", lease=alive)
    assert following.take(name="reader", holder="dead") is not None


def test_numbers_of_what_was_rolled_back_are_passed(reader, horizon):
    @transaction.atomic
    def append_and_fail() -> None:
        events.append(Happened(kind=EventKind.COUPON_SEEN, at=NOON))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        append_and_fail()
    numbers = happen(1)
    look(horizon, up_to=numbers[-1])
    assert follow(reader, horizon, lease=take()) == 1
    assert reader.read == numbers


def test_before_the_first_event_there_is_nothing_to_go_past(reader):
    """A sequence that was never asked shows 1 as its last value, like one that gave it out."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ALTER SEQUENCE events_event_id_seq RESTART")
    horizon = Horizon()
    horizon.look(now=NOON)
    assert horizon.number == 0
    assert follow(reader, horizon, lease=take()) == 0
    assert EventFollower.objects.get().delivered == 0


def test_the_figures_count_by_kind_and_hour_and_leave_visits_out(horizon):
    following.prepare(names=[counting.NAME])
    happen(3, kind=EventKind.COUPON_REDEEMED)
    happen(2, kind=EventKind.COUPON_REDEEMED, at=NOON + AN_HOUR)
    numbers = happen(1, kind=EventKind.VISIT_BEGAN)
    look(horizon, up_to=numbers[-1])
    lease = following.take(name=counting.NAME, holder="worker")
    assert lease is not None
    figures = Follower(name=counting.NAME, handle=counting.count)
    while following.deliver(follower=figures, lease=lease, horizon=horizon, limit=2):
        pass
    assert dict(EventCount.objects.values_list("hour", "count")) == {NOON: 3, NOON + AN_HOUR: 2}
    assert set(EventCount.objects.values_list("kind", flat=True)) == {"coupon_redeemed"}


# -- pruning

OLD = NOON - settings.KEEP_EVENTS - AN_HOUR


def test_old_events_go_when_every_follower_has_read_them(reader, horizon):
    old, fresh = happen(2, at=OLD), happen(1)
    before = NOON - settings.KEEP_EVENTS
    assert pruning.prune(before, 10) == 0, "the reader has not read them"
    assert pruning.oldest() == OLD
    look(horizon, up_to=fresh[-1])
    follow(reader, horizon, lease=take())
    assert pruning.prune(before, 1) == 1
    assert pruning.prune(before, 10) == 1
    assert pruning.prune(before, 10) == 0
    assert reader.read == old + fresh
    assert list(Event.objects.values_list("pk", flat=True)) == fresh


def test_a_follower_that_is_down_is_waited_for_a_week_and_then_it_is_said_what_it_missed(reader, horizon, caplog):
    happen(2, at=OLD - pruning.WAIT_FOR_FOLLOWERS)
    fresh = happen(1)
    assert pruning.prune(NOON - settings.KEEP_EVENTS, 10) == 2
    assert EventFollower.objects.get().missed == 2
    assert "the follower reader has not read 2 events" in caplog.text
    look(horizon, up_to=fresh[-1])
    follow(reader, horizon, lease=take())
    assert reader.read == fresh


def test_where_nobody_follows_nobody_is_waited_for():
    happen(2, at=OLD)
    assert pruning.prune(NOON - settings.KEEP_EVENTS, 10) == 2


def test_what_a_visit_left_in_the_events_loses_its_shopper_with_it():
    visit, shopper = uuid4(), uuid4()
    happen(kind=EventKind.VISIT_BEGAN, visit_id=visit, shopper_id=shopper)
    happen(kind=EventKind.VISIT_BEGAN, visit_id=uuid4(), shopper_id=shopper)
    pruning.forget_visits(visit_ids=[visit])
    assert Event.objects.get(visit_id=visit).shopper_id is None
    assert Event.objects.exclude(visit_id=visit).get().shopper_id == shopper
