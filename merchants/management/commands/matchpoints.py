"""Which fences is each point in? From files, without a database."""

import csv
import itertools
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from geooffers.matching.areas import Fence
from geooffers.matching.index import Index
from merchants.live_fences import fence_files, fence_map
from merchants.live_fences.fence_files import Point

AT_ONCE = 100_000


class Command(BaseCommand):
    help = "Print for each point the ids of the fences it is in, as a table point_id,inside."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("fences", type=Path, help="a fence a line, as JSON: id, kind and its numbers or geometry")
        parser.add_argument("points", type=Path, help="a table with the columns point_id, lat and lon")
        parser.add_argument("--plot", type=Path, metavar="MAP.png", help="draw them too (needs matplotlib)")

    def handle(self, *, fences: Path, points: Path, plot: Path | None, **options: Any) -> None:
        try:
            names, areas = fence_files.read_fences(fences)
            index = Index.build(areas)
            table = csv.writer(self.stdout, lineterminator="\n")
            table.writerow(["point_id", "inside"])
            drawn: list[tuple[Point, bool]] = []
            read = fence_files.read_points(points)
            with tqdm(desc="matching", unit="point", total=_lines(points), disable=None, leave=False) as bar:
                while some := list(itertools.islice(read, AT_ONCE)):
                    found = _inside(index, some)
                    for point, numbers in zip(some, found, strict=True):
                        table.writerow([point.id, " ".join(sorted(names[number] for number in numbers))])
                    if plot is not None:
                        drawn += [(point, bool(numbers)) for point, numbers in zip(some, found, strict=True)]
                    bar.update(len(some))
        except (OSError, UnicodeDecodeError, fence_files.UnreadableFile) as error:
            raise CommandError(str(error)) from error
        if plot is not None:
            self._draw(plot, areas, drawn)

    def _draw(self, plot: Path, areas: list[Fence], drawn: list[tuple[Point, bool]]) -> None:
        try:
            fence_map.draw(
                fences=areas, points=[point for point, _ in drawn], inside=[here for _, here in drawn], path=plot
            )
        except ImportError as error:
            raise CommandError("a picture needs matplotlib: pip install 'geooffers[plot]'") from error


def _inside(index: Index, points: list[Point]) -> list[list[int]]:
    pairs = index.inside(lat=np.array([point.lat for point in points]), lon=np.array([point.lon for point in points]))
    found: list[list[int]] = [[] for _ in points]
    for point, fence in zip(pairs.point.tolist(), pairs.fence.tolist(), strict=True):
        found[point].append(fence)
    return found


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return max(sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b"")), 1)
