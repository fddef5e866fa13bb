"""`manage.py runweb`: the web process, from nothing to serving."""

import ipaddress
import os
import shutil
import sys
import time
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection

from geooffers import database_schema
from geooffers.shoppers.privacy import tombstones
from geooffers.usecases.privacy import rotate_keys

# Any number of web processes may start together; on PostgreSQL this lock lets one of them migrate at a time.
MIGRATION_LOCK = 0x6E0_0FFE5


class Command(BaseCommand):
    help = "Wait for the database, migrate, collect static files, then serve HTTP with Granian."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--workers", type=int, default=max(1, (os.cpu_count() or 1)))
        parser.add_argument("--wait-s", type=float, default=60, help="How long to wait for the database.")
        parser.add_argument("--no-migrate", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.SANDBOX and not is_loopback(options["host"]):
            raise CommandError("The sandbox binds to loopback only: its keys are public.")
        wait_for_database(limit_s=options["wait_s"])
        if not options["no_migrate"]:
            migrate()
        try:
            database_schema.refuse_unless_migrated()
            rotate_keys.refuse_without_keys()
            tombstones.refuse_unless_caught_up(now=datetime.now(UTC))
        except (database_schema.NotMigrated, rotate_keys.KeysMissing, tombstones.NotCaughtUp) as reason:
            raise CommandError(str(reason)) from reason
        if not settings.SANDBOX:
            call_command("collectstatic", interactive=False, verbosity=0)
        connection.close()
        self.stdout.write(f"serving on http://{options['host']}:{options['port']}")
        self.stdout.flush()
        # One blocking thread a worker: under the GIL more threads cost throughput, so we scale by workers.
        granian = shutil.which("granian", path=Path(sys.executable).parent) or "granian"
        arguments = [
            *("--interface", "wsgi", "--host", options["host"], "--port", str(options["port"])),
            *("--workers", str(options["workers"]), "--blocking-threads", "1", "--respawn-failed-workers"),
            *("--access-log", "--access-log-fmt", '%(addr)s "%(method)s %(path)s" %(status)d %(dt_ms).1f ms'),
            "geooffers.wsgi:application",
        ]
        os.execv(granian, [granian, *arguments])  # noqa: S606  # no shell wanted, and no parent left over


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def wait_for_database(*, limit_s: float) -> None:
    """Return when a connection is possible; CommandError after `limit_s` seconds."""
    deadline = time.monotonic() + limit_s
    while True:
        try:
            connection.ensure_connection()
        except OperationalError as error:
            if time.monotonic() > deadline:
                raise CommandError(f"The database did not answer within {limit_s:g} s: {error}") from error
            time.sleep(0.5)
        else:
            return


def migrate() -> None:
    locks = connection.vendor == "postgresql"
    if locks:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
    try:
        call_command("migrate", interactive=False, verbosity=0)
    finally:
        if locks:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])
