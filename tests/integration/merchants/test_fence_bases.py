"""Many fences come from a base on disk: shared, followed, replaced, and never trusted blindly."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from geooffers.matching import files
from geooffers.matching import index as matching
from merchants.fences import editing
from merchants.live_fences import building, integrity, snapshots
from merchants.live_fences.live_fences import LiveFences
from merchants.models import ExclusionZone, FenceChange, Geofence, Store, User
from tests.cast import AINO_LAT, AINO_LON, make_store
from tests.races.test_fence_changes import database_url


@pytest.fixture
def operator(db: None) -> User:
    return User.objects.create_superuser("operator", password="a-long-password-1")


@pytest.fixture
def store(db: None) -> Store:
    return make_store()


def draw(store: Store, operator: User, *, name: str = "Tür", north: float = 0.0) -> Geofence:
    fence = Geofence(
        store=store, name=name, kind="circle", center_lat=AINO_LAT + north, center_lon=AINO_LON, radius_m=150
    )
    return editing.put_fence(fence=fence, by=operator)


def mapped(root: Path) -> LiveFences:
    """As if the few fences of a test were many."""
    return LiveFences(root=root, stored_from=1)


def touched(live: LiveFences, *, north: float = 0.0) -> list[int]:
    return live.current().index.inside_one(lat=AINO_LAT + north, lon=AINO_LON)


def test_few_fences_leave_nothing_on_disk(store: Store, operator: User, tmp_path: Path) -> None:
    fence = draw(store, operator)
    live = LiveFences(root=tmp_path)
    assert touched(live) == [fence.pk]
    assert live.mark is None
    assert list(tmp_path.iterdir()) == []


def test_the_first_process_builds_and_the_next_opens_the_same(store: Store, operator: User, tmp_path: Path) -> None:
    fence = draw(store, operator)
    zone = ExclusionZone(name="Clinic", rule="care", kind="circle", center_lat=60.3, center_lon=25, radius_m=60)
    editing.put_zone(zone=zone, by=operator)
    first, second = mapped(tmp_path), mapped(tmp_path)
    assert touched(first) == touched(second) == [fence.pk]
    assert first.mark is not None
    assert first.mark == second.mark
    assert second.current().index.inside_one(lat=60.3, lon=25) == [-zone.pk]
    built_in_memory = LiveFences(root=tmp_path / "other")
    assert second.current().fence(fence.pk) == built_in_memory.current().fence(fence.pk)
    assert second.current().fence(fence.pk + 1) is None
    assert second.current().fence(-zone.pk) is None


def test_changes_lie_over_a_mapped_base_and_come_with_it_when_it_is_opened(
    store: Store, operator: User, tmp_path: Path
) -> None:
    kept, moved, gone = draw(store, operator), draw(store, operator), draw(store, operator)
    live = mapped(tmp_path)
    assert touched(live) == [kept.pk, moved.pk, gone.pk]
    moved.center_lat, moved.dwell_s = AINO_LAT + 0.02, 77
    editing.put_fence(fence=moved, by=operator)
    editing.archive_fence(fence=gone)
    new = draw(store, operator, name="new")
    live.poll()
    for each in (live, mapped(tmp_path)):
        assert touched(each) == [kept.pk, new.pk]
        assert touched(each, north=0.02) == [moved.pk]
        assert each.current().fence(gone.pk) is None
        assert each.current().fence(moved.pk).dwell_s == 77
        assert each.current().fence(new.pk).name == "new"
        assert each.current().fence(kept.pk).name == "Tür"
        assert each.current().index.changes > 0


def test_a_newer_base_is_taken_at_the_next_poll(store: Store, operator: User, tmp_path: Path, settings: object) -> None:
    first = draw(store, operator)
    live = mapped(tmp_path)
    assert touched(live) == [first.pk]
    second = draw(store, operator)
    settings.FENCE_BASES_DIR = tmp_path
    call_command("buildindex")
    third = draw(store, operator)
    live.poll()
    assert touched(live) == [first.pk, second.pk, third.pk]
    assert live.current().index.changes == 1
    assert live.current().fence(second.pk) is not None
    call_command("buildindex", "--verify")


def test_only_the_newest_bases_are_kept_and_an_index_in_use_lives_on(
    store: Store, operator: User, tmp_path: Path
) -> None:
    first = draw(store, operator)
    live = mapped(tmp_path)
    in_use = live.current().index
    for _ in range(3):
        draw(store, operator, north=0.02)
        with snapshots.building(tmp_path, wait=True):
            building.build(tmp_path)
    assert len(snapshots.stored(tmp_path)) == snapshots.KEPT
    assert in_use.inside_one(lat=AINO_LAT, lon=AINO_LON) == [first.pk]


@pytest.mark.parametrize("harm", ["deleted", "emptied", "cut", "no manifest", "one bit", "no file", "another file"])
def test_a_damaged_base_is_built_anew(store: Store, operator: User, tmp_path: Path, harm: str) -> None:
    fence = draw(store, operator)
    mark = mapped(tmp_path).mark
    assert mark is not None
    folder = tmp_path / mark.name
    do_harm(folder, harm)
    live = mapped(tmp_path)
    assert touched(live) == [fence.pk]
    assert live.mark == mark
    files.verify(folder)


def do_harm(folder: Path, harm: str) -> None:
    if harm == "deleted":
        shutil.rmtree(folder)
    elif harm == "emptied":
        for path in folder.iterdir():
            path.unlink()
    elif harm == "cut":
        os.truncate(folder / "entries.npy", 100)
    elif harm == "one bit":
        with (folder / "there.npy").open("r+b") as file:
            file.seek(-1_000, os.SEEK_END)
            (byte,) = file.read(1)
            file.seek(-1_000, os.SEEK_END)
            file.write(bytes([byte ^ 4]))
    elif harm == "no file":
        (folder / "fact_uuids.npy").unlink()
    elif harm == "another file":
        shutil.copy(folder / "circles.npy", folder / "circle_areas.npy")
    else:
        (folder / "manifest.json").unlink()


def test_a_base_may_be_damaged_again_and_again(store: Store, operator: User, tmp_path: Path) -> None:
    """What was thrown away may be half deleted still, when the next of that name is."""
    fence = draw(store, operator)
    for _ in range(3):
        live = mapped(tmp_path)
        assert touched(live) == [fence.pk]
        assert live.mark is not None
        half_deleted = tmp_path / f".{live.mark.name}.gone"
        half_deleted.mkdir(exist_ok=True)
        (half_deleted / "slots.npy").touch()
        do_harm(tmp_path / live.mark.name, "one bit")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("harm", ["deleted", "one bit"])
def test_a_process_that_maps_a_base_which_is_harmed_gets_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url())
    fence = draw(make_store(), User.objects.create_superuser("operator", password="a-long-password-1"))
    live = mapped(tmp_path)
    before = (live.mark, live._copy.identity)
    do_harm(tmp_path / live.mark.name, harm)

    def is_renewed() -> bool:
        live.poll()
        return (live.mark, live._copy.identity) != before

    wait_until(is_renewed)
    assert live.mark == before[0]
    assert touched(live) == [fence.pk]
    files.verify(tmp_path / live.mark.name)
    live.stop_following()


def test_after_a_restart_of_the_machine_a_base_is_read_before_it_is_trusted(
    store: Store, operator: User, tmp_path: Path
) -> None:
    """What a crash of the machine spoilt shows in no time of a file."""
    fence = draw(store, operator)
    mark = mapped(tmp_path).mark
    assert mark is not None
    note = integrity.note_of(tmp_path, mark)
    assert integrity.is_checked(tmp_path, mark)
    spoilt = tmp_path / mark.name / "vertices.npy"
    times = spoilt.stat().st_atime_ns, spoilt.stat().st_mtime_ns
    with spoilt.open("r+b") as file:
        file.write(b"spoilt")
    os.utime(spoilt, ns=times)
    assert integrity.is_checked(tmp_path, mark), "the harm is not one that shows"
    facts = json.loads(note.read_text())
    note.write_text(json.dumps({**facts, "boot": "the boot before"}))
    live = mapped(tmp_path)
    assert touched(live) == [fence.pk]
    assert integrity.is_checked(tmp_path, mark)
    files.verify(tmp_path / mark.name)


def test_a_base_is_read_again_after_a_day(store: Store, operator: User, tmp_path: Path) -> None:
    draw(store, operator)
    mark = mapped(tmp_path).mark
    assert mark is not None
    now = timezone.now()
    assert integrity.is_checked(tmp_path, mark, now=now + timedelta(hours=23))
    assert not integrity.is_checked(tmp_path, mark, now=now + timedelta(hours=25))


def test_a_base_whose_bytes_were_changed_is_found_by_verifying(
    store: Store, operator: User, tmp_path: Path, settings: object
) -> None:
    settings.FENCE_BASES_DIR = tmp_path
    draw(store, operator)
    call_command("buildindex")
    (mark,) = snapshots.stored(tmp_path)
    path = tmp_path / mark.name / "fact_names.npy"
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(CommandError, match="--again"):
        call_command("buildindex", "--verify")
    call_command("buildindex", "--again")
    call_command("buildindex", "--verify")


def test_a_base_of_another_database_is_not_ours(store: Store, operator: User, tmp_path: Path) -> None:
    """Restored to an earlier day, and gone on from there: the same number says something else."""
    fence = draw(store, operator)
    theirs = mapped(tmp_path).mark
    assert theirs is not None
    change = FenceChange.objects.get(number=theirs.number)
    FenceChange.objects.filter(pk=change.pk).update(at=change.at + timedelta(microseconds=1))
    live = mapped(tmp_path)
    assert touched(live) == [fence.pk]
    assert live.mark != theirs


def test_a_base_from_the_future_is_left_alone(store: Store, operator: User, tmp_path: Path) -> None:
    draw(store, operator)
    number = building.last_number()
    later = snapshots.SnapshotMark(number=number + 5, index_id=1, at_us=1)
    (tmp_path / later.name).mkdir(parents=True)
    live = mapped(tmp_path)
    assert live.mark is not None
    assert live.mark.number == number
    assert (tmp_path / later.name).exists()


def wait_until(holds: Callable[[], bool], *, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.02)


BUILDER = """
import sys, django
django.setup()
from pathlib import Path
from merchants import fence_bases, fence_building
root = Path(sys.argv[1])
with fence_bases.building(root, wait=True):
    print("building", flush=True)
    while True:
        fence_building.build(root, again=True)
        print("built", flush=True)
