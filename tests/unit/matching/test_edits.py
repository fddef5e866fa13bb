"""Ten thousand edits while others ask a hundred thousand times: no answer that was never true.

Two hundred circles and polygons move, go and come back in one thread; another asks. Every answer is compared with
brute force, the geodesic and shapely on every fence: what a fence was when the question began, and, for those that were
edited before the answer, what it was meanwhile.
"""

import random
import threading
import time
from dataclasses import dataclass, field

import numpy as np
import pyproj
import pytest
import shapely

from geooffers.matching.areas import Circle, Fence, Polygon
from geooffers.matching.index import Index
from tests.unit.matching.shapes import star

FENCES, EDITS, ANSWERS = 200, 10_000, 100_000
GEODESIC = pyproj.Geod(ellps="WGS84")


class Published:
    """An index behind one reference, and which edits it surely had and may have had when it was read."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self.begun = self.done = 0


def moved(chance: random.Random, fence_id: int) -> Fence:
    lat, lon = 60 + chance.uniform(0, 0.02), 24.9 + chance.uniform(0, 0.04)
    if fence_id % 2:
        return Fence(id=fence_id, area=Circle(lat=lat, lon=lon, radius_m=chance.uniform(50, 400)))
    wobble = [chance.uniform(0.3, 1) for _ in range(5)]
    size = chance.uniform(0.0005, 0.004)
    return Fence(
        id=fence_id, area=star(lat=lat, lon=lon, radius_deg=size, corners=chance.choice([4, 9]), wobble=wobble)
    )


@dataclass
class World:
    """All fences as they are after some edits: the brute force. Odd ones are circles, even ones polygons."""

    circles: np.ndarray = field(default_factory=lambda: np.full((FENCES, 3), np.nan))
    polygons: np.ndarray = field(default_factory=lambda: np.full(FENCES, None, dtype=object))

    def put(self, fence_id: int, fence: Fence | None) -> None:
        self.circles[fence_id], self.polygons[fence_id] = np.nan, None
        if fence is not None and isinstance(fence.area, Circle):
            self.circles[fence_id] = fence.area.lat, fence.area.lon, fence.area.radius_m
        elif fence is not None:
            assert isinstance(fence.area, Polygon)
            self.polygons[fence_id] = shapely.Polygon(fence.area.parts[0][0])

    def inside(self, *, lat: float, lon: float) -> set[int]:
        there = np.flatnonzero(~np.isnan(self.circles[:, 0]))
        centre_lat, centre_lon, radius_m = self.circles[there].T
        _, _, metres = GEODESIC.inv(np.full(len(there), lon), np.full(len(there), lat), centre_lon, centre_lat)
        found = set(there[metres <= radius_m].tolist())
        return found | set(np.flatnonzero(shapely.intersects_xy(self.polygons, lon, lat)).tolist())


def is_in(fence: Fence | None, *, lat: float, lon: float) -> bool:
    world = World()
    if fence is not None:
        world.put(fence.id, fence)
    return bool(world.inside(lat=lat, lon=lon))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_answer_is_that_of_a_moment_while_it_was_asked() -> None:
    chance = random.Random(3)
    now: dict[int, Fence | None] = {number: moved(chance, number) for number in range(FENCES)}
    first = dict(now)
    edits: list[tuple[int, Fence | None]] = []
    for _ in range(EDITS):
        fence_id = chance.randrange(FENCES)
        edits.append((fence_id, None if chance.random() < 0.3 else moved(chance, fence_id)))
    published = Published(Index.build([fence for fence in first.values() if fence is not None]))
    asked: list[tuple[int, int, float, float, list[int]]] = []
    over = threading.Event()

    def ask() -> None:
        mine = random.Random(4)
        while not over.is_set() or len(asked) < ANSWERS:
            if len(asked) * EDITS > (published.done + 20) * ANSWERS:
                # As many for each edit: neither of the two is to be over long before the other.
                time.sleep(0.0005)
                continue
            lat, lon = 60 + mine.uniform(0, 0.02), 24.9 + mine.uniform(0, 0.04)
            surely = published.done
            found = published.index.inside_one(lat=lat, lon=lon)
            asked.append((surely, published.begun, lat, lon, found))

    asking = threading.Thread(target=ask)
    asking.start()
    for number, (fence_id, fence) in enumerate(edits, start=1):
        published.begun = number
        change = {"remove": [fence_id]} if fence is None else {"put": [fence]}
        published.index = published.index.with_changes(**change)
        published.done = number
    over.set()
    asking.join()

    # Spread over all that were asked: how many those are depends on the machine.
    chosen = [asked[at] for at in np.linspace(0, len(asked) - 1, ANSWERS).astype(int).tolist()]
    world, done, during, met_an_edit = World(), 0, 0, 0
    for fence_id, fence in first.items():
        world.put(fence_id, fence)
    for surely, begun, lat, lon, found in chosen:
        while done < surely:
            fence_id, fence = edits[done]
            world.put(fence_id, fence)
            now[fence_id] = fence
            done += 1
        meanwhile = edits[surely:begun]
        touched = {fence_id for fence_id, _ in meanwhile}
        expected = world.inside(lat=lat, lon=lon)
        assert set(found) - touched == expected - touched
        assert found == sorted(set(found))
        for fence_id in touched:
            versions = [now[fence_id], *(fence for which, fence in meanwhile if which == fence_id)]
            assert (fence_id in found) in {is_in(fence, lat=lat, lon=lon) for fence in versions}
        during += surely < EDITS
        met_an_edit += bool(touched)
    assert during > ANSWERS // 2
    assert met_an_edit > ANSWERS // 20
