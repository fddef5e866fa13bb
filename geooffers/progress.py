"""A bar for long work at a terminal. Nothing is drawn where nobody looks."""

import sys
import time
from typing import TextIO

WIDTH = 30
EVERY_S = 0.1


class Bar:
    """Hears what is being done and what share of all is behind, as geooffers.matching.base.Told."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stderr
        self._drawn_at = 0.0
        self._doing = ""

    def __call__(self, doing: str, share: float) -> None:
        now = time.monotonic()
        if not self._out.isatty() or (share < 1 and doing == self._doing and now - self._drawn_at < EVERY_S):
            return
        self._drawn_at, self._doing = now, doing
        full = round(WIDTH * min(max(share, 0.0), 1.0))
        bar = "#" * full + "." * (WIDTH - full)
        end = "\r\x1b[K" if share >= 1 else ""
        self._out.write(f"\r\x1b[K{doing:12s} [{bar}] {share:4.0%}{end}")
        self._out.flush()
