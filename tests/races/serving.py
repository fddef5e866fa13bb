"""A real `manage.py runweb` with several workers on the test's database, and which of them a connection leads to."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.conftest import ROOT
from tests.integration.api.test_over_the_wire import HOST, free_port
from tests.races.test_fence_changes import database_url


@contextmanager
def served(folder: Path, *, workers: int) -> Iterator["Workers"]:
    """They answer when the block begins, and have ended after it."""
    if not Path("/proc/net/tcp").exists():
        pytest.skip("which worker answers is read from /proc")
    serving = Workers(folder, count=workers)
    try:
        serving.wait()
        yield serving
    finally:
        serving.close()


class Workers:
    def __init__(self, folder: Path, *, count: int) -> None:
        self.port, self.log = free_port(), folder / "web.log"
        self.url = f"http://{HOST}:{self.port}"
        environment = {
            **os.environ,
            "DATABASE_URL": database_url(),
            "GEOOFFERS_SANDBOX": "1",
            "GEOOFFERS_FENCE_BASES_DIR": str(folder / "bases"),
            "REDIS_URL": "",
        }
        command = [sys.executable, "manage.py", "runweb", "--no-migrate", "--port", str(self.port)]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [*command, "--workers", str(count)], cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT
            )
        self._count = count

    def wait(self) -> None:
        until = time.monotonic() + 120
        while time.monotonic() < until:
            assert self._process.poll() is None, self.log.read_text()
            try:
                if len(self.pids()) == self._count and httpx.get(f"{self.url}/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.2)
        raise AssertionError(self.log.read_text())

    def pids(self) -> set[int]:
        """Of the workers: children of the process that we started."""
        found = set()
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                pid, _, rest = stat.read_text().partition(" (")
            except OSError:
                continue
            if int(rest.rpartition(")")[2].split()[1]) == self._process.pid:
                found.add(int(pid))
        return found

    def worker_of(self, answer: httpx.Response) -> int | None:
        """The process that holds the other end of the connection on which this answer came."""
        client_port = answer.extensions["network_stream"].get_extra_info("client_addr")[1]
        ends = f":{self.port:04X}", f":{client_port:04X}"
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            words = line.split()
            if words[1].endswith(ends[0]) and words[2].endswith(ends[1]):
                socket = f"socket:[{words[9]}]"
                return next((pid for pid in self.pids() if self._holds(pid, socket)), None)
        return None

    def _holds(self, pid: int, socket: str) -> bool:
        for handle in Path(f"/proc/{pid}/fd").iterdir():
            try:
                if os.readlink(handle) == socket:
                    return True
            except OSError:
                continue
        return False

    def close(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(30)
