"""Kanari goes through everything that the product can do, and is erased. A search of every table, cache, queue, log,
copy and file finds none of twelve marks afterwards; before, it finds some in each place that holds people. And again
after yesterday's backup has been restored.
"""

import logging
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings as django_settings
from django.db import connection
from psycopg import sql

from geooffers.callers import device_lookup
from geooffers.callers import erasing as of_callers
from geooffers.callers.limits import _redis
from geooffers.events import erasing as of_events
from geooffers.redemptions import books
from notifications.sandbox.keys import load_keys
from tests import searching
from tests.acceptance.privacy.test_canary import every_log_line  # noqa: F401  # the same fixture: every logger at DEBUG
from tests.canary_person import CanaryPerson
from tests.cast import NOON
from tests.conftest import ROOT, skip_or_fail
from tests.crashes.worker_process import database_url
from tests.integration.conftest import make_worker
from tests.integration.shoppers.test_erasing_is_complete import leads_to_a_person
from tests.races.leaving import STAYING
from tests.running_sandbox import RunningSandbox

REDIS_URL = "redis://127.0.0.1:6379/11"
LATER = NOON + timedelta(minutes=20)
# Merchants' rows lead to shops, not to people. Two of callers hold people by an HMAC of the device's id, and events by
# plain ids.
PLACES = {model._meta.label for model in leads_to_a_person() | of_callers.MODELS | of_events.MODELS}


@pytest.fixture
def sandbox(settings, tmp_path: Path) -> Iterator[RunningSandbox]:
    settings.SANDBOX_DIR = tmp_path / "sandbox"
    running = RunningSandbox(load_keys(folder=settings.SANDBOX_DIR))
    settings.SANDBOX_URL = running.url
    yield running
    running.close()


@pytest.fixture
def redis_counts(settings) -> Iterator[None]:
    redis = pytest.importorskip("redis")
    client = redis.Redis.from_url(REDIS_URL)
    try:
        client.ping()
    except redis.ConnectionError:
        skip_or_fail("Redis on 127.0.0.1:6379")
    settings.REDIS_URL = REDIS_URL
    _redis.cache_clear()
    yield
    _redis.cache_clear()
    client.flushdb()
    client.close()


@pytest.fixture
def kanari(sandbox: RunningSandbox, transactional_db: None) -> CanaryPerson:
    person = CanaryPerson(sandbox)
    person.live()
    return person


def tables_that_name(person: CanaryPerson) -> set[str]:
    names = [
        *(form for forms in person.markers.values() for form in forms),
        *searching.forms_of(person.shopper_id),
        *searching.forms_of(person.device_id),
        *searching.forms_of(device_lookup.name_of(person.device_id)),
    ]
    return {label for label, _ in searching.rows_holding(names)}


def leave(person: CanaryPerson) -> None:
    person.call("DELETE", "/me", now=LATER)
    make_worker(person.sandbox, now=LATER + timedelta(minutes=2)).run_once()


def assert_kanari_is_everywhere(person: CanaryPerson) -> None:
    found = tables_that_name(person) | searching.tables_with(*person.coupon_ids)
    assert found >= PLACES
    in_tables = {name for name, forms in person.markers.items() if searching.rows_holding(forms)}
    # The tokens themselves were never kept; their hashes were, of the newest and the one before.
    assert in_tables == set(person.markers) - {"first push address"}, "each mark was left somewhere"
    assert person.is_in_memory()
    assert person.marks_in(person.copy) >= {
        "installation id",
        "push address",
        "Firebase uid",
        "language",
        "app version",
    }
    assert person.decided() == 2


def assert_kanari_is_nowhere(person: CanaryPerson) -> None:
    assert tables_that_name(person) == set()
    assert searching.tables_with(*person.coupon_ids) <= STAYING
    assert not person.is_in_memory()
    assert person.files_with_markers() == []
    assert books.check_books() == []


def test_kanari_is_everywhere_and_then_nowhere(kanari: CanaryPerson) -> None:
    assert_kanari_is_everywhere(kanari)
    in_a_dump = person_in(raw_content(database_url()), kanari)
    assert {"ids", "Firebase uid", "push address", "language", "next token"} <= in_a_dump
    assert not {"place", "fix"} & in_a_dump, "where a phone is is sealed, in a copy that waits as well"
    leave(kanari)
    assert_kanari_is_nowhere(kanari)
    assert not person_in(raw_content(database_url()), kanari), "also between the rows"


@pytest.mark.usefixtures("redis_counts")
def test_kanari_is_in_the_cache_and_then_not(sandbox: RunningSandbox, transactional_db: None) -> None:
    kanari = CanaryPerson(sandbox)
    kanari.live()
    assert len(kanari.counts_in_redis()) >= 3
    leave(kanari)
    assert kanari.counts_in_redis() == []
    assert tables_that_name(kanari) == set()


