"""Edits while others ask: no answer that was never true."""

import random
import threading

from geooffers.matching.areas import Circle, Fence
from geooffers.matching.index import Index
from geooffers.matching.shapes import shape_of

FENCES, EDITS, ASKED = 400, 600, 6_000


class Published:
    """An index behind one reference, and which edits it surely had and may have had when it was read."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self.begun = self.done = 0


def moved(chance: random.Random, fence_id: int) -> Fence:
    lat, lon = 60 + chance.uniform(0, 0.02), 24.9 + chance.uniform(0, 0.04)
    return Fence(id=fence_id, area=Circle(lat=lat, lon=lon, radius_m=chance.uniform(50, 400)))


def test_every_answer_is_that_of_a_moment_while_it_was_asked() -> None:
    """Some hundred fences move, go and come back, while another thread asks; each answer is compared with all that
    each fence was between the edits that were done before the question and those begun before the answer.
    """
    chance = random.Random(3)
    lives: dict[int, list[tuple[int, Fence | None]]] = {}
    first = [moved(chance, number) for number in range(FENCES)]
    edits: list[tuple[int, Fence | None]] = []
    for fence in first:
        lives[fence.id] = [(0, fence)]
    for edit in range(1, EDITS + 1):
        fence_id = chance.randrange(FENCES)
        fence = None if chance.random() < 0.3 else moved(chance, fence_id)
        edits.append((fence_id, fence))
        lives[fence_id].append((edit, fence))
    shapes = {
        (fence_id, edit): shape_of(fence.area)
        for fence_id, life in lives.items()
        for edit, fence in life
        if fence is not None
    }
    published = Published(Index.build(first))
    asked: list[tuple[int, int, float, float, set[int]]] = []
    over = threading.Event()

    def ask() -> None:
        mine = random.Random(4)
        while not over.is_set() or len(asked) < ASKED:
            lat, lon = 60 + mine.uniform(0, 0.02), 24.9 + mine.uniform(0, 0.04)
            surely = published.done
            found = published.index.inside_one(lat=lat, lon=lon)
            asked.append((surely, published.begun, lat, lon, set(found)))

    asking = threading.Thread(target=ask)
    asking.start()
    for number, (fence_id, fence) in enumerate(edits, start=1):
        published.begun = number
        change = {"remove": [fence_id]} if fence is None else {"put": [fence]}
        published.index = published.index.with_changes(**change)
        published.done = number
    over.set()
    asking.join()

    def could_be(fence_id: int, *, surely: int, begun: int, lat: float, lon: float) -> set[bool]:
        life = lives[fence_id]
        answers = set()
        for place, (edit, fence) in enumerate(life):
            ends = life[place + 1][0] if place + 1 < len(life) else EDITS + 1
            if edit <= begun and ends > surely:
                answers.add(fence is not None and shapes[fence_id, edit].covers(lat=lat, lon=lon))
        return answers

    during = 0
    for surely, begun, lat, lon, found in asked[:: max(len(asked) // 1_500, 1)]:
        during += surely < EDITS
        for fence_id in range(FENCES):
            assert (fence_id in found) in could_be(fence_id, surely=surely, begun=begun, lat=lat, lon=lon)
    assert during > 50
