"""`make demo ONCE=1`: real processes, real HTTP, the real Firebase client; its own database and ports."""

import os
import subprocess
import sys
from pathlib import Path

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
