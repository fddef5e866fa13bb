"""Makes the trace and the fences of docs/replay.md, an invented afternoon: `python docs/pictures/replay.py FOLDER`."""

import csv
import json
import math
import random
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

LAT, LON = 60.1690, 24.9500
METRE_NORTH, METRE_EAST = 1 / 111_412, 1 / (111_412 * math.cos(math.radians(LAT)))
FENCES = (("café", -320, 60, 60), ("book shop", 90, 120, 70), ("tram stop", 420, -60, 90))
BEGINS_AT = datetime(2026, 6, 2, 12, tzinfo=UTC)
# Metres east and north, and how: walking, standing for so many seconds, riding.
WAY = (
    ((-520, -120), 0, 1.3),
    ((-320, 60), 540, 1.3),
    ((-60, 20), 0, 1.3),
    ((90, 115), 150, 1.3),
    ((180, -20), 120, 1.3),
    ((420, -60), 0, 11.0),
    ((760, -130), 60, 11.0),
)


def main(folder: Path) -> None:
    chance = random.Random(5)  # noqa: S311  # an invented walk, the same each time
    (folder / "fences.json").write_text(
        json.dumps(
            [
                {
                    "id": name,
                    "lat": round(LAT + y * METRE_NORTH, 6),
                    "lon": round(LON + x * METRE_EAST, 6),
                    "radius_m": r,
                }
                for name, x, y, r in FENCES
            ],
            indent=1,
            ensure_ascii=False,
        )
    )
    with (folder / "afternoon.csv").open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["ts", "lat", "lon", "accuracy_m", "speed_mps"])
        for number, (at_s, (x, y), speed_mps) in enumerate(walked(), start=1):
            accuracy_m = round(chance.uniform(6, 16), 1)
            x, y = (value + chance.gauss(0, accuracy_m / 3) for value in (x, y))
            if number == 28:  # a street of high houses
                x, y, accuracy_m = x + 640, y + 170, 5.0
            if number == 45:
                accuracy_m = 6_000.0
            row = [
                (BEGINS_AT + timedelta(seconds=at_s)).isoformat().replace("+00:00", "Z"),
                f"{LAT + y * METRE_NORTH:.6f}",
                f"{LON + x * METRE_EAST:.6f}",
                accuracy_m,
                speed_mps,
            ]
            table.writerow(row)


def walked() -> list[tuple[int, tuple[float, float], float]]:
    fixes: list[tuple[int, tuple[float, float], float]] = []
    at_s, here = 0, WAY[0][0]
    for there, stays_s, speed_mps in WAY:
        leg_s = math.dist(here, there) / speed_mps
        every_s = 5 if speed_mps > 5 else 15
        for step in range(math.ceil(leg_s / every_s)):
            share = step * every_s / leg_s
            place = (here[0] + share * (there[0] - here[0]), here[1] + share * (there[1] - here[1]))
            fixes.append((at_s, place, speed_mps))
            at_s += every_s
        for _ in range(stays_s // 30):
            fixes.append((at_s, there, 0.1))
            at_s += 30
        here = there
    return fixes


if __name__ == "__main__":
    main(Path(sys.argv[1]))
