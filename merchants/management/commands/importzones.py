"""Exclusion zones out of a GeoJSON file: the next version of a source, in the place of the one before."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.text import slugify

from geooffers.jurisdictions import codes
from geooffers.jurisdictions.rules import PlaceKind
from merchants.fences import editing
from merchants.zones import files, imports


class Command(BaseCommand):
    help = "Import exclusion zones from a GeoJSON FeatureCollection; they replace the former version of their source."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--kind", required=True, choices=[each.value for each in PlaceKind])
        parser.add_argument("--jurisdiction", required=True, help="ISO 3166-2, as FI or US-WA")
        parser.add_argument("--source", help="what the file is a version of; without it the file's name")
        parser.add_argument("--rule", default="", help="why, in words a merchant may read; without it the law's")
        parser.add_argument("--point-radius-m", type=float, help="how far the place around a point reaches")
        parser.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")
        parser.add_argument(
            "--allow-shrink", action="store_true", help="zones that are not in the file any more may go"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        source = slugify(options["source"] or path.stem)[:60]
        if not source:
            raise CommandError("name the --source in letters, digits and dashes")
        try:
            plan = imports.plan(
                content=path.read_bytes(),
                file_name=path.name,
                source=source,
                kind=PlaceKind(options["kind"]),
                jurisdiction=options["jurisdiction"],
                rule=options["rule"],
                point_radius_m=options["point_radius_m"],
            )
            if options["dry_run"]:
                self.stdout.write(f"{source}: {len(plan.zones):,} zones, {plan.added:,} new, {plan.removed:,} gone")
                return
            made = imports.carry_out(plan, by=None, may_shrink=options["allow_shrink"], now=timezone.now())
        except imports.NothingChanged:
            self.stdout.write(f"{source}: nothing has changed")
            return
        except imports.Shrinks as shrinks:
            raise CommandError(f"{shrinks}; if that is meant, say --allow-shrink") from shrinks
        except files.BadFile as bad:
            raise CommandError("\n".join([f"{path.name} is refused, nothing was changed:", *bad.faults])) from bad
        except codes.UnknownJurisdiction as unknown:
            raise CommandError(str(codes.UnknownJurisdiction.__doc__)) from unknown
        except editing.RuleNeeded as needed:
            raise CommandError("the law there says nothing about such places: give the --rule yourself") from needed
        except OSError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{made}: {made.zones:,} zones, {made.added:,} new, {made.removed:,} gone; "
            f"{made.fences_to_review:,} live fences wait for an operator now"
        )
