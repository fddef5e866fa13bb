"""The process's index is like the database after every poll, and survives a database that fails."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from merchants.fences import editing
from merchants.live_fences.live_fences import FenceFacts, LiveFences
from merchants.live_fences.queries import as_fences, live_rows
from merchants.models import ExclusionZone, FenceChange, FenceChangeCounter, FenceState, Geofence, Role, User
from tests.cast import AINO_LAT, AINO_LON, make_fence, make_staff, make_store


@pytest.fixture
def operator(db: None) -> User:
    return User.objects.create_superuser("operator", password="a-long-password-1")


@pytest.fixture
def live() -> Iterator[LiveFences]:
    live = LiveFences()
    yield live
    live.stop_following()


def drawn(store, *, radius_m: float = 150) -> Geofence:
    return Geofence(
        store=store, name="door", kind="circle", center_lat=AINO_LAT, center_lon=AINO_LON, radius_m=radius_m
    )


def zone() -> ExclusionZone:
    return ExclusionZone(
        name="Clinic X", rule="no offers at places of care",
        kind="circle", center_lat=AINO_LAT, center_lon=AINO_LON, radius_m=60,
    )  # fmt: skip


def touched(live: LiveFences) -> list[int]:
    return [match.fence for match in live.current().index.match_one(lat=AINO_LAT, lon=AINO_LON, accuracy_m=5)]


def test_a_poll_takes_in_every_kind_of_change(operator: User, live: LiveFences) -> None:
    store = make_store()
    owner = make_staff(store, role=Role.OWNER).user
    assert touched(live) == []
    fence = editing.put_fence(fence=drawn(store), by=owner)
    live.poll()
    assert touched(live) == []  # it waits for an operator
    editing.approve_fence(fence=fence, by=operator)
    live.poll()
    assert touched(live) == [fence.pk]
    assert live.current().fence(fence.pk) == FenceFacts(
        id=fence.pk,
        public_id=fence.public_id,
        name="door",
        store_id=store.pk,
        merchant_id=store.merchant_id,
        dwell_s=300,
        is_drive_by=False,
        size_m=fence.radius_m,
    )
    fence.dwell_s, fence.center_lat = 60, AINO_LAT + 0.01
    editing.put_fence(fence=fence, by=owner)
    live.poll()
    assert touched(live) == []
    facts = live.current().fence(fence.pk)
    assert facts is not None
    assert facts.dwell_s == 60
    clinic = editing.put_zone(zone=zone(), by=operator)
    live.poll()
    assert touched(live) == [-clinic.pk]
    assert live.current().fence(-clinic.pk) is None
    clinic.active = False
    editing.put_zone(zone=clinic, by=operator)
    editing.archive_fence(fence=fence)
    live.poll()
    assert touched(live) == []
    assert live.current().fence(fence.pk) is None
    assert len(live.current().index) == 0


def test_loading_finds_what_polling_finds(operator: User, live: LiveFences) -> None:
    store = make_store()
    fence = editing.put_fence(fence=drawn(store), by=operator)
    archived = editing.put_fence(fence=drawn(store), by=operator)
    editing.archive_fence(fence=archived)
    assert touched(live) == [fence.pk]


def test_loading_finds_zones_and_not_the_fences_that_they_sent_to_review(operator: User, live: LiveFences) -> None:
    editing.put_fence(fence=drawn(make_store()), by=operator)
    clinic = editing.put_zone(zone=zone(), by=operator)
    assert touched(live) == [-clinic.pk]


def test_many_rows_are_read_by_as_many_queries_as_few(
    operator: User, django_assert_num_queries: Callable[..., Any]
) -> None:
    """A column that is read and not asked for would be a query for each of a million rows."""
    for _ in range(4):
        editing.put_fence(fence=drawn(make_store()), by=operator)
    apart = zone()
    apart.center_lat = AINO_LAT + 1  # not over the fences, which would then wait for an operator
    apart.place_kind, apart.jurisdiction = "health", "US-WA"
    editing.put_zone(zone=apart, by=operator)
    with django_assert_num_queries(2):
        facts: list[FenceFacts] = []
        assert len(list(as_fences(live_rows(), facts=facts.append))) == 5
    assert len(facts) == 4


def test_an_archived_store_takes_its_fences_out(operator: User, live: LiveFences) -> None:
    store = make_store()
    fence = editing.put_fence(fence=drawn(store), by=operator)
    live.poll()
    assert touched(live) == [fence.pk]
    store.archived_at = timezone.now()
    store.save()
    editing.store_changed(store=store)
    live.poll()
    assert touched(live) == []


def test_a_change_does_not_disturb_an_index_in_use(operator: User, live: LiveFences) -> None:
    fence = editing.put_fence(fence=drawn(make_store()), by=operator)
    in_use = live.current().index
    editing.archive_fence(fence=fence)
    live.poll()
    assert [match.fence for match in in_use.match_one(lat=AINO_LAT, lon=AINO_LON, accuracy_m=5)] == [fence.pk]
    assert touched(live) == []


def test_a_row_without_an_area_is_left_out_and_named_in_the_log(
    operator: User, live: LiveFences, caplog: pytest.LogCaptureFixture
) -> None:
    store = make_store()
    sound = editing.put_fence(fence=drawn(store), by=operator)
    broken = Geofence.objects.create(
        store=store, name="by hand", kind="polygon", geometry={"type": "Polygon", "coordinates": [[[1, 2]]]},
        state=FenceState.LIVE,
    )  # fmt: skip
    assert touched(live) == [sound.pk]
    assert f"Geofence {broken.pk}" in caplog.text


@pytest.mark.parametrize("loss", ["restored", "pruned"])
def test_a_database_that_is_another_one_is_loaded_anew(operator: User, live: LiveFences, loss: str) -> None:
    store = make_store()
    first = editing.put_fence(fence=drawn(store), by=operator)
    editing.archive_fence(fence=first)
    live.poll()
    fence = make_fence(store)  # written without a change, as by a restored dump
    if loss == "restored":
        FenceChangeCounter.objects.update(last_number=1)
    else:
        FenceChangeCounter.objects.update(last_number=9)
        FenceChange.objects.create(number=9, index_id=first.pk)
    live.poll()
    assert touched(live) == [fence.pk]


def test_it_is_ready_from_the_first_load_until_two_seconds_after_the_last_poll(
    operator: User, live: LiveFences
) -> None:
    assert not live.is_ready(timezone.now())
    live.refresh()
    polled = live.last_polled_at
    assert polled is not None
    assert live.loaded_at == polled
    assert live.is_ready(polled + timedelta(seconds=2))
    assert not live.is_ready(polled + timedelta(seconds=2, milliseconds=1))
    assert not live.is_ready(datetime(2100, 1, 1, tzinfo=UTC))
    live.poll()
    assert live.last_polled_at > polled
    assert live.loaded_at == polled


def wait_until(holds, *, seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.02)


@pytest.mark.django_db(transaction=True)
def test_the_thread_outlives_a_failing_database_and_logs_no_place(
    live: LiveFences, caplog: pytest.LogCaptureFixture
) -> None:
    operator = User.objects.create_superuser("operator", password="a-long-password-1")
    caplog.set_level(logging.DEBUG, logger="merchants")
    fence = editing.put_fence(fence=drawn(make_store()), by=operator)
    live.follow()
    wait_until(lambda: live.is_ready(timezone.now()))
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE merchants_fencechangecounter RENAME TO away")
    try:
        wait_until(lambda: not live.is_ready(timezone.now()))
        assert touched(live) == [fence.pk]
        wait_until(lambda: "could not ask for changes" in caplog.text)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE away RENAME TO merchants_fencechangecounter")
    editing.archive_fence(fence=fence)
    wait_until(lambda: touched(live) == [])
    assert live.is_ready(timezone.now())
    assert str(AINO_LAT) not in caplog.text
    assert "Error" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_reports_that_come_before_the_load_share_one(live: LiveFences) -> None:
    operator = User.objects.create_superuser("operator", password="a-long-password-1")
    fence = editing.put_fence(fence=drawn(make_store()), by=operator)
    gate = threading.Barrier(8, timeout=10)
    seen = []

    def report() -> None:
        gate.wait()
        seen.append((live.current().index, touched(live)))
        connection.close()

    threads = [threading.Thread(target=report) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert [found for _, found in seen] == [[fence.pk]] * 8
    assert len({id(index) for index, _ in seen}) == 1
