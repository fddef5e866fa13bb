"""Processes that build, take and serve bases of fences, each killed before a step that it was told.

`python -m tests.crashes.base_process ROOT` loads Django once and forks a process for every line of orders, so hundreds
of deaths take seconds. Nothing of the product is replaced: a step is a call into C that touches files (write,
fsync, rename, unlink, lock, map), seen through the interpreter's own profiler, and death is SIGKILL.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

# What changes something on disk or holds a lock, and in the making of a base also what makes it last.
WRITES = {"write", "tofile", "fsync", "mkdir", "rename", "replace", "unlink", "rmdir", "flock"}
# What a process does that only takes a base.
READS = WRITES | {"open", "load", "mmap"}
# Where files are touched; the database's own are its business.
ABOUT = ("geooffers/matching/files.py", "merchants/live_fences/snapshots.py", "merchants/live_fences/integrity.py",
         "shutil.py", "pathlib.py", "_npyio_impl.py", "_format_impl.py", "memmap.py")  # fmt: skip


class Steps:
    def __init__(self, *, kill_before: int, counted: set[str]) -> None:
        self.kill_before, self.counted = kill_before, counted
        self.names: list[str] = []

    def __call__(self, frame: FrameType, event: str, arg: Any) -> None:
        if event != "c_call" or not frame.f_code.co_filename.endswith(ABOUT):
            return
        name, where = getattr(arg, "__name__", ""), Path(frame.f_code.co_filename).name
        # An array's file is made by opening it.
        if name in self.counted or (name == "open" and where == "_npyio_impl.py"):
            self.names.append(f"{name} in {where}")
            if len(self.names) == self.kill_before:
                os.kill(os.getpid(), signal.SIGKILL)


def build(root: Path) -> None:
    from django.core.management import call_command

    call_command("buildindex", verbosity=0)


def build_again(root: Path) -> None:
    from django.core.management import call_command

    call_command("buildindex", "--again", verbosity=0)


def swap(root: Path) -> list[int]:
    """A process that maps the base before, and takes the newest at its next poll. It is killed in that poll."""
    from merchants.live_fences.live_fences import LiveFences

    sys.setprofile(None)
    live = LiveFences(root=root, stored_from=1)
    newest = max(path.name for path in root.iterdir() if path.name.startswith("base-"))
    aside = root.with_name("aside")
    (root / newest).rename(aside)
    live.refresh()
    before = live.mark
    aside.rename(root / newest)
    sys.setprofile(steps)
    live.poll()
    assert live.mark != before
    return answers(live)


def serve(root: Path) -> list[int]:
    """A fresh process: whatever lies there, it answers."""
    from merchants.live_fences.live_fences import LiveFences

    return answers(LiveFences(root=root, stored_from=1))


def answers(live: Any) -> list[int]:
    from tests.cast import AINO_LAT, AINO_LON

    fences = live.current()
    found: list[int] = fences.index.inside_one(lat=AINO_LAT, lon=AINO_LON)
    assert all(fences.fence(one) is not None for one in found)
    return found


DEEDS: dict[str, Callable[[Path], list[int] | None]] = {
    "build": build,
    "build again": build_again,
    "swap": swap,
    "serve": serve,
}


def forked(order: dict[str, Any], root: Path) -> dict[str, Any]:
    """What a child did of it: killed or not, its steps and its answer."""
    global steps
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        counted = READS if order["deed"] == "swap" else WRITES
        steps = Steps(kill_before=order["kill_before"], counted=counted)
        try:
            sys.setprofile(steps)
            found = DEEDS[order["deed"]](root)
            sys.setprofile(None)
            os.write(write, json.dumps({"answer": found, "steps": steps.names}).encode())
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    return {"killed": killed, **(json.loads(said) if said else {})}


def main(root: Path) -> None:
    import django

    django.setup()
    from django.db import connections

    for line in sys.stdin:
        connections.close_all()
        print(json.dumps(forked(json.loads(line), root)), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
