"""Build the matching index of all live fences on disk, for every process of this machine."""

import functools
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from geooffers.matching import files
from merchants.live_fences import building, integrity, snapshots

_DRAWN = "{desc:12s} {percentage:3.0f}%|{bar}| {elapsed}"


def _draw(bar: "tqdm[NoReturn]", doing: str, share: float) -> None:
    """As `matching.base.Told`: what is being done, and how much of all is behind, from 0 to 1."""
    bar.set_description_str(doing, refresh=False)
    bar.update(100 * share - bar.n)


class Command(BaseCommand):
    help = (
        "Build the matching index of all live fences on disk. Running processes take it within a second. "
        "They ask for it themselves when many fences have changed; by hand it is of use before a first start."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-wait", action="store_true", help="do nothing while another process builds")
        parser.add_argument("--again", action="store_true", help="also when the newest one has all changes")
        parser.add_argument(
            "--verify", action="store_true", help="read what is stored, byte for byte, and build nothing"
        )

    def handle(self, *, no_wait: bool, again: bool, verify: bool, **options: Any) -> None:
        root: Path = settings.FENCE_BASES_DIR
        if verify:
            self._verify(root)
            return
        began = time.monotonic()
        with snapshots.building(root, wait=not no_wait) as ours:
            if not ours:
                self.stdout.write("another process is building it")
                return
            try:
                with tqdm(total=100, unit="%", bar_format=_DRAWN, disable=None, leave=False) as bar:
                    built = building.build(root, again=again, told=functools.partial(_draw, bar))
            except building.NoChanges as error:
                raise CommandError("there are no fences yet") from error
        if built.was_there:
            self.stdout.write(f"{built.mark.name} has all changes already")
        else:
            seconds = time.monotonic() - began
            self.stdout.write(f"{built.mark.name}: {built.fences:,} fences and zones in {seconds:.1f} s")

    def _verify(self, root: Path) -> None:
        for mark in snapshots.stored(root):
            try:
                integrity.read(root, mark)
            except files.DamagedBase as error:
                raise CommandError(f"{error}; `buildindex --again` builds it anew") from error
            self.stdout.write(f"{mark.name} is as it was written")
