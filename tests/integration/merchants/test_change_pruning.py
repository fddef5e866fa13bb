"""Old changes of fences go, but none that a process still asks for; and who was away for longer misses none."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from geooffers.worker.models import Forgotten
from geooffers.worker.tasks import forget
from merchants.fences import change_pruning, editing
from merchants.live_fences import snapshots
from merchants.live_fences.live_fences import LiveFences
from merchants.models import FenceChange, Geofence, User
from tests.cast import AINO_LAT, AINO_LON, make_store
from tests.integration.merchants.test_fence_followers import follower

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture
def live() -> Iterator[LiveFences]:
    live = LiveFences()
    yield live
    live.stop_following()


def draw() -> Geofence:
    operator, _ = User.objects.get_or_create(username="operator", is_superuser=True)
    circle = {"kind": "circle", "center_lat": AINO_LAT, "center_lon": AINO_LON, "radius_m": 150}
    return editing.put_fence(fence=Geofence(store=make_store(), name="door", **circle), by=operator)


def left() -> list[int]:
    return list(FenceChange.objects.order_by("number").values_list("number", flat=True))


def prune(*, days: int = 31, limit: int = 100) -> int:
    return change_pruning.forget(timezone.now() + timedelta(days=days) - change_pruning.KEEP, limit)


def touched(live: LiveFences) -> set[int]:
    return {match.fence for match in live.current().index.match_one(lat=AINO_LAT, lon=AINO_LON, accuracy_m=5)}


def test_those_of_a_month_stay_and_older_ones_go_in_batches_but_the_newest() -> None:
    for _ in range(5):
        draw()
    assert (prune(days=29), left()) == (0, [1, 2, 3, 4, 5])
    assert (prune(limit=3), left()) == (3, [4, 5])
    assert (prune(limit=3), left()) == (1, [5])
    assert prune() == 0


def test_the_round_does_it_and_tells() -> None:
    for _ in range(2):
        draw()
    forget.run(now=timezone.now() + timedelta(days=31), limit=10)
    assert left() == [2]
    assert Forgotten.objects.get(what="changes of fences").rows == 1


def test_what_the_slowest_process_or_a_base_asks_for_stays() -> None:
    for _ in range(6):
        draw()
    mark = snapshots.mark_of(3)
    assert mark is not None
    follower(seen_at=timezone.now(), last_number=6)
    slow = follower(seen_at=timezone.now(), last_number=5, base=mark.name)
    assert (prune(), left()) == (2, [3, 4, 5, 6]), "the base is known by its own change"
    slow.base = ""
    slow.save()
    assert (prune(), left()) == (2, [5, 6])
    slow.delete()
    assert (prune(), left()) == (1, [6])


def away_while_changes_went(live: LiveFences) -> set[int]:
    """The fences that there are, after a process took in the first change and then was away for a month."""
    gone = draw()
    live.poll()
    editing.archive_fence(fence=gone)
    new = [draw(), draw()]
    prune()
    assert left() == [4], "of what it missed the last change alone is there"
    return {fence.pk for fence in new}


def test_a_process_that_was_away_for_longer_loads_everything_anew(live: LiveFences) -> None:
    expected = away_while_changes_went(live)
    live.poll()
    assert touched(live) == expected


def test_without_counting_the_changes_it_would_miss_some(live: LiveFences) -> None:
    """The twin: a process that takes the first change that is left for the next one after its own."""
    expected = away_while_changes_went(live)
    assert live._copy is not None
    live._copy = replace(live._copy, last_number=left()[0] - 1)
    live.poll()
    assert touched(live) != expected
