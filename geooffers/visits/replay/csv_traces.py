"""Our table of positions: ts, lat, lon; trace_id, accuracy_m and speed_mps if there are. Others are passed over."""

import csv
from collections.abc import Iterator
from pathlib import Path

from geooffers.visits.engine.observations import Fix
from geooffers.visits.replay import traces
from geooffers.visits.replay.traces import Trace, UnreadableTrace

NEEDED = ("ts", "lat", "lon")


def read(path: Path) -> list[Trace]:
    return traces.gathered(_rows(path))


def _rows(path: Path) -> Iterator[tuple[str, Fix]]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        table = csv.DictReader(lines)
        try:
            missing = [name for name in NEEDED if name not in (table.fieldnames or ())]
            if missing:
                raise UnreadableTrace(f"{path.name}, line 1: no column {', '.join(missing)}")
            for number, row in enumerate(table, start=1):
                fix = traces.fix(
                    number=number,
                    at=traces.moment(row["ts"]),
                    lat=traces.number(row["lat"], what="latitude"),
                    lon=traces.number(row["lon"], what="longitude"),
                    accuracy_m=traces.unless_empty(row.get("accuracy_m"), what="accuracy"),
                    speed_mps=traces.unless_empty(row.get("speed_mps"), what="speed"),
                )
                yield row.get("trace_id") or path.stem, fix
        except (ValueError, csv.Error) as error:
            if isinstance(error, UnicodeDecodeError):
                raise
            raise UnreadableTrace(f"{path.name}, line {table.line_num}: {error}") from error
