"""Web, worker and sandbox as processes of their own on free loopback ports: what `make demo` and `make run` start."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
from django.conf import settings


class ProcessFailed(Exception):
    """A process stopped, or did not answer in time. The message ends with the tail of its log."""


def free_port(preferred: int) -> int:
    """`preferred` when nobody listens there, else one that the system hands out."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise ProcessFailed("no free port on 127.0.0.1")


@dataclass
class Processes:
    """Starts the three, ends them again: by their own process groups, and only those."""

    log_dir: Path
    any_port: bool = False  # else 8000 and 8085 where they are free, so that the addresses stay the same
    web_url: str = ""
    sandbox_url: str = ""
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self) -> None:
        """Returns when all three are ready; ProcessFailed when one is not within two minutes."""
        self.log_dir.mkdir(parents=True, exist_ok=True)
        web_port, sandbox_port = (free_port(0 if self.any_port else port) for port in (8000, 8085))
        self.web_url = f"http://127.0.0.1:{web_port}"
        self.sandbox_url = f"http://127.0.0.1:{sandbox_port}"
        environment = os.environ | {
            "GEOOFFERS_SANDBOX": "1",
            "GEOOFFERS_SANDBOX_URL": self.sandbox_url,
            "DATABASE_URL": os.environ.get("DATABASE_URL") or f"sqlite:///{settings.DATABASES['default']['NAME']}",
        }
        # The sandbox makes the key that the worker signs with, so it comes first.
        self.spawn("sandbox", "runsandbox", "--port", str(sandbox_port), environment=environment)
        self.wait_for("sandbox", f"{self.sandbox_url}/sandbox/messages")
        web = ("runweb", "--port", str(web_port), "--workers", "1", "--no-migrate")
        self.spawn("web", *web, environment=environment)
        self.spawn("worker", "runworker", environment=environment)
        self.wait_for("web", f"{self.web_url}/readyz")

    def spawn(self, name: str, *arguments: str, environment: Mapping[str, str]) -> None:
        with (self.log_dir / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(  # noqa: S603  # our own manage.py
                [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments],
                cwd=settings.BASE_DIR,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait_for(self, name: str, url: str, *, limit_s: float = 120) -> None:
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            self.check()
            try:
                if httpx.get(url, timeout=2).is_success:
                    return
            except httpx.HTTPError:
                pass  # not listening yet
            time.sleep(0.1)
        raise ProcessFailed(f"{name} was not ready after {limit_s:g} s:\n{self.tail(name)}")

    def check(self) -> None:
        """ProcessFailed when one of them has stopped."""
        for name, process in self.running.items():
            if process.poll() is not None:
                raise ProcessFailed(f"{name} stopped with status {process.returncode}:\n{self.tail(name)}")

    def tail(self, name: str, lines: int = 15) -> str:
        return "\n".join((self.log_dir / f"{name}.log").read_text(errors="replace").splitlines()[-lines:])

    def stop(self) -> None:
        """Ask all, wait ten seconds, then end what is left."""
        for process in self.running.values():
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + 10
        for process in self.running.values():
            try:
                process.wait(timeout=max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.running.clear()

    def __enter__(self) -> Self:
        # Asked to end, end the three as well: by default Python would leave them behind.
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
