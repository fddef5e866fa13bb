"""An edit of a fence reaches every process, whatever order the edits commit in."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection, transaction

from merchants.fences import editing
from merchants.live_fences.live_fences import LiveFences
from merchants.models import FenceChange, Geofence, User
from tests.cast import AINO_LAT, AINO_LON, make_store

pytestmark = pytest.mark.both

OTHER_PROCESS = f"""
import sys, time
import django
django.setup()
from django.utils import timezone
from merchants.live_fences.live_fences import matcher
live = matcher()
live.follow()
while not live.is_ready(timezone.now()):
    time.sleep(0.01)
print("ready", flush=True)
inside = False
while True:
    time.sleep(0.01)
    found = live.current().index.match_one(lat={AINO_LAT}, lon={AINO_LON}, accuracy_m=5)
    if bool(found) is not inside:
        inside = not inside
        print("seen" if inside else "gone", flush=True)
"""


def database_url() -> str:
    """The test database, for a process of its own."""
    settings = connection.settings_dict
    name = str(settings["NAME"])
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    user, password = quote(settings["USER"]), quote(settings["PASSWORD"])
    return f"postgres://{user}:{password}@{settings['HOST']}:{settings['PORT'] or 5432}/{quote(name)}"


@pytest.fixture
def other_process(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], str]]:
    """Reads one line that the other process prints."""
    monkeypatch.setenv("DATABASE_URL", database_url())
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "geooffers.settings")
    monkeypatch.setenv("GEOOFFERS_SANDBOX", "1")
    process = subprocess.Popen([sys.executable, "-c", OTHER_PROCESS], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield lambda: process.stdout.readline().strip()
    process.kill()
    process.wait()
    process.stdout.close()


FORKING_PROCESS = """
import os, time
import django
django.setup()
from django.core.management import call_command
from django.db import connections
from django.utils import timezone
from merchants.live_fences.live_fences import matcher
call_command("migrate", verbosity=0)
of_the_parent = matcher()
of_the_parent.follow()
while not of_the_parent.is_ready(timezone.now()):
    time.sleep(0.01)
of_the_parent._writing.acquire()  # the child begins in the middle of a poll
connections.close_all()
child = os.fork()
if child == 0:
    until = time.monotonic() + 60
    while not (matcher() is not of_the_parent and matcher().is_ready(timezone.now())):
        if time.monotonic() > until:
            os._exit(1)
        time.sleep(0.01)
    assert len(matcher().current().index) == 0
    os._exit(0)
of_the_parent._writing.release()
_, status = os.waitpid(child, 0)
print("followed" if status == 0 else "lost")
"""


def test_a_forked_child_follows_by_itself(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{tmp_path / 'forked.sqlite3'}",
        "DJANGO_SETTINGS_MODULE": "geooffers.settings",
        "GEOOFFERS_SANDBOX": "1",
    }
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKING_PROCESS],
        env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert ran.stdout.strip() == "followed", ran.stderr


def drawn(number: int = 1) -> Geofence:
    store = make_store(merchant_name=f"Café {number}")
    return Geofence(
        store=store, name=f"door {number}", kind="circle", center_lat=AINO_LAT, center_lon=AINO_LON, radius_m=150
    )


def make_operator() -> User:
    return User.objects.create_superuser("operator", password="a-long-password-1")


def test_an_edit_is_seen_by_another_process_within_two_seconds(other_process: Callable[[], str]) -> None:
    operator = make_operator()
    assert other_process() == "ready"
    fence = drawn()
    for _ in range(2):
        began = time.monotonic()
        fence = editing.put_fence(fence=fence, by=operator)
        assert other_process() == "seen"
        assert time.monotonic() - began < 2
        began = time.monotonic()
        editing.archive_fence(fence=fence)
        assert other_process() == "gone"
        assert time.monotonic() - began < 2
        fence = drawn(2)


@contextmanager
def in_a_thread(work: Callable[[], None]) -> Iterator[threading.Thread]:
    failed: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    yield thread
    thread.join(timeout=20)
    assert not thread.is_alive()
    assert not failed, failed


class Reversed:
    """Two edits, each in a transaction of its own: the first writes first and commits last, if it is let."""

    def __init__(self, write: Callable[[Geofence], object]) -> None:
        self.write = write
        self.first_has_written = threading.Event()
        self.first_may_commit = threading.Event()
        self.second_has_committed = threading.Event()
        self.fences = [drawn(1), drawn(2)]

    def first(self) -> None:
        with transaction.atomic():
            self.write(self.fences[0])
            self.first_has_written.set()
            assert self.first_may_commit.wait(timeout=10)

    def second(self) -> None:
        assert self.first_has_written.wait(timeout=10)
        self.write(self.fences[1])
        self.second_has_committed.set()


@pytest.mark.usefixtures("requires_postgresql")
@pytest.mark.django_db(transaction=True)
def test_two_edits_whose_commits_are_reversed_are_both_seen() -> None:
    operator = make_operator()
    live = LiveFences()
    live.refresh()
    edits = Reversed(lambda fence: editing.put_fence(fence=fence, by=operator))
    with in_a_thread(edits.first), in_a_thread(edits.second):
        assert edits.first_has_written.wait(timeout=10)
        # The second waits for the counter's row: it cannot commit before the first.
        assert not edits.second_has_committed.wait(timeout=1)
        live.poll()
        edits.first_may_commit.set()
        assert edits.second_has_committed.wait(timeout=10)
        live.poll()
    live.poll()
    found = live.current().index.match_one(lat=AINO_LAT, lon=AINO_LON, accuracy_m=5)
    assert {match.fence for match in found} == {fence.pk for fence in edits.fences}


@pytest.mark.usefixtures("requires_postgresql")
@pytest.mark.django_db(transaction=True)
def test_with_a_sequence_for_a_counter_the_first_of_two_reversed_edits_is_never_seen() -> None:
    """The twin of the test above: the same two edits, numbered by a sequence; a follower asks for what is new."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE SEQUENCE change_numbers")

    def put_numbered_by_the_sequence(fence: Geofence) -> None:
        with transaction.atomic():
            fence.save(force_insert=True)
            with connection.cursor() as cursor:
                cursor.execute("SELECT nextval('change_numbers')")
                (number,) = cursor.fetchone()
            FenceChange.objects.create(number=number, index_id=fence.pk)

    seen: dict[int, int] = {}

    def ask_for_what_is_new() -> None:
        new = FenceChange.objects.filter(number__gt=max(seen, default=0))
        seen.update(new.values_list("number", "index_id"))

    edits = Reversed(put_numbered_by_the_sequence)
    try:
        with in_a_thread(edits.first), in_a_thread(edits.second):
            assert edits.second_has_committed.wait(timeout=10)
            ask_for_what_is_new()
            edits.first_may_commit.set()
        for _ in range(3):
            ask_for_what_is_new()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP SEQUENCE change_numbers")
    assert FenceChange.objects.count() == 2
    assert list(seen.values()) == [edits.fences[1].pk]


@pytest.mark.usefixtures("requires_postgresql")
@pytest.mark.django_db(transaction=True)
def test_the_first_two_changes_ever_made_at_once_are_numbered_one_and_two() -> None:
    operator = make_operator()
    gate = threading.Barrier(2, timeout=10)

    def put(fence: Geofence) -> Callable[[], None]:
        def work() -> None:
            gate.wait()
            editing.put_fence(fence=fence, by=operator)

        return work

    with in_a_thread(put(drawn(1))), in_a_thread(put(drawn(2))):
        pass
    assert list(FenceChange.objects.order_by("number").values_list("number", flat=True)) == [1, 2]
