"""A PostgreSQL cluster of a test's own: a snapshot shows the transactions of all databases of a cluster, so whoever
looks how soon events can be read must share it with nobody."""

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

# The server refuses to be run by root; then this user runs it.
SERVER_USER = "postgres"
STARTED_WITHIN_S = "60"


def programs() -> Path | None:
    """The newest server's folder, or None."""
    on_path = shutil.which("pg_ctl")
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name))
    return Path(on_path).parent if on_path else installed[-1] if installed else None


class RunningPostgresql:
    """What is lost with the machine may be lost: nothing is fsynced."""

    def __init__(self, bin_folder: Path) -> None:
        self._bin = bin_folder
        self._as = {"user": SERVER_USER, "group": SERVER_USER, "extra_groups": []} if os.geteuid() == 0 else {}
        # Not in pytest's folder, which is closed to other users.
        self._folder = Path(tempfile.mkdtemp(prefix="geooffers-postgresql-"))
        if self._as:
            shutil.chown(self._folder, SERVER_USER, SERVER_USER)
        self._data = self._folder / "data"
        self.port = _free_port()
        try:
            self._run("initdb", "--pgdata", self._data, "--username=postgres", "--auth=trust", "--no-sync")
            options = f"-p {self.port} -h 127.0.0.1 -k {self._folder} -F -c max_connections=60 -c shared_buffers=16MB"
            self._run("pg_ctl", "--pgdata", self._data, "--options", options, "--log", self._folder / "log",
                      "--wait", "--timeout", STARTED_WITHIN_S, "start")  # fmt: skip
        except subprocess.CalledProcessError as failed:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise RuntimeError(f"no PostgreSQL of our own: {failed.stdout}") from failed

    def url(self, database: str = "postgres") -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}"

    def close(self) -> None:
        self._run("pg_ctl", "--pgdata", self._data, "--mode=immediate", "--wait", "stop")
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, program: str, *arguments: object) -> None:
        # pg_ctl leaves the server behind, which would keep a pipe of ours open: a file takes what is said.
        with tempfile.TemporaryFile("w+") as said:
            try:
                subprocess.run(
                    [self._bin / program, *map(str, arguments)],
                    check=True,
                    stdin=subprocess.DEVNULL,
                    stdout=said,
                    stderr=said,
                    cwd=self._folder,
                    env=os.environ | {"LC_ALL": "C.UTF-8"},
                    **self._as,
                )
            except subprocess.CalledProcessError as failed:
                said.seek(0)
                failed.stdout = said.read()
                raise


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
