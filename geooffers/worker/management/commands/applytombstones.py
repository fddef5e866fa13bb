"""`manage.py applytombstones`: after a backup was restored, forget again whom the file of tombstones names."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from geooffers import database_schema
from geooffers.shoppers.privacy import tombstone_file, tombstones
from geooffers.usecases.privacy import apply_tombstones, finish_erasures

BATCH = 2_000


class Command(BaseCommand):
    help = "Erase whom GEOOFFERS_TOMBSTONES names and this database still knows. Run it before anything is started."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "files", nargs="*", type=Path, help="Also these: the files of other machines, or copies of this one's."
        )
        parser.add_argument(
            "--compact", action="store_true", help="Then drop the lines that are older than any backup."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        now = datetime.now(UTC)
        try:
            database_schema.refuse_unless_migrated()
            tombstones.refuse_unless_usable()
            for file in options["files"]:
                self.say(f"{file}: {tombstones.take_over(path=file)} erasures that were not in ours")
            applied = apply_tombstones.apply_tombstones(now=now)
        except (
            database_schema.NotMigrated,
            tombstones.NotCaughtUp,
            tombstone_file.DamagedTombstones,
            tombstone_file.CannotKeep,
            OSError,
        ) as error:
            raise CommandError(str(error) or "the tombstones cannot be written") from error
        except tombstones.KeyUnknown as error:
            raise CommandError(
                f"{settings.TOMBSTONES} holds erasures under {error}. Put it back (docs/erasure.md)."
            ) from error
        self.say(f"{applied.lines} erasures were not in the database, {applied.shoppers} of its shoppers are erased")
        if applied.lines and not applied.shoppers:
            self.say(
                "None of them was known here. Where the backup is younger than their registrations, and the lines were "
                "written before lines said by which key (they lack `check`), GEOOFFERS_TOMBSTONE_KEYS may have another "
                "secret under the id of the old one: put that back, and restore the backup again."
            )
        rest = 0
        while done := finish_erasures.finish_erasures(now=now, limit=BATCH):
            rest += done
        self.say(f"{rest} rows of visits and decisions are gone")
        if options["compact"]:
            before = now - settings.KEEP_TOMBSTONES
            self.say(f"{tombstone_file.compact(path=settings.TOMBSTONES, before=before)} old lines dropped")

    def say(self, line: str) -> None:
        self.stdout.write(line)
