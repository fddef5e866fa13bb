"""What a process has done about the bases on its disk while it serves: the next one built, the one in use read again.

The building is another process's, the reading another thread's: polls go on meanwhile.
"""

import logging
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from merchants.live_fences import integrity
from merchants.live_fences.snapshots import SnapshotMark

log = logging.getLogger(__name__)

# How long until a builder is asked for again, should one have ended without a base.
BUILD_EVERY_S = 60.0
# How often a base is read again that could not be noted down as read.
CHECK_EVERY_S = 3_600.0


class Upkeep:
    def __init__(self, root: Path) -> None:
        self._root = root
        self._builder: subprocess.Popen[bytes] | None = None
        self._checker: threading.Thread | None = None
        self._build_after = self._check_after = 0.0

    def have_built(self) -> None:
        """The next base, unless a builder of ours is at it."""
        if self._builder is not None and self._builder.poll() is not None:
            self._builder = None
        if self._builder is not None or time.monotonic() < self._build_after:
            return
        log.info("live fences: the next base is being built")
        self._build_after = time.monotonic() + BUILD_EVERY_S
        self._builder = subprocess.Popen(  # noqa: S603  # ourselves, with words of our own
            [sys.executable, str(settings.BASE_DIR / "manage.py"), "buildindex", "--no-wait"],
            env={**os.environ, "GEOOFFERS_FENCE_BASES_DIR": str(self._root)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )

    def have_checked(self, mark: SnapshotMark) -> None:
        """When it was written to since it was read, and once a day. What is damaged is gone at the next poll."""
        if time.monotonic() < self._check_after or integrity.is_checked(self._root, mark, now=timezone.now()):
            return
        if self._checker is None or not self._checker.is_alive():
            self._checker = threading.Thread(target=self._check, args=(mark,), name="base-check", daemon=True)
            self._checker.start()

    def _check(self, mark: SnapshotMark) -> None:
        whole = integrity.is_whole(self._root, mark)
        if whole and not integrity.is_checked(self._root, mark):
            self._check_after = time.monotonic() + CHECK_EVERY_S

    def wait(self) -> None:
        """Waits for the checker and the builder to end."""
        if self._checker is not None:
            self._checker.join()
        if self._builder is not None:
            self._builder.wait()
