"""A report over HTTP without exclusion zones and with ten thousand: two servers called in turn, in one run.

`make bench` runs it. Both worlds have the same fences and the same phones, among the zones and outside of them; the
zones of the second one are buildings with the buffer of Washington, imported as operators do, which is timed too.
"""

import argparse
import contextlib
import json
import math
import random
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks import many_fences, report  # noqa: E402
from benchmarks.report import BENCH_DIR, CALLS, PHONES  # noqa: E402

ZONES, FENCES, ROUNDS = 10_000, 2_000, 15
AT_MOST_TIMES = 1.05
# 300 by 210 km, in which ten thousand hospitals stand closer together than anywhere on earth.
SOUTH, WEST, SIDE_DEG = 46.0, -122.5, 2.8


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--world", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("zones", nargs="?", type=int, default=ZONES)
    asked = parser.parse_args()
    if asked.world is not None:
        make_world(asked.zones, asked.world)
        return
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # or servers would stay behind
    shutil.rmtree(BENCH_DIR, ignore_errors=True)
    with contextlib.ExitStack() as stack:
        environments = {count: made(count) for count in (0, asked.zones)}
        clients = {count: stack.enter_context(many_fences.served(count, told)) for count, told in environments.items()}
        compare(clients)


def made(count: int) -> dict[str, str]:
    """The environment of a world with so many zones, made by a process of its own."""
    folder = BENCH_DIR / str(count)
    folder.mkdir(parents=True)
    environment = many_fences.environment_of(folder, url=f"sqlite:///{folder / 'bench.sqlite3'}")
    print(f"\n{count:,} zones", flush=True)
    command = [sys.executable, __file__, str(count), "--world", str(folder)]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    return environment


def make_world(count: int, folder: Path) -> None:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
    luck = random.Random(7)
    features = [hospital(luck, number) for number in range(ZONES)]
    places = places_outside(luck, features, count=FENCES + PHONES)
    draw_fences(places[:FENCES])
    if count:
        path = folder / "hospitals.geojson"
        path.write_text(json.dumps({"type": "FeatureCollection", "features": features[:count]}))
        with many_fences.timed("importzones"):
            call_command("importzones", str(path), kind="health", jurisdiction="US-WA")
    told = [
        {"token": report.register_phone(), "lat": lat, "lon": lon, "accuracy_m": 12.5} for lat, lon in places[FENCES:]
    ]
    (folder / "phones.json").write_text(json.dumps(told))


def draw_fences(places: Sequence[tuple[float, float]]) -> None:
    from merchants.fences import editing
    from merchants.models import Geofence, Merchant, Store, User

    operator = User.objects.create(username="operator", is_staff=True, is_superuser=True)
    merchant = Merchant.objects.create(name="everywhere")
    for number, (lat, lon) in enumerate(places):
        store = Store.objects.create(
            merchant=merchant, name=f"store {number}", address="-", time_zone="America/Los_Angeles", lat=lat, lon=lon
        )
        fence = Geofence(store=store, name="door", kind="circle", center_lat=lat, center_lon=lon, radius_m=150)
        editing.put_fence(fence=fence, by=operator)


def place(luck: random.Random) -> tuple[float, float]:
    return SOUTH + luck.random() * SIDE_DEG, WEST + luck.random() * SIDE_DEG


def hospital(luck: random.Random, number: int) -> dict[str, Any]:
    """A building of eight corners, 60 to 200 m across."""
    lat, lon = place(luck)
    turn, reach = luck.uniform(0, math.tau), luck.uniform(30, 100) / 111_320
    ring = []
    for corner in range(8):
        away, angle = reach * luck.uniform(0.8, 1.2), turn + corner * math.tau / 8
        ring.append([lon + away * math.cos(angle) / math.cos(math.radians(lat)), lat + away * math.sin(angle)])
    geometry = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    return {"type": "Feature", "properties": {"name": f"hospital {number}"}, "geometry": geometry}


def places_outside(luck: random.Random, features: list[dict[str, Any]], *, count: int) -> list[tuple[float, float]]:
    """Where fences and phones lie: the same in both worlds, in no zone and near to some."""
    corners = np.radians([feature["geometry"]["coordinates"][0][0][::-1] for feature in features])
    found: list[tuple[float, float]] = []
    while len(found) < count:
        lat, lon = place(luck)
        north, east = (corners - np.radians((lat, lon))).T
        nearest_m = 6_371_000 * np.hypot(north, east * math.cos(math.radians(lat))).min()
        if 1_100 < nearest_m < 3_000:  # the buffer, a building and a fence away
            found.append((lat, lon))
    return found


def compare(clients: dict[int, report.Client]) -> None:
    taken: dict[int, list[float]] = {count: [] for count in clients}
    for client in clients.values():  # a round to warm up; after it every phone has said where it is
        client.seconds("/api/v1/positions", PHONES, 1)
    for turn in range(ROUNDS):
        for count in sorted(clients, reverse=bool(turn % 2)):
            taken[count].append(clients[count].seconds("/api/v1/positions", CALLS, 1))
    print(f"\n{'a report that changes nothing':>32}{'µs a call':>12}{'times':>9}")
    for count, each in taken.items():
        times = statistics.median(its / one for its, one in zip(each, taken[0], strict=True))
        print(f"{count:>26,} zones{statistics.median(each) * 1e6:12.0f}{times:9.2f}")
        if times > AT_MOST_TIMES:
            print(f"{'':32} NOT MET: at most {AT_MOST_TIMES} times")


if __name__ == "__main__":
    began = time.monotonic()
    main()
    if "--world" not in sys.argv:
        print(f"\n{time.monotonic() - began:.0f} s in all")
