"""PostGIS as a peer, in a database of its own that is made and dropped: a join of many points, and one by a prepared
statement. Where a server answers (DATABASE_URL_FOR_TESTS, else 127.0.0.1:5432) and has the extension; else not run.

As its users would do it well: circles as geographies within a distance whose constant bound the index can use,
polygons as geometries under ST_Covers, those over 180 degrees once on each side, GiST indexes, statistics, no logging,
one thread.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psycopg
import shapely
from psycopg import sql
from shapely import Geometry
from tqdm import tqdm

from benchmarks.engines import Engine, processor_time_of
from geooffers.matching import base as bases
from geooffers.matching.columns import Columns, Floats, Ints

URL = os.environ.get("DATABASE_URL_FOR_TESTS", "postgres://postgres@127.0.0.1:5432/geooffers")
AT_ONCE = 5_000

TABLES = """
CREATE EXTENSION postgis;
CREATE UNLOGGED TABLE circles (id integer PRIMARY KEY, centre geography(Point, 4326), radius_m double precision);
CREATE UNLOGGED TABLE polygons (id integer, area geometry(MultiPolygon, 4326));
CREATE UNLOGGED TABLE points (row integer PRIMARY KEY, at geometry(Point, 4326), place geography(Point, 4326));
"""
INDEXES = """
CREATE INDEX ON circles USING gist (centre);
CREATE INDEX ON polygons USING gist (area);
"""
# {0} is the largest radius: a constant, or the index could not be used.
JOIN = """
SELECT row, id FROM points JOIN polygons ON ST_Covers(area, at) WHERE row >= %(first)s AND row < %(last)s
UNION ALL
SELECT row, id FROM points JOIN circles ON ST_DWithin(centre, place, {0}) AND ST_DWithin(centre, place, radius_m)
WHERE row >= %(first)s AND row < %(last)s
"""
ONE = """
SELECT id FROM polygons WHERE ST_Covers(area, ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4326))
UNION ALL
SELECT id FROM circles
WHERE ST_DWithin(centre, ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4326)::geography, {0})
AND ST_DWithin(centre, ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4326)::geography, radius_m)
"""


def why_not() -> str | None:
    """What is missing, in words."""
    try:
        with _connected("postgres") as server:
            has = server.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'postgis'").fetchone()
    except psycopg.OperationalError:
        return "no PostgreSQL answers; DATABASE_URL_FOR_TESTS names one"
    return None if has else "the server has no postgis (Debian: postgresql-15-postgis-3)"


def _connected(database: str) -> psycopg.Connection:
    return psycopg.connect(f"{URL.rpartition('/')[0]}/{database}", autocommit=True, connect_timeout=3)


@contextlib.contextmanager
def loaded(fences: Columns, lat: Floats, lon: Floats) -> Iterator[Engine]:
    name = f"geooffers_bench_{os.getpid()}"
    with database(name), _connected(name) as connection:
        yield PostGIS(connection, fences, lat, lon).engine()


@contextlib.contextmanager
def database(name: str) -> Iterator[str]:
    """Its address, as long as it is there."""
    with _connected("postgres") as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield f"{URL.rpartition('/')[0]}/{name}"
    finally:
        with _connected("postgres") as server:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


class PostGIS:
    def __init__(self, database: psycopg.Connection, fences: Columns, lat: Floats, lon: Floats) -> None:
        self._database = database
        for said in ("jit = off", "max_parallel_workers_per_gather = 0", "maintenance_work_mem = '1GB'"):
            database.execute(f"SET {said}")
        database.execute(TABLES)
        self._load(fences)
        self._load_points(lat, lon)
        database.execute(INDEXES)
        database.execute("ANALYZE")
        largest = sql.Literal(float(fences.circle_areas[:, 2].max()))
        self._join, self._one = sql.SQL(JOIN).format(largest), sql.SQL(ONE).format(largest)

    def engine(self) -> Engine:
        pid = self._database.info.backend_pid
        # The server's own time, where we can see it: what it costs to hand the rows over is not counted against it.
        here = self._database.info.host in ("127.0.0.1", "localhost", "::1") or self._database.info.host.startswith("/")
        visible = here and Path(f"/proc/{pid}/stat").exists()
        (size,) = self._database.execute(
            "SELECT pg_total_relation_size('circles') + pg_total_relation_size('polygons')"
        ).fetchone() or (0,)
        return Engine(
            name="PostGIS",
            pairs=self.pairs,
            clock=processor_time_of(pid) if visible else None,
            one=self.one,
            change=self.change,
            bytes_in_all=size,
        )

    def pairs(self, lat: Floats, lon: Floats, first: int) -> tuple[Ints, Ints]:
        """The points are there already: these are the rows from the first on."""
        with self._database.cursor(binary=True) as cursor:
            cursor.execute(self._join, {"first": first, "last": first + len(lat)})
            rows = np.array(cursor.fetchall(), dtype=np.int64).reshape(-1, 2)
        return rows[:, 0] - first, rows[:, 1]

    def one(self, lat: float, lon: float) -> None:
        self._database.execute(self._one, {"lat": lat, "lon": lon}, prepare=True, binary=True).fetchall()

    def change(self, number: int) -> None:
        place = sql.SQL("ST_SetSRID(ST_MakePoint(8, %s), 4326)::geography")
        statement = sql.SQL("INSERT INTO circles VALUES (%s, {0}, 150) ON CONFLICT (id) DO UPDATE SET centre = {0}")
        lat = 50 + number / 10_000
        self._database.execute(statement.format(place), (-1, lat, lat), prepare=True)

    def _load(self, fences: Columns) -> None:
        centres = shapely.points(fences.circle_areas[:, 1], fences.circle_areas[:, 0])
        radii = fences.circle_areas[:, 2].tolist()
        with self._copy("circles") as copy:
            for row in zip(fences.circle_ids.tolist(), _as_hex(centres), radii, strict=True):
                copy.write_row(row)
        with self._copy("polygons") as copy:
            begins = range(0, len(fences.polygon_ids), AT_ONCE)
            for begin in tqdm(begins, desc="PostGIS", disable=None, leave=False):
                chosen = np.arange(begin, min(begin + AT_ONCE, len(fences.polygon_ids)))
                some, ids = bases.geometries(fences, chosen), fences.polygon_ids[chosen].tolist()
                for row in zip(ids, _as_hex(some), strict=True):
                    copy.write_row(row)
                bounds = shapely.bounds(some)
                for turn, past in ((360.0, bounds[:, 0] < -180), (-360.0, bounds[:, 2] > 180)):
                    which = np.flatnonzero(past)
                    turned = shapely.transform(some[which], lambda places, by=turn: np.add(places, [by, 0]))
                    for number, one in zip(which.tolist(), _as_hex(turned), strict=True):
                        copy.write_row((ids[number], one))

    def _load_points(self, lat: Floats, lon: Floats) -> None:
        with self._copy("points") as copy:
            for row, place in enumerate(_as_hex(shapely.points(lon, lat))):
                copy.write_row((row, place, place))

    @contextlib.contextmanager
    def _copy(self, table: str) -> Iterator[psycopg.Copy]:
        with (
            self._database.cursor() as cursor,
            cursor.copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))) as copy,
        ):
            yield copy


def _as_hex(shapes: "np.ndarray[tuple[int], np.dtype[np.object_]] | Geometry") -> list[str]:
    found: list[str] = shapely.to_wkb(shapely.set_srid(shapes, 4326), hex=True, include_srid=True).tolist()
    return found
