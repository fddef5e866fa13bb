"""The file of tombstones: what was written stands there, whatever happened to whoever wrote it."""

import os
import resource
import stat
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geooffers.shoppers.privacy import tombstone_file
from geooffers.shoppers.privacy.tombstone_file import CannotKeep, DamagedTombstones, TombstoneLine

NOON = datetime(2026, 6, 2, 12, 0, tzinfo=UTC)


def line(number: int = 0, *, at: datetime = NOON, tokens: int = 1) -> TombstoneLine:
    digest = sha256(str(number).encode()).digest()
    return TombstoneLine(key_id="k1", request_id=UUID(int=number), at=at, shoppers=(digest,), tokens=(digest,) * tokens)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tombstones"


def test_what_is_appended_is_read(path: Path) -> None:
    lines = [line(number, tokens=number) for number in range(5)]
    for one in lines:
        tombstone_file.append(path=path, line=one)
    assert tombstone_file.read(path=path) == lines
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_no_file_is_no_erasure(path: Path) -> None:
    assert tombstone_file.read(path=path) == []


def test_a_last_line_that_was_torn_off_at_any_byte_is_passed_over_and_then_cut_off(path: Path) -> None:
    tombstone_file.append(path=path, line=line(1))
    whole = path.read_bytes()
    torn = tombstone_file.encode(line(2))
    for length in range(1, len(torn) - 1):
        path.write_bytes(whole + torn[:length])
        assert tombstone_file.read(path=path) == [line(1)]
        tombstone_file.append(path=path, line=line(3))
        assert tombstone_file.read(path=path) == [line(1), line(3)]


def test_a_last_line_that_lacks_its_end_alone_binds_and_is_given_it(path: Path) -> None:
    path.write_bytes(tombstone_file.encode(line(1))[:-1])
    assert tombstone_file.read(path=path) == [line(1)]
    tombstone_file.append(path=path, line=line(2))
    assert tombstone_file.read(path=path) == [line(1), line(2)]


@pytest.mark.parametrize("tail", [b"\0" * 300, b"\0" * 300 + b"\n", b"0123abcd {\0\0\0\0}\n"])
def test_so_is_a_tail_that_the_file_system_made_up(path: Path, tail: bytes) -> None:
    """A crash may leave the new size without the new content."""
    tombstone_file.append(path=path, line=line(1))
    path.write_bytes(path.read_bytes() + tail)
    assert tombstone_file.read(path=path) == [line(1)]
    tombstone_file.append(path=path, line=line(2))
    assert tombstone_file.read(path=path) == [line(1), line(2)]


@pytest.mark.parametrize("tail", [b"00000000 {}\n", b"\n"])
def test_a_last_line_that_is_whole_and_wrong_is_damage(path: Path, tail: bytes) -> None:
    """Also two lines that became one: the newline between them rotted."""
    tombstone_file.append(path=path, line=line(1))
    path.write_bytes(path.read_bytes() + tail)
    with pytest.raises(DamagedTombstones, match="line 2"):
        tombstone_file.read(path=path)


def test_a_torn_first_line_leaves_an_empty_file(path: Path) -> None:
    path.write_bytes(tombstone_file.encode(line(1))[:20])
    assert tombstone_file.read(path=path) == []
    tombstone_file.append(path=path, line=line(2))
    assert tombstone_file.read(path=path) == [line(2)]


def test_a_line_longer_than_one_look_is_found_whole(path: Path) -> None:
    long = line(1, tokens=3000)
    for one in (long, long):
        tombstone_file.append(path=path, line=one)
    path.write_bytes(path.read_bytes()[:-9])
    tombstone_file.append(path=path, line=line(2))
    assert tombstone_file.read(path=path) == [long, line(2)]


@given(place=st.integers(min_value=0), bit=st.integers(min_value=0, max_value=7))
def test_one_changed_bit_before_the_last_line_is_noticed(tmp_path_factory, place: int, bit: int) -> None:
    path = tmp_path_factory.mktemp("bits") / "tombstones"
    for number in range(3):
        tombstone_file.append(path=path, line=line(number))
    content = bytearray(path.read_bytes())
    last = len(tombstone_file.encode(line(2)))
    content[place % (len(content) - last)] ^= 1 << bit
    path.write_bytes(content)
    with pytest.raises(DamagedTombstones, match=r"line [12]"):
        tombstone_file.read(path=path)


def append_many(path: Path, first: int, count: int) -> None:
    for number in range(first, first + count):
        tombstone_file.append(path=path, line=line(number))


def test_processes_that_append_at_once_do_not_write_into_each_other(path: Path) -> None:
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        list(pool.map(append_many, [path] * 4, [0, 100, 200, 300], [25] * 4))
    ids = sorted(one.request_id.int for one in tombstone_file.read(path=path))
    assert ids == [first + step for first in (0, 100, 200, 300) for step in range(25)]


def test_a_full_disk_refuses_and_leaves_nothing_of_the_line(path: Path) -> None:
    tombstone_file.append(path=path, line=line(1))
    before = path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 40, hard))
    try:
        with pytest.raises(CannotKeep):
            tombstone_file.append(path=path, line=line(2))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == before


def test_a_folder_that_is_not_there_refuses(tmp_path: Path) -> None:
    with pytest.raises(CannotKeep):
        tombstone_file.append(path=tmp_path / "gone" / "tombstones", line=line())
    with pytest.raises(OSError, match="gone"):
        tombstone_file.refuse_unless_usable(path=tmp_path / "gone" / "tombstones")


def test_old_lines_go_and_the_others_stay(path: Path) -> None:
    for number in range(4):
        tombstone_file.append(path=path, line=line(number, at=NOON + timedelta(days=number)))
    assert tombstone_file.compact(path=path, before=NOON + timedelta(days=2)) == 2
    assert tombstone_file.compact(path=path, before=NOON + timedelta(days=2)) == 0
    assert [one.request_id.int for one in tombstone_file.read(path=path)] == [2, 3]
    assert sorted(os.listdir(path.parent)) == ["tombstones", "tombstones.lock"]


def test_the_file_names_nobody(path: Path) -> None:
    shopper = uuid4()
    tombstone_file.append(path=path, line=line())
    assert str(shopper) not in path.read_text()
    with pytest.raises(ValueError, match="zone"):
        line(at=datetime(2026, 6, 2))  # noqa: DTZ001  # that is the point