def test_no_log_line_names_kanari(
    every_log_line: Any,  # noqa: F811  # a fixture
    sandbox: RunningSandbox,
    transactional_db: None,
) -> None:
    # The settings keep these quiet whatever the level: the one writes addresses down, and the sandbox asks by them; the
    # other all that a page was given.
    for name in ("httpx", "django.template"):
        logging.getLogger(name).setLevel(django_settings.LOGGING["loggers"][name]["level"])
    kanari = CanaryPerson(sandbox)
    kanari.live()
    leave(kanari)
    lines = [record.name + record.getMessage() + str(record.exc_info) for record in every_log_line.records]
    assert len(lines) > 50, "nothing was logged, so nothing was shown"
    assert [line for line in lines if kanari.marks_in(line.encode())] == []
    # The search is alive: a careless line would have been found.
    logging.getLogger("geooffers.careless").warning("push to %s failed", kanari.address)
    assert kanari.marks_in(every_log_line.records[-1].getMessage().encode()) == {"push address"}


def test_a_file_that_names_kanari_would_be_found(kanari: CanaryPerson) -> None:
    """The twin of the search of files."""
    (django_settings.TOMBSTONES.parent / "careless.json").write_text(f'{{"push": "{kanari.address}"}}')
    assert kanari.files_with_markers() == ["careless.json"]


# -- yesterday's backup


def postgresql(command: str, *arguments: str, database: str | None = None) -> bytes:
    chosen = connection.settings_dict
    environment = os.environ | {"PGPASSWORD": chosen["PASSWORD"] or ""}
    where = ("-h", chosen["HOST"], "-p", str(chosen["PORT"] or 5432), "-U", chosen["USER"])
    named = (database,) if database else ()
    done = subprocess.run(
        [command, *where, *arguments, *named], env=environment, capture_output=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def raw_content(url: str) -> bytes:
    """All that the database holds, as somebody would find it who takes it away: a dump, or the file itself."""
    if url.startswith("sqlite"):
        path = url.removeprefix("sqlite:///")
        with sqlite3.connect(path, timeout=20) as file:
            file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        file.close()
        return b"".join(Path(path + end).read_bytes() for end in ("", "-wal") if Path(path + end).exists())
    parts = []
    with psycopg.connect(url) as database:
        tables = database.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (table,) in tables:
            with database.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))) as rows:
                parts += [bytes(part) for part in rows]
    return b"".join(parts)


def person_in(content: bytes, person: CanaryPerson) -> set[str]:
    ids = [*searching.forms_of(person.shopper_id), *searching.forms_of(person.device_id)]
    return person.marks_in(content) | {"ids" for form in ids if form in content}


def backup_of(url: str, folder: Path) -> Path:
    backup = folder / "yesterday"
    if url.startswith("sqlite"):
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(backup)])
    else:
        backup.write_bytes(postgresql("pg_dump", database=url.rpartition("/")[2]))
    return backup


@pytest.fixture
def restored(tmp_path: Path) -> Iterator[Any]:
    """Restores a backup into a database beside the test's; its address."""
    made: list[str] = []
    if connection.vendor == "postgresql":
        if shutil.which("pg_dump") is None:
            skip_or_fail("pg_dump (Debian's postgresql-client)")
        version = subprocess.run(["pg_dump", "--version"], capture_output=True, text=True, check=True).stdout
        if int(version.split()[2].partition(".")[0]) < connection.pg_version // 10_000:
            pytest.skip(f"{version.strip()} is older than the server")

    def restore(backup: Path) -> str:
        if connection.vendor == "sqlite":
            copy = tmp_path / "restored.sqlite3"
            copy.write_bytes(backup.read_bytes())
            return f"sqlite:///{copy}"
        name = f"{connection.settings_dict['NAME']}_restored"
        postgresql("dropdb", "--if-exists", name)
        postgresql("createdb", name)
        made.append(name)
        postgresql("psql", "-q", "-v", "ON_ERROR_STOP=1", "-f", str(backup), "-d", name)
        return database_url().rpartition("/")[0] + f"/{name}"

    yield restore
    for name in made:
        postgresql("dropdb", "--if-exists", "--force", name)


def manage(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=os.environ
        | {
            "GEOOFFERS_SANDBOX": "1",
            "GEOOFFERS_TOMBSTONES": str(django_settings.TOMBSTONES),
            "DATABASE_URL": url,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_yesterdays_backup_forgets_kanari_again(restored: Any, kanari: CanaryPerson, tmp_path: Path) -> None:
    yesterday = backup_of(database_url(), tmp_path)
    leave(kanari)
    url = restored(yesterday)
    assert person_in(raw_content(url), kanari) >= {"ids", "push address", "Firebase uid", "language", "app version"}
    for start in (("runworker", "--once"), ("runweb", "--no-migrate", "--port", "0")):
        refused = manage(url, *start)
        assert refused.returncode != 0
        assert "applytombstones" in refused.stderr
    applied = manage(url, "applytombstones")
    assert applied.returncode == 0, applied.stderr
    assert "1 erasures were not in the database" in applied.stdout
    assert person_in(raw_content(url), kanari) == set()
    started = manage(url, "runworker", "--once")
    assert started.returncode == 0, started.stderr
    assert manage(url, "checkbooks").returncode == 0
