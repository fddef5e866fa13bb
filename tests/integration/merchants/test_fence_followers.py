"""Each process tells where it stands, sparsely and in a hurry; operators alone read it, and it is judged fairly."""

import logging
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from bs4 import BeautifulSoup
from django.db import connection, connections, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from merchants.fences import editing
from merchants.live_fences import heartbeats
from merchants.live_fences.live_fences import LiveFences
from merchants.models import ExclusionZone, FenceChange, FenceFollower, Geofence, Role, User
from tests.cast import AINO_LAT, AINO_LON, make_staff, make_store

PAGE = "admin:merchants_fencefollower_changelist"


@pytest.fixture
def operator(db: None) -> User:
    return User.objects.create_superuser("operator", password="a-long-password-1")


def draw(operator: User) -> Geofence:
    fence = Geofence(
        store=make_store(), name="door", kind="circle", center_lat=AINO_LAT, center_lon=AINO_LON, radius_m=150
    )
    return editing.put_fence(fence=fence, by=operator)


def follower(*, seen_at: datetime, last_number: int, **more: object) -> FenceFollower:
    facts = {"host": "web-1", "pid": 7, "started_at": seen_at, "areas": 1, "changes": 0, **more}
    return FenceFollower.objects.create(id=uuid4(), seen_at=seen_at, last_number=last_number, **facts)


def shown(operator: User) -> tuple[str, list[list[str]]]:
    """The verdict, and the cells of each row."""
    client = Client()
    client.force_login(operator)
    answer = client.get(reverse(PAGE))
    assert answer.status_code == 200
    page = BeautifulSoup(answer.content, "html.parser")
    rows = [[cell.get_text(" ", strip=True) for cell in row.find_all("td")] for row in page.select("tr.data-row")]
    return page.get_text(" ", strip=True), rows


# --- telling ---------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_process_tells_at_its_first_poll_and_not_again_for_a_while(operator: User, tmp_path: Path) -> None:
    fence = draw(operator)
    live = LiveFences(root=tmp_path, stored_from=1)
    live.poll()
    live.tell()
    told = FenceFollower.objects.get()
    assert (told.last_number, told.areas, told.changes, told.lag_s) == (1, 1, 0, None)
    assert live.mark is not None
    assert told.base == live.mark.name
    assert abs(timezone.now() - told.base_built_at) < timedelta(minutes=1)
    assert told.disk_bytes == sum(path.stat().st_size for path in (tmp_path / live.mark.name).iterdir())
    editing.archive_fence(fence=fence)
    live.poll()
    live.tell()
    assert FenceFollower.objects.get().last_number == 1, "it told twice within fifteen seconds"


@pytest.mark.django_db(transaction=True)
def test_the_longest_wait_of_a_change_is_told_once(operator: User, tmp_path: Path) -> None:
    live = LiveFences(root=tmp_path)
    live.poll()
    for seconds in (3, 90, 1):
        draw(operator)
        newest = FenceChange.objects.latest("number")
        FenceChange.objects.filter(pk=newest.pk).update(at=timezone.now() - timedelta(seconds=seconds))
        live.poll()
    live.tell()
    assert 90 <= FenceFollower.objects.get().lag_s < 95
    draw(operator)
    live.poll()
    live._teller._due_at = 0.0  # fifteen seconds later
    live.tell()
    assert FenceFollower.objects.get().lag_s < 60


@pytest.mark.django_db(transaction=True)
def test_the_thread_tells_and_who_is_long_gone_is_dropped(operator: User, tmp_path: Path) -> None:
    now = timezone.now()
    follower(seen_at=now - timedelta(minutes=11), last_number=1)
    quiet = follower(seen_at=now - timedelta(minutes=9), last_number=1)
    live = LiveFences(root=tmp_path)
    live.follow()
    try:
        wait_until(lambda: FenceFollower.objects.exclude(pk=quiet.pk).filter(host__gt="", pid__gt=7).exists())
    finally:
        live.stop_following()
    assert FenceFollower.objects.count() == 2
    assert FenceFollower.objects.filter(pk=quiet.pk).exists()


def wait_until(holds, *, seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.02)


@pytest.fixture
def held() -> Iterator[threading.Event]:
    """Somebody holds the table (SQLite: the whole database) until the event is set, or the test is over."""
    holding, over = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            with connection.cursor() as cursor:
                if connection.vendor == "postgresql":
                    cursor.execute("LOCK TABLE merchants_fencefollower IN EXCLUSIVE MODE")
            holding.set()
            over.wait(timeout=60)
        connections.close_all()

    holder = threading.Thread(target=hold)
    holder.start()
    assert holding.wait(timeout=10)
    yield over
    over.set()
    holder.join()


