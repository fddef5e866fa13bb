"""A database whose transactions are the test's alone: on PostgreSQL a cluster of its own, on SQLite the test's file."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection, connections

from tests.conftest import skip_or_fail
from tests.crashes.worker_process import database_url
from tests.races.events.seeing import make_table
from tests.running_postgresql import RunningPostgresql, programs


@pytest.fixture(scope="session")
def cluster() -> Iterator[RunningPostgresql]:
    found = programs()
    if found is None:
        skip_or_fail("PostgreSQL's own programs (initdb, pg_ctl)")
    running = RunningPostgresql(found)
    yield running
    running.close()


@pytest.fixture
def own_cluster(cluster: RunningPostgresql, django_db_blocker: pytest.FixtureRequest) -> Iterator[str]:
    """Django's default connection leads into a database of the cluster, in every thread of the test; answers its URL.
    Only the tables of the events are there."""
    suites, connection_of_suite = connections.settings["default"], connections["default"]
    connections.settings["default"] = {
        **suites,
        "ENGINE": "django.db.backends.postgresql",
        "HOST": "127.0.0.1",
        "PORT": cluster.port,
        "USER": "postgres",
        "PASSWORD": "",
        "OPTIONS": {},
    }
    try:
        with django_db_blocker.unblock():
            _connect_to("postgres")
            with connection.cursor() as cursor:
                cursor.execute("DROP DATABASE IF EXISTS events")
                cursor.execute("CREATE DATABASE events")
            connection.close()
            _connect_to("events")
            call_command("migrate", "events", verbosity=0)
            make_table()
            yield cluster.url("events")
            connection.close()
    finally:
        connections.settings["default"] = suites
        connections["default"] = connection_of_suite


def _connect_to(database: str) -> None:
    connections.settings["default"]["NAME"] = database
    connections["default"] = connections.create_connection("default")


@pytest.fixture
def place(request: pytest.FixtureRequest) -> str:
    """Its URL. For tests that have the database of the suite, and commit there."""
    if connection.vendor == "postgresql":
        return str(request.getfixturevalue("own_cluster"))
    make_table()
    return database_url()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "follower.log"
