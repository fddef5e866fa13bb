"""The nearest of many fences are those that measuring every one finds, in one order."""

import itertools
import math
import random

import numpy as np
import pytest

from geooffers.matching import clusters, earth, outlines
from geooffers.matching.areas import Area, Circle, Fence, Polygon
from geooffers.matching.edges import Boundary, distance_of_few_m
from geooffers.matching.index import Index
from geooffers.matching.shapes import shape_of
from tests.unit.matching.shapes import METRES, SHARE, polygon

# Some of these make more clusters than are looked at first.
MANY = 800
REGIONS = {
    "a town": (60.17, 24.95, 0.2),
    "a country": (47.0, 8.0, 4.0),
    "the antimeridian": (-17.0, 180.0, 1.0),
    "the north pole": (90.0, 0.0, 3.0),
    "the south pole": (-89.5, 100.0, 0.5),
    "the equator": (0.0, -60.0, 1.0),
}


def ring(lat: float, lon: float, radius_m: float, *, corners: int, chance: random.Random) -> list[tuple[float, float]]:
    """(lon, lat), closed."""
    places = []
    for corner in range(corners):
        angle = 2 * math.pi * corner / corners
        away = radius_m * chance.uniform(0.6, 1.0) / 111_320
        north = max(min(lat + away * math.sin(angle), 90.0), -90.0)
        places.append((lon + away * math.cos(angle) / max(math.cos(math.radians(lat)), 0.02), north))
    return [*places, places[0]]


def drawn(chance: random.Random, lat: float, lon: float, spread: float) -> Area:
    """A circle, a shop's polygon, or a zone of some kilometres, with many corners."""
    at_lat = max(min(lat + chance.uniform(-spread, spread), 89.9), -89.9)
    at_lon = (lon + chance.uniform(-spread, spread) / max(math.cos(math.radians(at_lat)), 0.02) + 180) % 360 - 180
    kind = chance.random()
    if kind < 0.6 or abs(at_lat) > 85:
        return Circle(lat=at_lat, lon=at_lon, radius_m=chance.uniform(50, 3_000))
    corners, radius_m = (chance.randrange(4, 30), 500) if kind < 0.9 else (chance.randrange(60, 300), 9_000)
    return polygon(ring(at_lat, at_lon, radius_m, corners=corners, chance=chance))


