"""A real `manage.py runworker` in a process of its own, on the test's database and the test's sandbox."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.db import connection

from tests.conftest import ROOT
from tests.running_sandbox import RunningSandbox


def database_url() -> str:
    chosen = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{chosen['NAME']}"
    return "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**chosen)


class WorkerProcess:
    def __init__(self, sandbox: RunningSandbox, log: Path, *arguments: str) -> None:
        self._log = log
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "runworker", "--poll-s", "0.1", *arguments],
                cwd=ROOT,
                env=os.environ
                | {
                    "GEOOFFERS_SANDBOX": "1",
                    "GEOOFFERS_SANDBOX_URL": sandbox.url,
                    "GEOOFFERS_TOMBSTONES": str(settings.TOMBSTONES),
                    "DATABASE_URL": database_url(),
                },
                stdout=out,
                stderr=out,
            )

    def kill(self) -> None:
        self._process.kill()
        assert self._process.wait(10) == -signal.SIGKILL

    def freeze(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> int:
        self._process.terminate()
        return self._process.wait(30)

    def finish(self) -> int:
        return self._process.wait(60)

    def end(self) -> None:
        """Whatever the test left: no process outlives it."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(10)

    def said(self) -> str:
        return self._log.read_text()


def wait_until(condition: Callable[[], bool], *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{condition.__name__} did not come true"
        time.sleep(0.02)
