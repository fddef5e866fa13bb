"""What else could match, each as its own users would do it well. See benchmarks/matching.py."""

import ctypes
import subprocess
from pathlib import Path

import numpy as np
import pyproj
import shapely

from benchmarks.engines import Engine
from geooffers.matching import base as bases
from geooffers.matching import cells, earth
from geooffers.matching.base import Base
from geooffers.matching.columns import Columns, Floats, Ints


class Shapely:
    """A tree over boxes, the geodesic for circles, prepared polygons. Wrapping fences have a box on each side."""

    def __init__(self, fences: Columns) -> None:
        self._fences = fences
        self._polygons = bases.geometries(fences, np.arange(len(fences.polygon_ids)))
        shapely.prepare(self._polygons)
        boxes, owners = [], []
        for number, (lat, lon, radius_m) in enumerate(fences.circle_areas.tolist()):
            for box in earth.boxes_around(lat=lat, lon=lon, radius_m=radius_m):
                boxes.append(box)
                owners.append(number)
        bounds = shapely.bounds(self._polygons)
        table = np.array(boxes).reshape(-1, 4)
        turned = [(bounds, np.arange(len(bounds)))]
        for turn, chosen in ((360.0, bounds[:, 0] < -180), (-360.0, bounds[:, 2] > 180)):
            which = np.flatnonzero(chosen)
            turned.append((bounds[which] + [turn, 0, turn, 0], which))
        table = np.concatenate([table, *(some for some, _ in turned)])
        self._owner = np.concatenate([np.array(owners), *(len(fences.circle_ids) + which for _, which in turned)])
        self._tree = shapely.STRtree(shapely.box(*table.T))
        self._ids = np.concatenate([fences.circle_ids, fences.polygon_ids])
        self._geodesic = pyproj.Geod(ellps="WGS84")

    def engine(self) -> Engine:
        return Engine(name="shapely", pairs=self.pairs, points=40_000, one=self.one)

    def one(self, lat: float, lon: float) -> list[int]:
        """As one would write it for a single position: no arrays but the tree's answer."""
        circles = len(self._fences.circle_ids)
        found = []
        for box in self._tree.query(shapely.Point(lon, lat)).tolist():
            owner = int(self._owner[box])
            if owner < circles:
                at_lat, at_lon, radius_m = self._fences.circle_areas[owner].tolist()
                inside = self._geodesic.inv(lon, lat, at_lon, at_lat)[2] <= radius_m
            else:
                shape = self._polygons[owner - circles]
                turns = (0.0, 360.0, -360.0) if abs(lon) > 170 else (0.0,)
                inside = any(shapely.intersects_xy(shape, lon + turn, lat) for turn in turns)
            if inside:
                found.append(int(self._ids[owner]))
        return found

    def pairs(self, lat: Floats, lon: Floats, first: int) -> tuple[Ints, Ints]:
        circles = len(self._fences.circle_ids)
        point, box = self._tree.query(shapely.points(lon, lat))
        owner = self._owner[box]
        round_one = owner < circles
        areas = self._fences.circle_areas[owner[round_one]]
        at = point[round_one]
        _, _, metres = self._geodesic.inv(lon[at], lat[at], areas[:, 1], areas[:, 0])
        inside = np.empty(len(point), dtype=bool)
        inside[round_one] = metres <= areas[:, 2]
        shapes, at = self._polygons[owner[~round_one] - circles], point[~round_one]
        covered = shapely.intersects_xy(shapes, lon[at], lat[at])
        wrapping = np.flatnonzero(~covered & (np.abs(lon[at]) > 170))
        for turn in (360.0, -360.0):
            covered[wrapping] |= shapely.intersects_xy(shapes[wrapping], lon[at[wrapping]] + turn, lat[at[wrapping]])
        inside[~round_one] = covered
        return point[inside], self._ids[owner[inside]]


class _Arrays(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_void_p) for name in ("narrowing", "there", "slots", "entries")),
        *((name, ctypes.c_int64) for name in ("homes", "stride", "circle_count")),
        *((name, ctypes.c_void_p) for name in ("circles", "polygons", "slab_begins", "slab_edges", "vertices")),
    ]


class Limit:
    """Our own steps in C (limit.c), on the same arrays."""

    def __init__(self, base: Base, compiler: str, folder: str) -> None:
        library = Path(folder) / "limit.so"
        source = Path(__file__).with_name("limit.c")
        command = [compiler, "-O3", "-march=native", "-shared", "-fPIC", "-o", str(library), str(source), "-lm"]
        subprocess.run(command, check=True)
        self._inside = ctypes.CDLL(str(library)).inside
        self._inside.restype = ctypes.c_int64
        self._base = base
        self._arrays = _Arrays(
            **{
                name: np.asarray(array).ctypes.data
                for name, array in (
                    ("narrowing", cells.NARROWING),
                    *((name, getattr(base, name)) for name in ("there", "slots", "entries", "circles", "polygons")),
                    *((name, getattr(base, name)) for name in ("slab_begins", "slab_edges", "vertices")),
                )
            },
            homes=int(base.table_shape[0]),
            stride=int(base.table_shape[1]),
            circle_count=len(base.circle_areas),
        )
        self._out = np.zeros((2, 0), dtype=np.int64)

    def engine(self) -> Engine:
        return Engine(name="C", pairs=self.count, points=200_000)

    def count(self, lat: Floats, lon: Floats, first: int) -> None:
        lat, lon = np.ascontiguousarray(lat), np.ascontiguousarray(lon)
        room = 20 * len(lat) + 500_000
        if self._out.shape[1] < room:
            self._out = np.zeros((2, room), dtype=np.int64)
        opens = ctypes.c_int64()
        pairs = self._inside(
            ctypes.byref(self._arrays),
            ctypes.c_void_p(lat.ctypes.data),
            ctypes.c_void_p(lon.ctypes.data),
            ctypes.c_int64(len(lat)),
            ctypes.c_void_p(self._out[0].ctypes.data),
            ctypes.c_void_p(self._out[1].ctypes.data),
            ctypes.c_int64(self._out.shape[1]),
            ctypes.byref(opens),
        )
        if pairs < 0:
            raise RuntimeError("the C program had no room for its results")