def all_distances(fences: list[Fence], *, lat: float, lon: float) -> list[tuple[float, int]]:
    place = earth.here(lat=lat, lon=lon)
    return sorted((max(-shape_of(fence.area).depth_m(place), 0.0), fence.id) for fence in fences)


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("changed", [False, True], ids=["one layer", "changed since"])
def test_the_nearest_are_those_that_measuring_each_finds(region: str, changed: bool) -> None:
    chance = random.Random(f"{region} {changed}")
    lat, lon, spread = REGIONS[region]
    fences = [Fence(id=number - MANY // 4, area=drawn(chance, lat, lon, spread)) for number in range(MANY)]
    index = Index.build(fences)
    if changed:
        moved = [Fence(id=one.id, area=drawn(chance, lat, lon, spread)) for one in chance.sample(fences, 60)]
        gone = {one.id for one in chance.sample(fences, 300)} - {one.id for one in moved}
        index = index.with_changes(put=moved, remove=gone)
        fences = [one for one in {**{one.id: one for one in fences}, **{one.id: one for one in moved}}.values()]
        fences = [one for one in fences if one.id not in gone]
    for _ in range(6):
        here_lat = max(min(lat + chance.uniform(-1.5, 1.5) * spread, 90.0), -90.0)
        here_lon = (lon + chance.uniform(-1.5, 1.5) * spread + 180) % 360 - 180
        limit, at_most_m = chance.choice([1, 5, 20]), chance.choice([3_000.0, 100_000.0, 2e7])
        near = index.nearest(
            lat=here_lat, lon=here_lon, limit=limit, at_most_m=at_most_m, counts=lambda fence: fence >= 0
        )
        counted = [each for each in all_distances(fences, lat=here_lat, lon=here_lon) if each[1] >= 0]
        within = [distance for distance, _ in counted if distance <= at_most_m * (1 - SHARE) - METRES]
        assert min(limit, len(within)) <= len(near) <= limit
        expected = [distance for distance, _ in counted[: len(near)]]
        assert [one.distance_m for one in near] == pytest.approx(expected, rel=SHARE, abs=METRES)
        each_of = {fence: distance for distance, fence in counted}
        for one in near:
            assert one.distance_m == pytest.approx(each_of[one.fence], rel=SHARE, abs=METRES)
        assert list(near) == sorted(near, key=lambda one: (one.distance_m, one.fence))


def test_of_many_that_are_equally_near_the_first_ids_are_told_whatever_their_order() -> None:
    """All of a mall's fences are the same circle; a copy of a polygon is as near as the polygon."""
    chance = random.Random(4)
    shape = polygon(ring(60.3, 24.9, 400, corners=12, chance=chance))
    same = [Circle(lat=60.2, lon=24.9, radius_m=100)] * 300 + [shape] * 300
    numbers = chance.sample(range(600), 600)
    index = Index.build([Fence(id=number, area=area) for number, area in zip(numbers, same, strict=True)])
    circles, polygons = sorted(numbers[:300]), sorted(numbers[300:])
    assert [one.fence for one in index.nearest(lat=60.1, lon=24.9, limit=20)] == circles[:20]
    assert [one.fence for one in index.nearest(lat=60.2, lon=24.9, limit=20)] == circles[:20]
    assert [one.fence for one in index.nearest(lat=60.5, lon=24.9, limit=20)] == polygons[:20]
    assert [one.fence for one in index.nearest(lat=60.1, lon=24.9, limit=310)] == circles + polygons[:10]


def test_twenty_are_found_where_nearly_none_counts() -> None:
    """The few that count are the farthest of hundreds."""
    fences = [Fence(id=number, area=Circle(lat=number / 100, lon=10, radius_m=100)) for number in range(MANY)]
    index = Index.build(fences)
    near = index.nearest(lat=0, lon=10, limit=20, counts=lambda fence: fence >= MANY - 15)
    assert [one.fence for one in near] == list(range(MANY - 15, MANY))


def test_no_fence_is_nearer_than_the_ball_of_its_cluster() -> None:
    chance = random.Random(7)
    areas = [drawn(chance, *where) for where in REGIONS.values() for _ in range(100)]
    fences = [Fence(id=number, area=area) for number, area in enumerate(areas)]
    base = Index.build(fences)._base.base
    assert sorted(base.cluster_members.tolist()) == list(range(len(fences)))
    for _ in range(20):
        here = earth.here(lat=chance.uniform(-90, 90), lon=chance.uniform(-180, 180))
        at_least = clusters.at_least_m(base.cluster_balls, here)
        for number, ball in enumerate(at_least.tolist()):
            for member in clusters.members_of(base.cluster_members, np.array([number])).tolist():
                distance = -shape_of(areas[base.ids[member]]).depth_m(here)
                assert ball * (1 - SHARE) - METRES <= max(distance, 0.0)


@pytest.mark.parametrize("lat", [-79.0, -45.0, 0.0, 30.0, 60.0, 75.0])
def test_of_a_distant_outline_the_edges_that_are_measured_hold_the_nearest(lat: float) -> None:
    """Beside all edges measured: the same to rounding."""
    chance = random.Random(str(lat))
    for corners, radius_m, away_deg in itertools.product((5, 40, 400), (300, 8_000), (0.1, 0.4)):
        area = polygon(ring(lat, 20.0, radius_m, corners=corners, chance=chance))
        index = Index.build([Fence(id=1, area=area)])
        for bearing in range(0, 360, 30):
            angle = math.radians(bearing)
            here = earth.here(
                lat=lat + away_deg * math.cos(angle),
                lon=20.0 + away_deg * math.sin(angle) / math.cos(math.radians(lat)),
            )
            reach = outlines.reach(here, 120_000)
            ours, record = index._base.outlines, index._base.outlines._polygons[:8]
            assert not reach.flat
            assert ours._measured_in_space(record, reach) == pytest.approx(
                ours._measured_among_all(record, reach), abs=1e-6
            )


def test_few_edges_in_plain_python_are_cut_as_many_are() -> None:
    chance = random.Random(11)
    for _ in range(200):
        lat, lon, size = chance.uniform(-79, 79), chance.uniform(-180, 180), 10 ** chance.uniform(-6, 0)
        ends = [(lon, lat, lon + chance.uniform(-size, size), lat + chance.uniform(-size, size) / 2) for _ in range(3)]
        here = earth.here(lat=lat + chance.uniform(-1, 1), lon=lon + chance.uniform(-1, 1))
        assert distance_of_few_m(ends, here) == pytest.approx(
            Boundary.of_edges(np.array(ends)).distance_m(here), abs=1e-6
        )


def test_a_polygon_all_around_the_pole_is_measured_as_a_whole() -> None:
    cap = Polygon(parts=((((-180.0, 80.0), (180.0, 80.0), (180.0, 90.0), (-180.0, 90.0), (-180.0, 80.0)),),))
    index = Index.build([Fence(id=1, area=cap), Fence(id=2, area=Circle(lat=70, lon=0, radius_m=1_000))])
    near = index.nearest(lat=75, lon=0, limit=2)
    assert {one.fence for one in near} == {1, 2}
    expected = all_distances(
        [Fence(id=1, area=cap), Fence(id=2, area=Circle(lat=70, lon=0, radius_m=1_000))], lat=75, lon=0
    )
    assert [one.distance_m for one in near] == pytest.approx([distance for distance, _ in expected], rel=SHARE)
