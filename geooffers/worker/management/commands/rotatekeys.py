"""`manage.py rotatekeys`: what is stored is moved to the newest key. `--check` only tells which keys are needed."""

from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from geooffers import database_schema
from geooffers.usecases.privacy import rotate_keys


class Command(BaseCommand):
    help = (
        "Move what is sealed to the first of GEOOFFERS_DATA_KEYS, in small batches, while everything goes on; then say "
        "which keys can be taken away. Start it again as often as you like."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="Move nothing.")
        parser.add_argument("--batch", type=int, default=200, help="Rows in one transaction.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["batch"] < 1:
            raise CommandError("--batch is at least 1")
        try:
            database_schema.refuse_unless_migrated()
        except database_schema.NotMigrated as reason:
            raise CommandError(str(reason)) from reason
        if not options["check"]:
            moved: Counter[str] = Counter()
            for what, rows in rotate_keys.rotate(limit=options["batch"]):
                moved[what] += rows
            for what, rows in moved.items():
                self.stdout.write(f"{what}: {rows} moved to the newest key")
        found = rotate_keys.uses()
        for use in found:
            if use.rows or use.newest:
                self.stdout.write(f"{use.setting} {use.key_id or '(gone)'}: {use.rows} {use.what}")
        newest = {(use.setting, use.key_id) for use in found if use.newest}
        for (setting, key_id), rows in rotate_keys.still_needed(found).items():
            if rows == 0 and (setting, key_id) not in newest:
                self.stdout.write(f"{setting} {key_id} is needed by nothing: take it away")
        lost = [use for use in found if use.rows and not use.known]
        if lost:
            what = ", ".join(f"{use.rows} {use.what}" for use in lost)
            raise CommandError(
                f"made with keys that are not there, so nobody can read them: {what}. Put the keys back."
            )
