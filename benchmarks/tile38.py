"""Tile38 as a peer, where its binary is on the PATH: started on loopback with a folder of its own, asked over its Redis
protocol in pipelines, stopped again.

It knows no circle as a stored object that INTERSECTS would find everywhere, so circles are polygons of 32 corners, as
its users make them: a few positions near a rim are wrong by that.
"""

import contextlib
import itertools
import json
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyproj
import redis
import shapely
from tqdm import tqdm

from benchmarks.engines import Engine, processor_time_of
from geooffers.matching import base as bases
from geooffers.matching.columns import Columns, Floats, Ints

BINARY = "tile38-server"
AT_ONCE = 500
CORNERS = 32
START_S = 30.0


def why_not() -> str | None:
    return None if shutil.which(BINARY) else f"no {BINARY} on the PATH"


@contextlib.contextmanager
def loaded(fences: Columns) -> Iterator[Engine]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with tempfile.TemporaryDirectory() as folder:
        command = [str(shutil.which(BINARY)), "-q", "-h", "127.0.0.1", "-p", str(port), "-d", folder]
        server = subprocess.Popen([*command, "--appendonly", "no"], stdout=subprocess.DEVNULL)
        try:
            yield Tile38(_connected(port), server.pid, fences).engine()
        finally:
            server.terminate()
            server.wait(timeout=30)


def _connected(port: int) -> "redis.Redis":
    # Protocol 2: the server does not know the handshake of 3.
    client = redis.Redis(host="127.0.0.1", port=port, protocol=2, decode_responses=True)
    until = time.monotonic() + START_S
    while True:
        try:
            client.execute_command("PING")
        except redis.ConnectionError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return client


class Tile38:
    def __init__(self, client: "redis.Redis", pid: int, fences: Columns) -> None:
        self._client, self._pid, self._count = client, pid, len(fences)
        shapes = tqdm(self._shapes(fences), desc="Tile38", total=self._count, disable=None, leave=False)
        with self._client.pipeline(transaction=False) as pipeline:
            for number, (fence_id, shape) in enumerate(shapes):
                pipeline.execute_command("SET", "fences", fence_id, "OBJECT", shape)
                if number % AT_ONCE == AT_ONCE - 1:
                    pipeline.execute()
            pipeline.execute()

    def engine(self) -> Engine:
        status = Path(f"/proc/{self._pid}/status").read_text()
        resident_kb = int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))
        return Engine(
            name="Tile38",
            pairs=self.pairs,
            clock=processor_time_of(self._pid),
            one=self.one,
            change=self.change,
            bytes_in_all=resident_kb * 1024,
        )

    def pairs(self, lat: Floats, lon: Floats, first: int) -> tuple[Ints, Ints]:
        places = zip(lat.tolist(), lon.tolist(), strict=True)
        points: list[int] = []
        fences: list[int] = []
        point = 0
        while some := list(itertools.islice(places, AT_ONCE)):
            with self._client.pipeline(transaction=False) as pipeline:
                for at_lat, at_lon in some:
                    pipeline.execute_command(*_asked(at_lat, at_lon))
                for _, ids in pipeline.execute():
                    # A wrapping fence is there once for each side.
                    points += [point] * len(ids)
                    fences += [int(one.partition(":")[0]) for one in ids]
                    point += 1
        return np.array(points, dtype=np.int64), np.array(fences, dtype=np.int64)

    def one(self, lat: float, lon: float) -> None:
        self._client.execute_command(*_asked(lat, lon))

    def change(self, number: int) -> None:
        shape = shapely.to_geojson(shapely.Point(8, 50 + number / 10_000).buffer(0.001))
        self._client.execute_command("SET", "fences", "0", "OBJECT", shape)

    def _shapes(self, fences: Columns) -> Iterator[tuple[str, str]]:
        corners = np.arange(CORNERS) * (360 / CORNERS)
        geodesic = pyproj.Geod(ellps="WGS84")
        for fence_id, (lat, lon, radius_m) in zip(
            fences.circle_ids.tolist(), fences.circle_areas.tolist(), strict=True
        ):
            east, north, _ = geodesic.fwd([lon] * CORNERS, [lat] * CORNERS, corners, [radius_m] * CORNERS)
            # Counted on from the centre, so that one over 180 degrees is one shape.
            around = (np.asarray(east) - lon + 180) % 360 - 180 + lon
            ring = np.column_stack([around, north])
            yield from _on_each_side(fence_id, shapely.Polygon(ring))
        for begin in range(0, len(fences.polygon_ids), AT_ONCE):
            chosen = np.arange(begin, min(begin + AT_ONCE, len(fences.polygon_ids)))
            for fence_id, shape in zip(
                fences.polygon_ids[chosen].tolist(), bases.geometries(fences, chosen), strict=True
            ):
                yield from _on_each_side(fence_id, shape)


def _on_each_side(fence_id: int, shape: shapely.Geometry) -> Iterator[tuple[str, str]]:
    west, _, east, _ = shape.bounds
    yield str(fence_id), shapely.to_geojson(shape)
    for turn, past in ((360.0, west < -180), (-360.0, east > 180)):
        if past:
            moved = shapely.transform(shape, lambda places, by=turn: np.add(places, [by, 0]))
            yield f"{fence_id}:{turn:.0f}", shapely.to_geojson(moved)


def _asked(lat: float, lon: float) -> tuple[str, ...]:
    place = json.dumps({"type": "Point", "coordinates": [lon, lat]})
    return ("INTERSECTS", "fences", "LIMIT", "1000000", "IDS", "OBJECT", place)
