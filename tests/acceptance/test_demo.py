"""`make demo ONCE=1`: real processes, real HTTP, the real Firebase client; its own database and ports."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.conftest import ROOT
from tests.unit.demo.test_track import straight_line, write_gpx


def demo(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "demo", "--once", "--any-port", *arguments],
        cwd=ROOT,
        env=os.environ | {"GEOOFFERS_SANDBOX": "1", "DATABASE_URL": f"sqlite:///{folder / 'demo.sqlite3'}"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.mark.slow
def test_the_story_is_told_to_its_end(tmp_path: Path) -> None:
    outcome = demo(tmp_path)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    for step in (
        "entered Café Aino",
        "arrived through firebase-admin",
        "redeemed:",
        "already_redeemed",
        "consent_missing",
    ):
        assert step in outcome.stdout
    assert "Esplanadi Books" not in outcome.stdout  # it was only passed


@pytest.mark.slow
def test_a_recorded_track_is_walked_through_fences_along_it(tmp_path: Path) -> None:
    outcome = demo(tmp_path, "--track", str(write_gpx(tmp_path, straight_line(60))))
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert "entered Milestone 1" in outcome.stdout


def test_a_track_that_is_none_ends_with_its_name_and_no_process_left(tmp_path: Path) -> None:
    outcome = demo(tmp_path, "--track", str(tmp_path / "nowhere.gpx"))
    assert outcome.returncode == 1
    assert "nowhere.gpx" in outcome.stderr


@pytest.mark.slow
def test_a_demo_that_is_ended_leaves_no_process_behind(tmp_path: Path) -> None:
    """Also when it is ended by the signal that make and service managers send."""
    log = tmp_path / "out"
    with log.open("wb") as out:
        running = subprocess.Popen(
            [sys.executable, "manage.py", "demo", "--any-port"],
            cwd=ROOT,
            env=os.environ | {"GEOOFFERS_SANDBOX": "1", "DATABASE_URL": f"sqlite:///{tmp_path / 'demo.sqlite3'}"},
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    deadline = time.monotonic() + 180
    while "Ctrl-C" not in log.read_text():
        assert running.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.5)
    addresses = re.findall(r"http://127\.0\.0\.1:\d+", log.read_text())
    assert httpx.get(f"{addresses[0]}/livez").is_success
    running.terminate()
    assert running.wait(timeout=30) == 128 + signal.SIGTERM
    for address in set(addresses):
        with pytest.raises(httpx.ConnectError):
            httpx.get(address)
