"""What the builder tells of how far it is only grows; and a bar is drawn at a terminal alone."""

import os
import pty
import subprocess
import sys
import termios
from pathlib import Path

from benchmarks.workload import workload
from geooffers.matching.index import Index


def test_a_build_tells_how_far_it_is() -> None:
    told: list[tuple[str, float]] = []
    Index.of(workload(fences=3_000, points=10).fences, told=lambda doing, share: told.append((doing, share)))
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert [doing for doing, _ in told][:3] == ["ordering", "circles", "polygons"]


def replay(stderr: int, tmp_path: Path) -> None:
    """The shortest of the commands that draw a bar."""
    (tmp_path / "trace.csv").write_text("trace_id,ts,lat,lon,accuracy_m\na,2026-06-02T12:00:00+00:00,60,25,8\n")
    (tmp_path / "fences.json").write_text('[{"id": "a", "lat": 60.0, "lon": 25.0, "radius_m": 100}]')
    command = [sys.executable, "manage.py", "replay", tmp_path / "trace.csv", "--fences", tmp_path / "fences.json"]
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=stderr, check=True, env={**os.environ, "COLUMNS": "80"})


def test_a_bar_is_drawn_at_a_terminal_and_nowhere_else(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    replay(theirs, tmp_path)
    os.write(theirs, b"the end")  # so that reading waits for nothing, should nothing be drawn
    assert b"replaying" in os.read(ours, 10_000)
    os.close(theirs)
    os.close(ours)
    with (tmp_path / "said").open("w+b") as file:
        replay(file.fileno(), tmp_path)
        file.seek(0)
        assert file.read() == b""
