"""The start is refused, with a sentence, when a setting is wrong. Each case starts a process of its own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from geooffers import environment
from tests.conftest import ROOT

PRODUCTION = {
    "GEOOFFERS_SECRET_KEY": "a-long-secret-of-its-own-" + "x1" * 20,
    "GEOOFFERS_CODE_KEYS": "k1:" + "a7" * 32,
    "GEOOFFERS_TOMBSTONES": "/srv/tombstones/tombstones",
    "GEOOFFERS_TOMBSTONE_KEYS": "t1:" + "b3" * 32,
    "GEOOFFERS_DATA_KEYS": "k1:" + "b8" * 32,
    "GEOOFFERS_ALLOWED_HOSTS": "offers.example",
    "GOOGLE_APPLICATION_CREDENTIALS": "service-account.json",
}


def check(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GEOOFFERS_")}
    return subprocess.run(
        [sys.executable, "manage.py", "check", *arguments],
        cwd=ROOT,
        env=inherited | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_production_settings_pass_the_deployment_check() -> None:
    outcome = check("--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert outcome.returncode == 0, outcome.stderr


def test_the_sandbox_fails_the_deployment_check() -> None:
    outcome = check("--deploy", GEOOFFERS_SANDBOX="1")
    assert outcome.returncode != 0
    assert "geooffers.E001" in outcome.stderr


@pytest.mark.parametrize("missing", sorted(PRODUCTION))
def test_a_missing_value_stops_the_start_and_is_named(missing: str) -> None:
    outcome = check(**{name: value for name, value in PRODUCTION.items() if name != missing})
    assert outcome.returncode != 0
    assert missing in outcome.stderr


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("GEOOFFERS_SANDBOKS", "1", "unknown setting GEOOFFERS_SANDBOKS"),
        ("GEOOFFERS_SECRET_KEY", "sandbox-only-and-public-0123456789abcdef0123456789abcdef", "public value"),
        ("FIREBASE_AUTH_EMULATOR_HOST", "127.0.0.1:9099", "forged ID tokens would pass"),
        ("GEOOFFERS_APP_CHECK", "on", "it is off, score or require"),
        ("GEOOFFERS_APP_CHECK", "require", "needs GEOOFFERS_FIREBASE_PROJECT"),
        ("GEOOFFERS_TRUSTED_PROXIES", "everybody", "everybody"),
        ("GEOOFFERS_PUBLIC_URL", "http://offers.example", "GEOOFFERS_PUBLIC_URL is http://offers.example"),
        ("GEOOFFERS_PUBLIC_URL", "https://offers.example/shop", "it is https:// and a host"),
        ("GEOOFFERS_PHONE_TRIGGER_RADIUS_M", "99", "GEOOFFERS_PHONE_TRIGGER_RADIUS_M is 99; it may be 100 to 5000"),
        ("GEOOFFERS_PHONE_MAX_REGIONS", "100", "it may be 0 to 99"),
        ("GEOOFFERS_PHONE_FRESH_FOR_S", "604801", "it may be 60 to 604800"),
        ("GEOOFFERS_PHONE_MOVE_MOST_M", "5 km", "GEOOFFERS_PHONE_MOVE_MOST_M"),
    ],
)
def test_a_dangerous_value_stops_the_start(variable: str, value: str, says: str) -> None:
    outcome = check(**(PRODUCTION | {variable: value}))
    assert outcome.returncode != 0
    assert says in outcome.stderr


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text(PRODUCTION["GEOOFFERS_SECRET_KEY"] + "\n")
    variables = {name: value for name, value in PRODUCTION.items() if name != "GEOOFFERS_SECRET_KEY"}
    outcome = check("--deploy", "--fail-level", "WARNING", **variables, GEOOFFERS_SECRET_KEY_FILE=str(key))
    assert outcome.returncode == 0, outcome.stderr


def test_what_the_database_url_asks_for_is_kept_beside_the_pool() -> None:
    """`?sslmode=` lost on the way would mean a connection without TLS, and nobody would notice."""
    show = "from geooffers import settings; print(settings.DATABASES['default']['OPTIONS'])"
    variables = PRODUCTION | {"DATABASE_URL": "postgres://geooffers@db.example:5432/geooffers?sslmode=verify-full"}
    outcome = subprocess.run(
        [sys.executable, "-c", show], cwd=ROOT, env=os.environ | variables, capture_output=True, text=True, timeout=60
    )
    assert outcome.stdout.strip() == "{'sslmode': 'verify-full', 'pool': {'min_size': 1, 'max_size': 6}}", (
        outcome.stderr
    )


@pytest.mark.parametrize(
    ("pool", "has"), [({}, "{'min_size': 1, 'max_size': 6}"), ({"GEOOFFERS_DATABASE_POOL": "0"}, "None")]
)
def test_what_tests_start_has_the_settings_and_the_pool_of_the_service(pool: dict[str, str], has: str) -> None:
    """Not those of the tests' own process, which has no pool."""
    show = "from django.conf import settings; print(settings.DATABASES['default']['OPTIONS'].get('pool'))"
    url = {"DATABASE_URL": "postgres://postgres@127.0.0.1:5432/geooffers"}
    outcome = subprocess.run(
        [sys.executable, "-c", show], cwd=ROOT, env=os.environ | url | pool, capture_output=True, text=True, timeout=60
    )
    assert outcome.stdout.strip() == has, outcome.stderr
    assert "pool" not in settings.DATABASES["default"]["OPTIONS"]


def test_the_page_of_settings_names_each_of_them_and_no_other() -> None:
    page = (ROOT / "docs" / "settings.md").read_text()
    named = set(re.findall(r"`(GEOOFFERS_[A-Z_]+)`", page)) - {"GEOOFFERS_"}
    known = {name for name in environment.KNOWN_VARIABLES if not name.endswith("_FILE")}
    assert named == known


def test_the_web_process_of_the_sandbox_listens_on_loopback_only() -> None:
    outcome = subprocess.run(
        [sys.executable, "manage.py", "runweb", "--host", "0.0.0.0", "--port", "0"],  # noqa: S104  # it must refuse
        cwd=ROOT,
        env=os.environ | {"GEOOFFERS_SANDBOX": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert outcome.returncode != 0
    assert "loopback only" in outcome.stderr