@pytest.mark.django_db(transaction=True)
def test_whoever_holds_the_table_keeps_no_process_from_following(
    held: threading.Event, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, logger="merchants")
    live = LiveFences(root=tmp_path)
    live.poll()
    began = time.monotonic()
    live.tell()
    assert time.monotonic() - began < 5
    assert "could not tell where this process stands (OperationalError)" in caplog.text
    live.poll()
    assert live.is_ready(timezone.now())
    held.set()
    live._teller._due_at = 0.0
    wait_until(lambda: live.tell() or FenceFollower.objects.exists() or setattr(live._teller, "_due_at", 0.0))


@pytest.mark.django_db(transaction=True)
def test_without_the_table_a_process_follows_all_the_same(
    operator: User, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A new version's process before the migration, or one of the old after it."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE merchants_fencefollower RENAME TO away")
    live = LiveFences(root=tmp_path)
    try:
        live.follow()
        wait_until(lambda: "could not tell where" in caplog.text)
        fence = draw(operator)
        wait_until(lambda: live.current().index.inside_one(lat=AINO_LAT, lon=AINO_LON) == [fence.pk])
        assert live.is_ready(timezone.now())
    finally:
        live.stop_following()
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE away RENAME TO merchants_fencefollower")


# --- the page --------------------------------------------------------------------------------------------------------


def test_a_process_is_judged_by_what_it_could_have_known(operator: User) -> None:
    now = timezone.now()
    for number, age_s in enumerate((3_600, 30, 4), start=1):
        FenceChange.objects.create(number=number, index_id=number)
        FenceChange.objects.filter(pk=number).update(at=now - timedelta(seconds=age_s))
    follower(seen_at=now, last_number=3, pid=1)
    follower(seen_at=now - timedelta(seconds=10), last_number=2, pid=2)  # the third came after its sign
    follower(seen_at=now - timedelta(seconds=3), last_number=2, pid=3)  # one second before: it may yet take it in
    page, rows = shown(operator)
    assert [row[1] for row in rows] == ["current", "current", "current"]
    assert "All 3 processes have taken in every change." in page
    follower(seen_at=now, last_number=2, pid=4)
    follower(seen_at=now - heartbeats.SILENT_AFTER - timedelta(seconds=1), last_number=1, pid=5)
    page, rows = shown(operator)
    assert [row[1] for row in rows] == ["current", "current", "current", "behind", "silent"]
    assert "1 of 4 processes had not taken in every change." in page


def test_the_page_shows_the_index_in_figures(operator: User) -> None:
    now = timezone.now()
    fence = draw(operator)
    zone = ExclusionZone(name="Clinic", rule="care", kind="circle", center_lat=60.3, center_lon=25, radius_m=60)
    editing.put_zone(zone=zone, by=operator)
    follower(
        seen_at=now - timedelta(seconds=5),
        last_number=2,
        areas=1_000_001,
        changes=1_234,
        base="base-000000000001-1-1795645596256723",
        base_built_at=now - timedelta(hours=3, minutes=10),
        disk_bytes=2_300_000_000,
        lag_s=0.84,
    )
    page, rows = shown(operator)
    for said in ("1,000,000", "and 1 exclusion zone", "3 h old", "with change 1", "2.1 GB", "1,234", "of 2,000"):
        assert said in page.replace("\xa0", " "), said
    assert rows == [["web-1 7", "current", "5 s ago", "2", "0.8 s", "1,234", "3 h old"]]
    editing.archive_fence(fence=fence)


def test_without_a_process_the_page_says_so(operator: User) -> None:
    page, rows = shown(operator)
    assert "No process says that it follows the fences." in page
    assert rows == []


@pytest.mark.parametrize("role", [Role.OWNER, Role.MANAGER])
def test_merchants_do_not_see_it(db: None, role: Role) -> None:
    client = Client()
    client.force_login(make_staff(make_store(), role=role).user)
    assert client.get(reverse(PAGE)).status_code == 403
    assert b"fencefollower" not in client.get(reverse("admin:index")).content


def test_it_is_in_the_operators_menu_and_nobody_edits_it(operator: User) -> None:
    row = follower(seen_at=timezone.now(), last_number=0)
    client = Client()
    client.force_login(operator)
    assert reverse(PAGE) in client.get(reverse("admin:index")).content.decode()
    assert client.get(reverse("admin:merchants_fencefollower_change", args=[row.pk])).status_code == 200
    assert client.post(reverse("admin:merchants_fencefollower_change", args=[row.pk]), {"pid": 9}).status_code == 403
    assert client.get(reverse("admin:merchants_fencefollower_add")).status_code == 403