"""


@pytest.mark.django_db(transaction=True)
def test_a_builder_killed_at_any_moment_leaves_a_base_whole_or_none(tmp_path: Path) -> None:
    operator = User.objects.create_superuser("operator", password="a-long-password-1")
    store = make_store()
    expected = sorted(draw(store, operator).pk for _ in range(30))
    environment = os.environ | {"DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "geooffers.settings"}
    for turn in range(6):
        command = [sys.executable, "-c", BUILDER, str(tmp_path)]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as builder:
            assert builder.stdout is not None
            assert builder.stdout.readline() == "building\n"
            for _ in range(turn % 3):
                assert builder.stdout.readline() == "built\n"
            time.sleep(turn * 0.005)
            builder.send_signal(signal.SIGKILL)
        for mark in snapshots.stored(tmp_path):
            assert matching.Index.open(tmp_path / mark.name).inside_one(lat=AINO_LAT, lon=AINO_LON) == expected
        assert touched(mapped(tmp_path)) == expected
    with snapshots.building(tmp_path, wait=False) as ours:
        assert ours
        snapshots.sweep(tmp_path)
    kept = {mark.name for mark in snapshots.stored(tmp_path)}
    left = {path.name for path in tmp_path.iterdir()} - kept - {f".{name}.checked" for name in kept}
    assert left == {"building.lock", "checking.lock"} & left


@pytest.mark.django_db(transaction=True)
def test_when_much_has_changed_the_next_base_is_built_by_another_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator = User.objects.create_superuser("operator", password="a-long-password-1")
    store = make_store()
    first = draw(store, operator)
    monkeypatch.setenv("DATABASE_URL", database_url())
    live = LiveFences(root=tmp_path, stored_from=1, due_past=3)
    assert touched(live) == [first.pk]
    before = live.mark
    more = [draw(store, operator).pk for _ in range(6)]
    live.poll()
    assert touched(live) == [first.pk, *more]
    assert live.mark == before

    def is_renewed() -> bool:
        live.poll()
        return live.mark != before

    wait_until(is_renewed)
    assert live.current().index.changes == 0
    assert touched(live) == [first.pk, *more]
    live.stop_following()
