"""Recorded traces as days, where ../shared/data is there: with shops of our own around them, and with none near."""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np

from benchmarks.days import FAR_M, RADIUS_M, Day
from benchmarks.tracks.ground import GEODESIC, Floats
from benchmarks.tracks.labels import Report
from geooffers.matching.areas import Circle, Fence

# A trace that does not say: what a receiver in the open has.
ACCURACY_M = 10.0
FEWEST_FIXES = 30
SEED = 6_000_000


def recorded_days(data: Path) -> Iterator[Day]:
    for file in sorted((data / "traces").glob("*.csv")):
        for number, reports in enumerate(traces(file)):
            chance = np.random.default_rng([SEED, number])
            yield Day(kind=f"{file.stem}, near", fences=along(chance, reports), reports=reports)
            yield Day(kind=f"{file.stem}, far", fences=away(chance, reports), reports=reports)


def traces(file: Path) -> Iterator[tuple[Report, ...]]:
    rows: dict[str, list[dict[str, str]]] = defaultdict(list)
    with file.open(newline="") as lines:
        for row in csv.DictReader(lines):
            rows[row.get("trace_id") or file.stem].append(row)
    for trace in rows.values():
        times = spread([datetime.fromisoformat(row["ts"]).timestamp() for row in trace])
        if len(trace) < FEWEST_FIXES or times[-1] - times[0] < 60 or sorted(times) != times:
            continue  # too short, or recorded by a clock that stood still
        yield tuple(
            Report(
                at_s=at - times[0],
                lat=float(row["lat"]),
                lon=float(row["lon"]),
                accuracy_m=float(row["accuracy_m"] or ACCURACY_M),
                speed_mps=float(row["speed_mps"]) if row["speed_mps"] and float(row["speed_mps"]) >= 0 else None,
            )
            for at, row in zip(times, trace, strict=True)
        )


def spread(times: list[float]) -> list[float]:
    """Where a clock told whole minutes, the fixes of one minute are spread over it, in their order."""
    if any(at % 60 for at in times):
        return times
    of_minute, seen = Counter(times), Counter[float]()
    spread_out = []
    for at in times:
        spread_out.append(at + 60 * seen[at] / of_minute[at])
        seen[at] += 1
    return spread_out


def along(chance: np.random.Generator, reports: tuple[Report, ...]) -> tuple[Fence, ...]:
    """A shop a kilometre of the way and five at least, up to 300 m aside of it."""
    lat, lon = np.array([(one.lat, one.lon) for one in reports]).T
    _, _, steps = GEODESIC.inv(lon[:-1], lat[:-1], lon[1:], lat[1:])
    count = int(np.clip(np.sum(steps) / 1_000, 5, 60))
    chosen = chance.integers(0, len(reports), count)
    return tuple(
        shop(number, lat=lat[place], lon=lon[place], azimuth=chance.uniform(0, 360), metres=chance.uniform(0, 300))
        for number, place in enumerate(chosen, start=1)
    )


def away(chance: np.random.Generator, reports: tuple[Report, ...]) -> tuple[Fence, ...]:
    """Ten shops, each at least two kilometres from every fix and not many more from one of them."""
    lat, lon = np.array([(one.lat, one.lon) for one in reports]).T
    found: list[Fence] = []
    while len(found) < 10:
        place = int(chance.integers(0, len(reports)))
        fence = shop(
            len(found) + 1,
            lat=lat[place],
            lon=lon[place],
            azimuth=chance.uniform(0, 360),
            metres=FAR_M + RADIUS_M + float(chance.exponential(3_000)),
        )
        if nearest_m(fence, lat=lat, lon=lon) >= FAR_M + RADIUS_M:
            found.append(fence)
    return tuple(found)


def shop(number: int, *, lat: float, lon: float, azimuth: float, metres: float) -> Fence:
    to_lon, to_lat, _ = GEODESIC.fwd(lon, lat, azimuth, metres)
    return Fence(id=number, area=Circle(lat=float(to_lat), lon=float(to_lon), radius_m=RADIUS_M))


def nearest_m(fence: Fence, *, lat: Floats, lon: Floats) -> float:
    assert isinstance(fence.area, Circle)
    count = len(lat)
    _, _, metres = GEODESIC.inv(lon, lat, np.full(count, fence.area.lon), np.full(count, fence.area.lat))
    return float(np.min(metres))
