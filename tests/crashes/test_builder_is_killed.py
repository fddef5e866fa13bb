"""kill -9 before every single step of building a base, of sweeping old ones and of taking a new one: a fresh process
answers right, and what stands under the name of a base is whole.
"""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from geooffers.matching import files
from geooffers.matching.index import Index
from merchants.fences import editing
from merchants.live_fences import building, snapshots
from merchants.models import Geofence, User
from tests.cast import AINO_LAT, AINO_LON, make_store
from tests.conftest import ROOT
from tests.races.test_fence_changes import database_url

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

Do = Callable[..., dict[str, Any]]


@pytest.fixture
def expected(transactional_db: None, tmp_path: Path) -> list[int]:
    """Three bases' worth of fences: two bases lie there, and what dead builders left; the third is to be built."""
    operator = User.objects.create_superuser("operator", password="a-long-password-1")
    store, found, start = make_store(), [], tmp_path / "start"
    for number in range(3):
        fence = Geofence(
            store=store, name=f"door {number}", kind="circle",
            center_lat=AINO_LAT, center_lon=AINO_LON, radius_m=100 + number,
        )  # fmt: skip
        found.append(editing.put_fence(fence=fence, by=operator).pk)
        if number < 2:
            snapshots.sweep(start) if start.exists() else start.mkdir()
            building.build(start)
    for left in (".base-000000000001-1-1.77.part", ".base-000000000001-1-1.gone"):
        shutil.copytree(start / snapshots.stored(start)[0].name, start / left, copy_function=os.link)
    (start / ".base-000000000001-1-1.77.part-note").write_text("{")
    (start / ".base-000000000000-1-1.checked").write_text("{}")
    return found


@pytest.fixture
def do(expected: list[int], tmp_path: Path) -> Iterator[Do]:
    """Have a process do something on a fresh copy of the start, or on what the one before left, and be killed."""
    root = tmp_path / "bases"
    environment = os.environ | {
        "DATABASE_URL": database_url(),
        "DJANGO_SETTINGS_MODULE": "geooffers.settings",
        "GEOOFFERS_SANDBOX": "1",
        "GEOOFFERS_FENCE_BASES_DIR": str(root),
        "GEOOFFERS_LOG_LEVEL": "CRITICAL",
    }
    command = [sys.executable, "-W", "ignore", "-m", "tests.crashes.base_process", str(root)]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None

        def do(deed: str, *, kill_before: int = 0, afresh: Path | None = None) -> dict[str, Any]:
            if afresh is not None:
                shutil.rmtree(root, ignore_errors=True)
                shutil.copytree(afresh, root, copy_function=os.link)  # a note knows its files by their numbers
            server.stdin.write(json.dumps({"deed": deed, "kill_before": kill_before}) + "\n")
            server.stdin.flush()
            while not (line := server.stdout.readline()).startswith("{"):
                assert line, "the process ended"
            told: dict[str, Any] = json.loads(line)
            return told

        yield do
        server.stdin.close()


def look_at_what_stands(root: Path, expected: list[int]) -> None:
    """Under a base's name there is a whole one, with the fences that its number says."""
    for mark in snapshots.stored(root):
        files.verify(root / mark.name)
        found = Index.open(root / mark.name).inside_one(lat=AINO_LAT, lon=AINO_LON)
        assert found == expected[: mark.number], mark


@pytest.mark.parametrize(
    ("deed", "least"), [("build", 120), ("build again", 100), ("swap", 15)], ids=["build", "again", "swap"]
)
def test_killed_before_any_step_it_leaves_nothing_half_made(
    do: Do, expected: list[int], tmp_path: Path, deed: str, least: int
) -> None:
    start, root = tmp_path / "start", tmp_path / "bases"
    if deed != "build":
        assert not do("build", afresh=start)["killed"]
        shutil.rmtree(start)
        shutil.copytree(root, start, copy_function=os.link)
    steps = do(deed, afresh=start)["steps"]
    assert len(steps) > least, Counter(steps)
    look_at_what_stands(root, expected)
    for number in range(1, len(steps) + 1):
        died = do(deed, kill_before=number, afresh=start)
        assert died["killed"], f"it lived past step {number}, {steps[number - 1]}"
        look_at_what_stands(root, expected)
        served = do("serve")
        assert served.get("answer") == expected, f"after death before step {number}, {steps[number - 1]}"
    look_at_what_stands(root, expected)
    built = do("build")
    assert not built["killed"]
    kept = {mark.name for mark in snapshots.stored(root)}
    assert len(kept) == snapshots.KEPT
    left = {path.name for path in root.iterdir()} - kept - {f".{name}.checked" for name in kept}
    assert left <= {"building.lock", "checking.lock"}
