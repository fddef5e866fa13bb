"""On foot: into shops, past them, on a chair beside them, under them, between high houses."""

import math

import numpy as np

from benchmarks.tracks import ground as grounds
from benchmarks.tracks import lies
from benchmarks.tracks.drafts import Draft
from benchmarks.tracks.ground import Place, aside
from benchmarks.tracks.journeys import Journey, Sky, walking_pace
from benchmarks.tracks.phones import some_phone

SHOPPING_S = (180.0, 3_000.0)
# A shop is somewhere in its fence, not at its rim: at most so far from the middle, in radii.
SHOP_WITHIN = 0.6


def walk_in(chance: np.random.Generator) -> Draft:
    where = grounds.somewhere(chance)
    shop = grounds.place(chance, x=0, y=0, radius_m=grounds.radius(chance))
    others = [
        grounds.place(chance, x=x, y=y, radius_m=grounds.radius(chance))
        for x, y in (aside(chance, x=0, y=0, metres=chance.uniform(150, 700)) for _ in range(chance.integers(1, 4)))
    ]
    start = aside(chance, x=0, y=0, metres=shop.reach_m + chance.uniform(200, 600))
    if chance.random() < 0.3:  # by car, to a place where one can park
        far = aside(chance, x=start[0], y=start[1], metres=chance.uniform(1_000, 4_000))
        journey = Journey(x=far[0], y=far[1], sky=Sky.OPEN, mps=12)
        journey.go(x=start[0], y=start[1], mps=chance.uniform(9, 16), end_mps=0, sky=Sky.OPEN)
        journey.wait(chance, seconds=chance.uniform(20, 90), within_m=0, sky=Sky.OPEN)
    else:
        journey = Journey(x=start[0], y=start[1], sky=Sky.STREET)
        journey.wait(chance, seconds=chance.uniform(60, 300), within_m=3, sky=Sky.STREET)
    for _ in range(2 if chance.random() < 0.25 else 1):
        visit(chance, journey=journey, shop=shop, seconds=chance.uniform(*SHOPPING_S))
        away = aside(chance, x=0, y=0, metres=shop.reach_m + chance.uniform(250, 600))
        journey.walk(chance, x=away[0], y=away[1], mps=walking_pace(chance))
        journey.wait(chance, seconds=chance.uniform(300, 1_200), within_m=3, sky=Sky.STREET)
    return Draft(ground=where, journey=journey, places=(shop, *others), phone=some_phone(chance))


def walk_by(chance: np.random.Generator) -> Draft:
    """The street runs east. Fences stand aside, or reach over it for less than a minute of walking."""
    pace = walking_pace(chance)
    places: list[Place] = []
    x = chance.uniform(250, 500)
    for _ in range(chance.integers(2, 5)):
        radius_m, side = grounds.radius(chance), chance.choice([-1, 1])
        clipped = chance.random() < 1 / 3
        place = grounds.place(chance, x=0, y=0, radius_m=radius_m, round_one=bool(clipped))
        if clipped:
            half = min(chance.uniform(8, 50) * pace / 2, 0.95 * radius_m)
            off = math.sqrt(radius_m * radius_m - half * half)
        else:
            off = place.reach_m + chance.uniform(10, 60)
        x += place.reach_m
        places.append(Place(x=x, y=float(side * off), radius_m=radius_m, corners=place.corners))
        x += place.reach_m + chance.uniform(100, 300)
    journey = Journey(x=0, y=0, sky=Sky.STREET, mps=pace)
    journey.go(x=x + 300, y=0, mps=pace, sky=Sky.STREET)
    return Draft(ground=grounds.somewhere(chance), journey=journey, places=tuple(places), phone=some_phone(chance))


def cafe(chance: np.random.Generator) -> Draft:
    """An hour on a chair, well inside one fence or in none, and outside others: at least 15 m from every rim."""
    places: list[Place] = []
    if chance.random() < 0.7:
        radius_m = grounds.radius(chance)
        deep = max(15.0, radius_m * chance.uniform(0.25, 1.0))
        place = grounds.place(chance, x=0, y=0, radius_m=radius_m)
        # A polygon's rim may be nearer than the circle's.
        inner = radius_m * (grounds.CORNERS[0] * 0.8 if place.corners else 1.0)
        x, y = aside(chance, x=0, y=0, metres=max(inner - deep, 0.0))
        places.append(Place(x=x, y=y, radius_m=radius_m, corners=place.corners))
    for _ in range(1 if places and chance.random() < 0.5 else 2):
        place = grounds.place(chance, x=0, y=0, radius_m=grounds.radius(chance))
        x, y = aside(chance, x=0, y=0, metres=place.reach_m + chance.uniform(15, 80))
        places.append(Place(x=x, y=y, radius_m=place.radius_m, corners=place.corners))
    come, go = (aside(chance, x=0, y=0, metres=chance.uniform(500, 800)) for _ in range(2))
    journey = Journey(x=come[0], y=come[1], sky=Sky.STREET)
    journey.walk(chance, x=0, y=0, mps=walking_pace(chance))
    journey.wait(chance, seconds=3_600, within_m=2, sky=Sky.INDOOR)
    journey.walk(chance, x=go[0], y=go[1], mps=walking_pace(chance))
    journey.wait(chance, seconds=300, within_m=2, sky=Sky.STREET)
    phone = some_phone(chance, still_s=(30, 90), memory_s=(20, 120), indoor_m=(20, 60))
    return Draft(ground=grounds.somewhere(chance), journey=journey, places=tuple(places), phone=phone)


