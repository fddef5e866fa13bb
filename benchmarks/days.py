"""Long days of our own: in the country, to town by train, all day in town; with fences near, and with none."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from benchmarks.tracks import ground as grounds
from benchmarks.tracks import town
from benchmarks.tracks.ground import Ground, Place, aside
from benchmarks.tracks.journeys import Journey, Sky, walking_pace
from benchmarks.tracks.labels import Report
from benchmarks.tracks.phones import observed, some_phone
from geooffers.matching.areas import Fence

DAYS = 6  # of each kind
FAR_M = 2_000.0
RADIUS_M = 100.0
SEED = 5_000_000


@dataclass(frozen=True, kw_only=True)
class Day:
    """`kind` ends in `far` when no fence is nearer than two kilometres at any fix."""

    kind: str
    fences: tuple[Fence, ...]
    reports: tuple[Report, ...]


def days() -> Iterator[Day]:
    for kind, make in (("country day", country), ("commuter's day", commuter), ("day in town", in_town)):
        for number in range(DAYS):
            chance = np.random.default_rng([SEED, number])
            ground = grounds.somewhere(chance)
            journey, shops = make(chance)
            phone = some_phone(chance, indoor_m=(8, 20))
            reports = tuple(observed(chance, ground=ground, journey=journey, phone=phone))
            if shops:
                yield Day(kind=f"{kind}, near", fences=laid(shops, ground=ground), reports=reports)
            away = far_away(chance, journey=journey)
            yield Day(kind=f"{kind}, far", fences=laid(away, ground=ground), reports=reports)


def laid(places: list[Place], *, ground: Ground) -> tuple[Fence, ...]:
    return tuple(Fence(id=number, area=place.area(ground)) for number, place in enumerate(places, start=1))


def country(chance: np.random.Generator) -> tuple[Journey, list[Place]]:
    """A farm, the fields, a drive to the village and back."""
    journey = at_home(chance)
    for _ in range(chance.integers(3, 7)):
        x, y = aside(chance, x=0, y=0, metres=chance.uniform(200, 900))
        journey.walk(chance, x=x, y=y, mps=walking_pace(chance), sky=Sky.OPEN)
        journey.wait(chance, seconds=chance.uniform(600, 3_000), within_m=30, sky=Sky.OPEN)
    village = aside(chance, x=0, y=0, metres=chance.uniform(5_000, 12_000))
    shops = shops_around(chance, x=village[0], y=village[1], count=3, within_m=400)
    by_car(chance, journey=journey, to=village)
    town.visit(chance, journey=journey, shop=shops[0], seconds=chance.uniform(600, 2_400))
    by_car(chance, journey=journey, to=(0.0, 0.0))
    journey.wait(chance, seconds=5_400, within_m=8, sky=Sky.INDOOR)
    return journey, shops


def commuter(chance: np.random.Generator) -> tuple[Journey, list[Place]]:
    """By train to a town of many shops, past those along the line."""
    journey = at_home(chance)
    x = float(chance.uniform(25_000, 60_000))
    shops = shops_around(chance, x=x, y=0, count=25, within_m=1_500)
    for along in np.arange(4_000, x - 3_000, 6_000):
        shops += shops_around(chance, x=float(along), y=0, count=2, within_m=800)
    journey.go(x=x, y=0, mps=chance.uniform(28, 45), end_mps=0, sky=Sky.OPEN)
    office = aside(chance, x=x, y=0, metres=700)
    journey.walk(chance, x=office[0], y=office[1], mps=walking_pace(chance))
    journey.wait(chance, seconds=9_000, within_m=15, sky=Sky.INDOOR)
    for shop in shops[:3]:
        town.visit(chance, journey=journey, shop=shop, seconds=chance.uniform(300, 1_800))
    journey.wait(chance, seconds=7_200, within_m=15, sky=Sky.INDOOR)
    journey.walk(chance, x=x, y=0, mps=walking_pace(chance))
    journey.go(x=0, y=0, mps=chance.uniform(28, 45), end_mps=0, sky=Sky.OPEN)
    journey.wait(chance, seconds=3_600, within_m=8, sky=Sky.INDOOR)
    return journey, shops


def in_town(chance: np.random.Generator) -> tuple[Journey, list[Place]]:
    journey = at_home(chance)
    shops = shops_around(chance, x=0, y=0, count=60, within_m=2_500)
    for place in chance.choice(len(shops), 8, replace=False):
        town.visit(chance, journey=journey, shop=shops[int(place)], seconds=chance.uniform(300, 3_000))
    journey.walk(chance, x=0, y=0, mps=walking_pace(chance))
    journey.wait(chance, seconds=3_600, within_m=8, sky=Sky.INDOOR)
    return journey, shops


def at_home(chance: np.random.Generator) -> Journey:
    journey = Journey(x=0, y=0, sky=Sky.INDOOR)
    journey.wait(chance, seconds=chance.uniform(3_600, 10_800), within_m=8, sky=Sky.INDOOR)
    return journey


def by_car(chance: np.random.Generator, *, journey: Journey, to: tuple[float, float]) -> None:
    journey.go(x=to[0], y=to[1], mps=chance.uniform(14, 25), end_mps=0, sky=Sky.OPEN)
    journey.wait(chance, seconds=chance.uniform(20, 60), within_m=0, sky=Sky.OPEN)


def shops_around(chance: np.random.Generator, *, x: float, y: float, count: int, within_m: float) -> list[Place]:
    spots = [aside(chance, x=x, y=y, metres=within_m * float(chance.random()) ** 0.5) for _ in range(count)]
    return [Place(x=spot[0], y=spot[1], radius_m=RADIUS_M) for spot in spots]


def far_away(chance: np.random.Generator, *, journey: Journey) -> list[Place]:
    """Forty shops in the whole country around, each two kilometres or more from the way."""
    x, y = journey.x, journey.y
    reach = max(float(np.ptp(x)), float(np.ptp(y))) / 2 + 15_000
    places: list[Place] = []
    while len(places) < 40:
        middle = np.array([(x.max() + x.min()) / 2, (y.max() + y.min()) / 2])
        spot = middle + chance.uniform(-reach, reach, 2)
        if np.hypot(x - spot[0], y - spot[1]).min() > FAR_M + RADIUS_M + 200:
            places.append(Place(x=float(spot[0]), y=float(spot[1]), radius_m=RADIUS_M))
    return places
