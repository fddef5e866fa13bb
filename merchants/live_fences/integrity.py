"""Whether what lies on disk is still what was written, without reading two gigabytes at every start.

Beside each base lies a note: the boot of the machine, and number, size and time of every file when all of them had
been read and found right. As long as that is so, a base is opened in milliseconds. After a restart of the machine,
after any write to a file, and once a day, it is read anew, by one process of the machine; a damaged one is thrown away
and built anew. Until then the processes that had mapped it answer by it.
"""

import contextlib
import fcntl
import json
import logging
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from geooffers.matching import files
from merchants.live_fences import snapshots
from merchants.live_fences.snapshots import SnapshotMark

log = logging.getLogger(__name__)

AGAIN_AFTER = timedelta(days=1)
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def note_of(root: Path, mark: SnapshotMark) -> Path:
    return root / f".{mark.name}.checked"


def is_checked(root: Path, mark: SnapshotMark, *, now: datetime | None = None) -> bool:
    """Given a time, not longer than a day before it."""
    note = note_of(root, mark)
    try:
        if now is not None and now - datetime.fromtimestamp(note.stat().st_mtime, UTC) > AGAIN_AFTER:
            return False
        return bool(json.loads(note.read_text()) == _looks(root, mark))
    except (OSError, ValueError):
        return False


def is_whole(root: Path, mark: SnapshotMark) -> bool:
    """Read all of it, unless another process has done so while we waited. What is damaged is thrown away."""
    with _alone(root):
        if is_checked(root, mark, now=datetime.now(UTC)):
            return True
        try:
            read(root, mark)
        except files.DamagedBase as error:
            log.error("live fences: %s; it is thrown away and built anew", error)
            snapshots.discard(root, mark)
            return False
        return True


def read(root: Path, mark: SnapshotMark) -> None:
    """How it looks is taken down before it is read: what is written to it meanwhile shows. files.DamagedBase."""
    try:
        looks = _looks(root, mark)
    except OSError as error:
        raise files.DamagedBase(f"{root / mark.name}: {error}") from error
    files.verify(root / mark.name)
    note(root, mark, looks)


def note(root: Path, mark: SnapshotMark, looks: dict[str, Any] | None = None) -> None:
    """Without `looks`: as it stands now, for who has just written it."""
    fresh = root / f".{mark.name}.{os.getpid()}.part-note"
    with contextlib.suppress(OSError):  # nowhere to write: it is read again another time
        fresh.write_text(json.dumps(looks or _looks(root, mark)))
        fresh.replace(note_of(root, mark))


def _looks(root: Path, mark: SnapshotMark) -> dict[str, Any]:
    """Of the boot and every file. Lists, as JSON gives them back."""
    found = {}
    for path in sorted((root / mark.name).iterdir()):
        told = path.stat()
        found[path.name] = [told.st_ino, told.st_size, told.st_mtime_ns]
    boot = BOOT_ID.read_text().strip() if BOOT_ID.exists() else ""
    return {"boot": boot, "files": found}


@contextlib.contextmanager
def _alone(root: Path) -> Iterator[None]:
    """One process of the machine reads at a time; the system takes the lock back from one that dies."""
    try:
        lock = (root / "checking.lock").open("w")
    except OSError:
        # Nowhere to write: then each reads for itself.
        yield
        return
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