def urban_canyon(chance: np.random.Generator) -> Draft:
    """A walk of some corners with a stop in a shop, and fences wherever a reflection may land."""
    where = grounds.somewhere(chance)
    shop = grounds.place(chance, x=0, y=0, radius_m=grounds.radius(chance))
    others = [
        grounds.place(chance, x=x, y=y, radius_m=grounds.radius(chance))
        for x, y in (aside(chance, x=0, y=0, metres=chance.uniform(250, 700)) for _ in range(chance.integers(3, 6)))
    ]
    start = aside(chance, x=0, y=0, metres=shop.reach_m + chance.uniform(250, 500))
    journey = Journey(x=start[0], y=start[1], sky=Sky.STREET)
    journey.wait(chance, seconds=chance.uniform(60, 240), within_m=3, sky=Sky.STREET)
    visit(chance, journey=journey, shop=shop, seconds=chance.uniform(300, 1_500), sky=Sky.STREET)
    for _ in range(2):
        far = aside(chance, x=0, y=0, metres=shop.reach_m + chance.uniform(250, 600))
        journey.walk(chance, x=far[0], y=far[1], mps=walking_pace(chance))
    journey.wait(chance, seconds=chance.uniform(120, 400), within_m=3, sky=Sky.STREET)
    return Draft(
        ground=where,
        journey=journey,
        places=(shop, *others),
        phone=some_phone(chance, still_s=(20, 90)),
        twist=lies.reflections(ground=where, journey=journey, places=(shop, *others)),
    )


def underground_gap(chance: np.random.Generator) -> Draft:
    """Into a shop; the sky goes some steps behind the door, and comes back at the door, or somewhere else."""
    where = grounds.somewhere(chance)
    shop = grounds.place(chance, x=0, y=0, radius_m=grounds.radius(chance))
    start = aside(chance, x=0, y=0, metres=shop.reach_m + chance.uniform(250, 500))
    journey = Journey(x=start[0], y=start[1], sky=Sky.STREET)
    journey.wait(chance, seconds=chance.uniform(60, 240), within_m=3, sky=Sky.STREET)
    spot = aside(chance, x=0, y=0, metres=SHOP_WITHIN * shop.radius_m * chance.random())
    journey.walk(chance, x=spot[0], y=spot[1], mps=walking_pace(chance))
    journey.wait(chance, seconds=chance.uniform(30, 240), within_m=5, sky=Sky.INDOOR)
    journey.wait(chance, seconds=chance.uniform(600, 5_400), within_m=5, sky=Sky.NONE)
    if chance.random() < 0.4:  # by the underground, whose station is in the cellar
        far = aside(chance, x=0, y=0, metres=chance.uniform(1_500, 6_000))
        journey.go(x=far[0], y=far[1], mps=chance.uniform(8, 14), end_mps=0, sky=Sky.NONE)
        journey.wait(chance, seconds=chance.uniform(60, 180), within_m=0, sky=Sky.NONE)
        out = aside(chance, x=far[0], y=far[1], metres=300)
    else:
        journey.wait(chance, seconds=chance.uniform(60, 300), within_m=5, sky=Sky.INDOOR)
        out = aside(chance, x=0, y=0, metres=shop.reach_m + chance.uniform(250, 500))
    journey.walk(chance, x=out[0], y=out[1], mps=walking_pace(chance))
    journey.wait(chance, seconds=chance.uniform(120, 600), within_m=3, sky=Sky.STREET)
    others = [
        grounds.place(chance, x=x, y=y, radius_m=grounds.radius(chance))
        for x, y in (aside(chance, x=0, y=0, metres=chance.uniform(200, 600)) for _ in range(chance.integers(0, 3)))
    ]
    phone = some_phone(chance, still_s=(30, 120), cell_share=0.03 if chance.random() < 0.4 else 0.0)
    return Draft(ground=where, journey=journey, places=(shop, *others), phone=phone)


def visit(chance: np.random.Generator, *, journey: Journey, shop: Place, seconds: float, sky: Sky = Sky.INDOOR) -> None:
    """To a spot in the shop, and about there for so long."""
    x, y = aside(chance, x=shop.x, y=shop.y, metres=SHOP_WITHIN * shop.radius_m * math.sqrt(chance.random()))
    journey.walk(chance, x=x, y=y, mps=walking_pace(chance))
    journey.wait(chance, seconds=seconds, within_m=8, sky=sky)
