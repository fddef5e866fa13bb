"""Bases of the index on disk, one directory each, shared by the processes of a machine.

A base is named for the last change it holds: its number, the fence it was about, and when. So a base of another
database, or of one that was restored to an earlier day and went on from there, is never taken for ours.

One process at a time builds, under a lock that the system takes back from one that dies. A base appears whole or not at
all (geooffers.matching.files); what a builder that was killed left behind is swept by the next one. A process that maps
a base keeps it as long as it needs it, also when the directory is gone.
"""

import contextlib
import fcntl
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from geooffers.matching import files
from merchants.models import FenceChange

# The one in use, and the one that a slower process may be opening.
KEPT = 2

NAME = re.compile(r"base-(\d{12})-(-?\d+)-(\d+)")


@dataclass(frozen=True, order=True, kw_only=True)
class SnapshotMark:
    """The last change that a base holds."""

    number: int
    index_id: int
    at_us: int

    @property
    def name(self) -> str:
        return f"base-{self.number:012d}-{self.index_id}-{self.at_us}"


def mark_of(number: int) -> SnapshotMark | None:
    """As the database has it. None where no such change is known (any more)."""
    change = FenceChange.objects.filter(number=number).first()
    if change is None:
        return None
    since = change.at - datetime(1970, 1, 1, tzinfo=UTC)
    at_us = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    return SnapshotMark(number=number, index_id=change.index_id, at_us=at_us)


def stored(root: Path) -> list[SnapshotMark]:
    """Newest first."""
    try:
        names = [path.name for path in root.iterdir()]
    except FileNotFoundError:
        return []
    return sorted((mark for name in names if (mark := parsed(name)) is not None), reverse=True)


def parsed(name: str) -> SnapshotMark | None:
    """Of the name of a base; None for any other."""
    found = NAME.fullmatch(name)
    return None if found is None else SnapshotMark(number=int(found[1]), index_id=int(found[2]), at_us=int(found[3]))


def identity(root: Path, mark: SnapshotMark) -> tuple[int, int] | None:
    """Of the directory that stands under that name; None when none does."""
    try:
        told = (root / mark.name / files.MANIFEST).stat()
    except OSError:
        return None
    return told.st_ino, told.st_mtime_ns


def built_at(root: Path, mark: SnapshotMark) -> datetime | None:
    """When its last file was written. None where it is gone: a process may still map it."""
    try:
        return datetime.fromtimestamp((root / mark.name / files.MANIFEST).stat().st_mtime, UTC)
    except OSError:
        return None


def bytes_on_disk(root: Path) -> int:
    """Of all bases, also those being written."""
    size = 0
    for path in root.glob("*/*"):
        with contextlib.suppress(OSError):  # swept meanwhile
            size += path.stat().st_size
    return size


def of_this_database(root: Path, *, after: int, up_to: int) -> Iterator[SnapshotMark]:
    """Those that hold more changes than the one number and no more than the other, newest first."""
    for mark in stored(root):
        if after < mark.number <= up_to and mark_of(mark.number) == mark:
            yield mark


def discard(root: Path, mark: SnapshotMark) -> None:
    """Renamed first, so that nobody opens half of it."""
    # A name that nothing has: another of this mark may have been left half deleted.
    away = root / f".{mark.name}.{uuid4().hex}.gone"
    try:
        (root / mark.name).rename(away)
    except OSError:
        return  # somebody else was faster, or it is not ours to move
    shutil.rmtree(away, ignore_errors=True)


def sweep(root: Path) -> None:
    """Under the lock: bases past the newest, and what builders that died left behind."""
    for mark in stored(root)[KEPT:]:
        discard(root, mark)
    kept = {mark.name for mark in stored(root)}
    for path in root.iterdir():
        if path.name.endswith((".part", ".gone")):
            shutil.rmtree(path, ignore_errors=True)
        elif path.name.endswith(".part-note") or (
            path.name.endswith(".checked") and path.name[1:].removesuffix(".checked") not in kept
        ):
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def building(root: Path, *, wait: bool) -> Iterator[bool]:
    """Whether it is ours to build now; without waiting, False when another process does."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / "building.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True
