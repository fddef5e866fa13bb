"""What every ring of tests shares: which services are there, where the shared data lies, the cast."""

import fcntl
import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from hypothesis import settings

from notifications.sandbox.keys import SandboxKeys, load_keys
from tests.running_sandbox import RunningSandbox

ROOT = Path(__file__).resolve().parent.parent
SHARED_DATA = ROOT.parent / "shared" / "data"
REQUIRE_SERVICES = os.environ.get("REQUIRE_SERVICES") == "1"
_missing: dict[str, int] = {}
# Where collected static files would lie; whitenoise warns when the folder is not there.
(ROOT / "var" / "static").mkdir(parents=True, exist_ok=True)


def skip_or_fail(missing: str) -> None:
    """Skip for a service that is not there, and say so once at the end; under REQUIRE_SERVICES=1 fail instead."""
    if REQUIRE_SERVICES:
        pytest.fail(f"REQUIRE_SERVICES=1 and no {missing}")
    _missing[missing] = _missing.get(missing, 0) + 1
    pytest.skip(f"no {missing}")


# A busy machine is not a fault of the code: pytest-timeout ends what hangs.
settings.register_profile("geooffers", deadline=None)
settings.load_profile("geooffers")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real traces, fences and requests. They are not part of the project; without them the test skips."""
    if not SHARED_DATA.is_dir():
        pytest.skip("../shared/data is not there")
    return SHARED_DATA


@pytest.fixture(scope="session")
def node_packages() -> Path:
    """The folder of .ci with its npm packages installed as locked: judges that exist only there."""
    folder = ROOT / ".ci"
    if shutil.which("npm") is None:
        skip_or_fail("Node.js with npm")
    installed, lock = folder / "node_modules" / ".package-lock.json", folder / "package-lock.json"
    with (folder / "package.json").open() as gate:  # one of the test processes installs, the others wait
        fcntl.flock(gate, fcntl.LOCK_EX)
        if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
            command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
            if subprocess.run(command, cwd=folder, capture_output=True, timeout=240).returncode != 0:
                skip_or_fail("npm packages of .ci (npm ci failed)")
    return folder


@pytest.fixture(autouse=True)
def quick_passwords(settings) -> None:
    """A password hash is slow on purpose; the cast signs in so often that it would be most of the suite."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def own_tombstones(settings, tmp_path: Path) -> None:
    """What one test erases binds no other test's database."""
    settings.TOMBSTONES = tmp_path / "tombstones"


@pytest.fixture
def requires_postgresql(db: None) -> None:
    """For races that SQLite's single writer cannot have. The suite's PostgreSQL run gives them their turn."""
    if connection.vendor != "postgresql":
        _missing["PostgreSQL (set DATABASE_URL)"] = _missing.get("PostgreSQL (set DATABASE_URL)", 0) + 1
        pytest.skip("needs PostgreSQL: set DATABASE_URL")


@pytest.fixture(scope="session")
def sandbox_keys(tmp_path_factory: pytest.TempPathFactory) -> SandboxKeys:
    return load_keys(folder=tmp_path_factory.mktemp("sandbox") / "keys")


@pytest.fixture
def sandbox(sandbox_keys: SandboxKeys) -> Iterator[RunningSandbox]:
    """The Firebase look-alike, served over HTTP for one test."""
    running = RunningSandbox(sandbox_keys)
    yield running
    running.close()


def pytest_configure(config: pytest.Config) -> None:
    """One seed for all processes of this run; they inherit it."""
    os.environ.setdefault("RACE_SEED", str(random.SystemRandom().randrange(10**9)))


def pytest_report_header(config: pytest.Config) -> str:
    return f"races: RACE_SEED={os.environ['RACE_SEED']}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for service, count in _missing.items():
        terminalreporter.write_line("")
        terminalreporter.write_line(f"!!! {count} tests did not run: no {service} !!!", yellow=True, bold=True)
