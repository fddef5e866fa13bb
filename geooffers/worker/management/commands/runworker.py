"""`manage.py runworker`: sends pushes, runs the periodic tasks, follows the events. Start as many as you like, where
you like."""

import signal
import threading
from argparse import ArgumentParser
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from geooffers import database_schema
from geooffers.shoppers.privacy import tombstones
from geooffers.usecases.privacy import rotate_keys
from geooffers.worker.runner import Part, Worker
from notifications.channels import configured
from notifications.channels.fcm import LIMITS, TIMEOUT_S


class Command(BaseCommand):
    help = "Send what is owed, run the periodic tasks, follow the events. SIGTERM finishes what is at hand."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="Send all that is due, every task once, then stop.")
        parser.add_argument(
            "--only",
            action="append",
            choices=list(Part),
            help="Nothing but this; may be given again. Without it one process does all three.",
        )
        parser.add_argument("--batch", type=int, default=LIMITS.batch, help="Pushes claimed at a time.")
        parser.add_argument(
            "--connections", type=int, default=LIMITS.connections, help="Pushes on their way at a time."
        )
        parser.add_argument("--lease-s", type=float, default=LIMITS.lease_s, help="How long a claimed push is ours.")
        parser.add_argument("--timeout-s", type=float, default=TIMEOUT_S, help="How long Firebase may take to answer.")
        parser.add_argument("--poll-s", type=float, default=1.0, help="Pause when nothing is due.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            database_schema.refuse_unless_migrated()
            rotate_keys.refuse_without_keys()
            tombstones.refuse_unless_caught_up(now=datetime.now(UTC))
        except (database_schema.NotMigrated, rotate_keys.KeysMissing, tombstones.NotCaughtUp) as reason:
            raise CommandError(str(reason)) from reason
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        limits = replace(LIMITS, connections=options["connections"])
        transport = configured.push_transport(limits=limits, timeout_s=options["timeout_s"])
        worker = Worker(
            transport=transport,
            clock=lambda: datetime.now(UTC),
            stop=stop,
            batch=options["batch"],
            connections=options["connections"],
            lease_s=options["lease_s"],
            wallet=configured.wallet_transport(),
        )
        self.stdout.write(f"worker {worker.name}")
        self.stdout.flush()
        try:
            if options["once"]:
                worker.run_once()
            else:
                parts = [Part(each) for each in options["only"] or Part]
                if not worker.run(poll_s=options["poll_s"], parts=parts):
                    raise CommandError("a thread of the worker ended by a fault; the log says which")
        finally:
            transport.close()
