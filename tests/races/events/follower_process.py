"""A follower in a process of its own, to be killed: `python -m tests.races.events.follower_process NAME`.

What it is given it writes to the table `seen`, in the transaction that moves its offset, and not at one blow: so a kill
finds it in the middle.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

# Not from the conftest, which imports models: here Django is not set up yet.
ROOT = Path(__file__).resolve().parents[3]
# Shorter than the test's patience: who is killed leaves it behind.
LEASE_S = 0.5


class FollowerProcess:
    def __init__(self, name: str, *, url: str, log: Path) -> None:
        self.name, self._url, self._log = name, url, log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.races.events.follower_process", self.name],
                cwd=ROOT,
                env=os.environ
                | {
                    "DATABASE_URL": self._url,
                    "DJANGO_SETTINGS_MODULE": "geooffers.settings",
                    "GEOOFFERS_SANDBOX": "1",
                },
                stdout=out,
                stderr=out,
            )

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        assert self._process.wait(10) == -signal.SIGKILL, self._log.read_text()

    def end(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()


def main(name: str) -> None:
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "geooffers.settings"
    django.setup()
    from geooffers.events.following import Follower
    from tests.races.events.seeing import follow_for_ever, see

    luck = random.Random(os.getpid())

    def handle(events: Sequence[object], /) -> None:
        half = len(events) // 2
        see(name, events[:half])
        time.sleep(luck.uniform(0, 0.01))
        see(name, events[half:])

    follow_for_ever(
        Follower(name=name, handle=handle), holder=f"process {os.getpid()}", clock=lambda: datetime.now(UTC)
    )


if __name__ == "__main__":
    main(sys.argv[1])
