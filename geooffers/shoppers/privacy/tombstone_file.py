"""The file that outlives the database: who was erased, so that a restored backup can be made to forget again.

One line for each erasure, `<CRC-32 of the rest, eight hexadecimal digits> <JSON>`, appended and fsynced before the
transaction of the erasure commits. It names nobody: only HMACs stand in it (`tombstones` makes them).

A process that dies while it appends leaves a last line without an end, or with a hole of NULs where its content did not
get to the disk. Its erasure was never answered, so readers pass over it and the next append cuts it off. Any other
damage is in an answered erasure: nobody may go on as if it had not been there.
"""

import fcntl
import json
import logging
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

logger = logging.getLogger(__name__)

VERSION = 1
_STEP = 65_536


class CannotKeep(Exception):
    """The erasure cannot be written down just now, so nothing was erased."""

    retry_after_s = 60


class DamagedTombstones(Exception):
    """A line of the file is not what was written."""


@dataclass(frozen=True, kw_only=True)
class TombstoneLine:
    """One erasure. `shoppers` and `tokens` are HMACs under the key called `key_id`; by `key_check` that key is known
    again, empty in lines that are older than it.
    """

    key_id: str
    request_id: UUID
    at: datetime
    shoppers: tuple[bytes, ...]
    tokens: tuple[bytes, ...]
    key_check: bytes = b""

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError("an erasure has a time with a zone")


def append(*, path: Path, line: TombstoneLine) -> None:
    """When this returns the line is on the disk, and so is the file's name in its folder."""
    try:
        with _alone(path):
            _append(path, encode(line))
            sync_folder(path.parent)
    except OSError as error:
        logger.error("the tombstones at %s cannot be written: %s", path, error.strerror)
        raise CannotKeep from error


def read(*, path: Path) -> list[TombstoneLine]:
    """Every whole line, the oldest first. No file: nobody was erased yet."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    lines: list[TombstoneLine] = []
    parts = [part + b"\n" for part in content.split(b"\n")]
    parts[-1] = parts[-1][:-1]  # empty, when the file ends as it should
    parts = [part for part in parts if part]
    for number, part in enumerate(parts, start=1):
        try:
            lines.append(decode(part.removesuffix(b"\n")))
        except ValueError:
            if number < len(parts) or not _is_torn(part):
                raise DamagedTombstones(f"{path}, line {number}: the checksum does not fit") from None
            logger.warning("%s ends within a line: an erasure that was never answered", path)
    return lines


def compact(*, path: Path, before: datetime) -> int:
    """Drop the lines of erasures before a time that no backup reaches back to. How many went."""
    with _alone(path):
        lines = read(path=path)
        kept = [line for line in lines if line.at >= before]
        if len(kept) < len(lines):
            beside = path.with_name(path.name + ".new")
            with beside.open("wb") as out:
                out.writelines(encode(line) for line in kept)
                out.flush()
                os.fsync(out.fileno())
            beside.replace(path)
            sync_folder(path.parent)
        return len(lines) - len(kept)


def refuse_unless_usable(*, path: Path) -> None:
    """OSError when an erasure could not be written there. Checked at the start rather than at somebody's erasure."""
    with _alone(path), path.open("ab"):
        sync_folder(path.parent)


def encode(line: TombstoneLine) -> bytes:
    said = json.dumps(
        {
            "v": VERSION,
            "key": line.key_id,
            **({"check": line.key_check.hex()} if line.key_check else {}),
            "request": str(line.request_id),
            "at": line.at.isoformat(),
            "shoppers": [digest.hex() for digest in line.shoppers],
            "tokens": [digest.hex() for digest in line.tokens],
        },
        separators=(",", ":"),
    ).encode()
    return b"%08x %s\n" % (zlib.crc32(said), said)


def decode(part: bytes) -> TombstoneLine:
    """ValueError when it is not a line that `encode` made."""
    checksum, _, said = part.partition(b" ")
    if checksum != b"%08x" % zlib.crc32(said):
        raise ValueError("checksum")
    read = json.loads(said)
    if read["v"] != VERSION:
        raise ValueError(f"version {read['v']}")
    return TombstoneLine(
        key_id=read["key"],
        request_id=UUID(read["request"]),
        at=datetime.fromisoformat(read["at"]),
        shoppers=tuple(bytes.fromhex(digest) for digest in read["shoppers"]),
        tokens=tuple(bytes.fromhex(digest) for digest in read["tokens"]),
        key_check=bytes.fromhex(read.get("check", "")),
    )


def sync_folder(folder: Path) -> None:
    """A new file's name is lost with the power until its folder is on the disk, too."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One at a time, of all the processes that share the file. The lock has a file of its own: `compact` puts another
    file in the place of this one."""
    with path.with_name(path.name + ".lock").open("ab") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        yield


def _append(path: Path, line: bytes) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        end, line = _cut(descriptor, line)
        os.ftruncate(descriptor, end)
        try:
            rest = line
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            os.fsync(descriptor)
        except OSError:
            # A full disk. What was not answered must not bind anybody.
            os.ftruncate(descriptor, end)
            raise
    finally:
        os.close(descriptor)


def _is_torn(last: bytes) -> bool:
    return not last.endswith(b"\n") or b"\0" in last


def _cut(descriptor: int, line: bytes) -> tuple[int, bytes]:
    """Where to go on, and with what: behind the last whole line; a last one that lacks nothing but its end gets it."""
    size = os.fstat(descriptor).st_size
    begin, last = size, b""
    while begin > 0 and b"\n" not in last[:-1]:
        step = min(_STEP, begin)
        begin -= step
        last = os.pread(descriptor, step, begin) + last
    last = last[last[:-1].rfind(b"\n") + 1 :]
    if not _is_torn(last):
        return size, line
    try:
        decode(last)
    except ValueError:
        return size - len(last), line
    return size, b"\n" + line
