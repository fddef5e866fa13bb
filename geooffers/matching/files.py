"""A base as a directory of arrays, which any number of processes map and none reads whole.

It is written beside its place under another name and moved there when all of it is on the disk, so what stands under
the name is whole. A list of its files and their sizes stands in it: what was cut off or lost since is noticed when it
is opened, and what was changed within by `verify`, which reads everything.
"""

import json
import os
import shutil
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from geooffers.matching.base import Base

FORMAT = 3
MANIFEST = "manifest.json"
CHUNK = 1 << 22


class DamagedBase(Exception):
    """The directory does not hold a whole base of this format. Build it anew."""


def save_base(base: Base, directory: Path, *, beside: Mapping[str, npt.NDArray[Any]] | None = None) -> None:
    """The directory must not be there yet. `beside` are arrays of the owner's own, which appear together with ours."""
    part = directory.with_name(f".{directory.name}.{os.getpid()}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        written = {}
        arrays = {field.name: getattr(base, field.name) for field in fields(base)}
        for name, array in {**(beside or {}), **arrays}.items():
            path = part / f"{name}.npy"
            np.save(path, array, allow_pickle=False)
            _to_disk(path)
            written[path.name] = {"bytes": path.stat().st_size, "crc32": _checksum(path)}
        (part / MANIFEST).write_text(json.dumps({"format": FORMAT, "fences": len(base), "files": written}, indent=1))
        _to_disk(part / MANIFEST)
        _to_disk(part)
        if directory.exists():
            raise FileExistsError(directory)
        part.rename(directory)
        _to_disk(directory.parent)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def open_base(directory: Path) -> Base:
    return Base(**open_arrays(directory, [field.name for field in fields(Base)]))


def open_arrays(directory: Path, names: Iterable[str]) -> dict[str, Any]:
    written = _manifest(directory)
    arrays = {}
    for name in names:
        path = directory / f"{name}.npy"
        try:
            if path.stat().st_size != written[path.name]["bytes"]:
                raise DamagedBase(f"{path} has not the size it was written with")
            arrays[name] = _mapped(path)
        except (OSError, ValueError, KeyError) as error:
            raise DamagedBase(f"{path}: {error}") from error
    return arrays


def verify(directory: Path) -> None:
    """Read every byte and compare with what was written."""
    for name, said in _manifest(directory).items():
        try:
            checksum = _checksum(directory / name)
        except OSError as error:
            raise DamagedBase(f"{directory / name}: {error}") from error
        if checksum != said["crc32"]:
            raise DamagedBase(f"{directory / name} is not what was written")


def _manifest(directory: Path) -> dict[str, dict[str, int]]:
    try:
        manifest = json.loads((directory / MANIFEST).read_text())
        if manifest["format"] != FORMAT:
            raise DamagedBase(f"{directory} has format {manifest['format']}, not {FORMAT}")
        written: dict[str, dict[str, int]] = manifest["files"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DamagedBase(f"{directory}: {error}") from error
    return written


def _mapped(path: Path) -> npt.NDArray[np.generic]:
    array = np.load(
        path, mmap_mode=None if path.stat().st_size < os.sysconf("SC_PAGE_SIZE") else "r", allow_pickle=False
    )
    # As a plain array over the mapping: a memmap costs more at every slice.
    return np.asarray(array)


def _checksum(path: Path) -> int:
    checksum = 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            checksum = zlib.crc32(chunk, checksum)
    return checksum


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
