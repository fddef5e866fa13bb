"""What would the visit engine make of a recorded phone? From files, without a database. docs/replay.md shows it."""

import csv
import io
from argparse import ArgumentParser
from collections.abc import Sequence
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from geooffers.visits.engine.tuning import TUNINGS, TuningName
from geooffers.visits.replay import replaying, traces
from geooffers.visits.replay.replaying import Dropped, Replay, ReplayedTransition, Town
from merchants.live_fences import fence_files

COLUMNS = ("trace_id", "fix", "at", "proven_at", "fence", "change", "confidence", "stale", "rule", "reason")


class Command(BaseCommand):
    help = "Print the changes of visits that a recorded phone's positions mean, each with the rule that settled it."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("trace", type=Path, help="positions: .csv (ts, lat, lon, ...), .gpx or .geojson")
        parser.add_argument("--fences", type=Path, required=True, help="a fence a line, as JSON, or a list of circles")
        parser.add_argument("--tuning", type=TuningName, choices=list(TuningName), default=TuningName.WALK_IN)
        parser.add_argument("--dwell", type=int, metavar="SECONDS", default=replaying.USUAL_DWELL_S)
        parser.add_argument("--only", metavar="TRACE_ID", help="this trace of the file alone")
        parser.add_argument("--dropped", action="store_true", help="print too what was not used, and why")
        parser.add_argument("--plot", type=Path, metavar="OUT.png", help="draw it too (needs matplotlib)")

    def handle(
        self,
        *,
        trace: Path,
        fences: Path,
        tuning: TuningName,
        dwell: int,
        only: str | None,
        dropped: bool,
        plot: Path | None,
        **options: Any,
    ) -> None:
        if dwell <= 0:
            raise CommandError("--dwell is a number of seconds above 0")
        if plot is not None and find_spec("matplotlib") is None:
            raise CommandError("a picture needs matplotlib: pip install 'geooffers[plot]'")
        try:
            names, areas = fence_files.read_fences(fences)
            found = traces.read(trace)
        except (fence_files.UnreadableFile, traces.UnreadableTrace, OSError) as error:
            raise CommandError(str(error)) from error
        except UnicodeDecodeError as error:
            raise CommandError(f"{fences.name} is not text in UTF-8") from error
        if only is not None:
            found = [one for one in found if one.id == only]
            if not found:
                raise CommandError(f"{trace.name} has no trace {only!r}")
        town = replaying.town(names=names, fences=areas, tuning=TUNINGS[tuning], dwell_s=dwell)
        replays = [
            replaying.replay(one, among=town, stale_after=settings.STALE_AFTER)
            for one in tqdm(found, desc="replaying", unit="trace", disable=None, leave=False)
        ]
        # The picture first: should it fail, nothing is half printed.
        if plot is not None:
            self._draw(plot, replays, town)
        self.stdout.write(table(replays, town, dropped=dropped), ending="")

    def _draw(self, plot: Path, replays: Sequence[Replay], town: Town) -> None:
        from geooffers.visits.replay import picture

        try:
            picture.draw(replays, among=town, path=plot)
        except (OSError, ValueError) as error:
            raise CommandError(f"{plot}: {error}") from error


def table(replays: Sequence[Replay], town: Town, *, dropped: bool) -> str:
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(COLUMNS)
    for one in replays:
        for happened in one.in_order():
            if isinstance(happened, ReplayedTransition):
                rows.writerow([one.trace.id, happened.fix, *_changed(happened, town)])
            elif dropped:
                rows.writerow([one.trace.id, happened.fix, *_dropped(happened)])
    return out.getvalue()


def _changed(happened: ReplayedTransition, town: Town) -> list[object]:
    change = happened.transition
    return [
        _iso(change.at),
        _iso(change.proven_at or change.at),
        town.names[change.fence],
        change.change,
        f"{change.confidence:.2f}",
        "yes" if change.stale else "no",
        change.rule or "",
        happened.why,
    ]


def _dropped(one: Dropped) -> list[object]:
    # A fix that was set aside is accepted; what it is not, is used.
    return [_iso(one.at), "", "", "not used", "", "", one.word, one.why]


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds" if at.microsecond else "seconds").replace("+00:00", "Z")
