"""Faster than anybody walks: past fences, under them, over them."""

import numpy as np

from benchmarks.tracks import ground as grounds
from benchmarks.tracks import town
from benchmarks.tracks.drafts import Draft
from benchmarks.tracks.ground import Place, aside
from benchmarks.tracks.journeys import Journey, Sky, walking_pace
from benchmarks.tracks.phones import looks, some_phone

RUNWAY_MPS, CRUISE_MPS = 80.0, (210.0, 250.0)


def drive_by(chance: np.random.Generator) -> Draft:
    """The road runs east: a motorway, or a main road where lights stop the car for less than a minute."""
    motorway = chance.random() < 0.6
    places = [along_road(chance, x=x) for x in spread_out(chance, first=800, count=int(chance.integers(3, 6)))]
    end = places[-1].x + 1_500
    mps = chance.uniform(25, 36) if motorway else chance.uniform(9, 18)
    journey = Journey(x=0, y=0, sky=Sky.OPEN, mps=mps)
    for light in [] if motorway else sorted(chance.uniform(300, end - 300, chance.integers(0, 4))):
        journey.go(x=light, y=0, mps=mps, end_mps=0, sky=Sky.OPEN)
        journey.wait(chance, seconds=chance.uniform(12, 45), within_m=0, sky=Sky.OPEN)
    journey.go(x=end, y=0, mps=mps, sky=Sky.OPEN)
    phone = some_phone(chance, moving_s=(10, 30), still_s=(20, 60))
    return Draft(ground=grounds.somewhere(chance), journey=journey, places=tuple(places), phone=phone)


def tunnel(chance: np.random.Generator) -> Draft:
    """Fences before the tunnel, above it and behind it; some drivers park behind it and go shopping."""
    mps = chance.uniform(14, 30)
    begins = chance.uniform(1_500, 3_000)
    ends = begins + mps * chance.uniform(30, 180)
    places = [along_road(chance, x=x) for x in (begins - 200, chance.uniform(begins, ends), ends + 400)]
    journey = Journey(x=0, y=0, sky=Sky.OPEN, mps=mps)
    journey.go(x=begins, y=0, mps=mps, sky=Sky.OPEN)
    inside_s = journey.seconds
    journey.go(x=ends, y=0, mps=mps, sky=Sky.OPEN)
    journey.hide(from_s=inside_s, to_s=journey.seconds)
    parks, shops = ends + chance.uniform(1_500, 3_000), chance.random() < 0.4
    journey.go(x=parks, y=0, mps=mps, end_mps=0 if shops else None, sky=Sky.OPEN)
    if shops:
        shop = grounds.place(chance, x=parks, y=0, radius_m=grounds.radius(chance))
        x, y = aside(chance, x=parks, y=0, metres=shop.reach_m + chance.uniform(-20, 60))
        shop = Place(x=x, y=y, radius_m=shop.radius_m, corners=shop.corners)
        places.append(shop)
        journey.wait(chance, seconds=chance.uniform(20, 60), within_m=0, sky=Sky.OPEN)
        town.visit(chance, journey=journey, shop=shop, seconds=chance.uniform(300, 1_500))
        journey.walk(chance, x=parks, y=0, mps=walking_pace(chance))
        journey.wait(chance, seconds=chance.uniform(20, 60), within_m=0, sky=Sky.OPEN)
    journey.go(x=parks + 3_000, y=0, mps=mps, sky=Sky.OPEN)
    phone = some_phone(chance, moving_s=(10, 30), cell_share=0.3 if chance.random() < 0.4 else 0.0)
    return Draft(ground=grounds.somewhere(chance), journey=journey, places=tuple(places), phone=phone)


def plane(chance: np.random.Generator) -> Draft:
    """From gate to gate. Some phones look out of the window all the way, others are off until the wheels touch down."""
    where = grounds.somewhere(chance)
    shop = grounds.place(chance, x=0, y=0, radius_m=chance.uniform(50, 90))
    journey = Journey(x=shop.reach_m + 250, y=0, sky=Sky.INDOOR)
    journey.wait(chance, seconds=chance.uniform(60, 300), within_m=3, sky=Sky.INDOOR)
    if chance.random() < 0.6:
        town.visit(chance, journey=journey, shop=shop, seconds=chance.uniform(300, 1_500))
    gate = aside(chance, x=0, y=0, metres=shop.reach_m + 350)
    journey.walk(chance, x=gate[0], y=gate[1], mps=walking_pace(chance), sky=Sky.INDOOR)
    journey.wait(chance, seconds=chance.uniform(300, 1_200), within_m=3, sky=Sky.CABIN)
    turn = chance.uniform(0, 2 * np.pi)
    cruise = chance.uniform(*CRUISE_MPS)
    leaves_s = journey.seconds
    for mps, seconds, end_mps in (
        (8.0, 300, 0.0),  # to the runway
        (RUNWAY_MPS, 40, RUNWAY_MPS),
        (150.0, 240, 150.0),
        (cruise, chance.uniform(1_500, 4_200), 150.0),
        (140.0, 300, RUNWAY_MPS),
        (RUNWAY_MPS, 40, 8.0),
        (8.0, 300, 0.0),  # to the gate
    ):
        x, y = journey.here
        far = mps * seconds
        journey.go(x=x + far * np.cos(turn), y=y + far * np.sin(turn), mps=mps, end_mps=end_mps, sky=Sky.CABIN)
    flown_s = journey.seconds
    journey.wait(chance, seconds=chance.uniform(120, 400), within_m=1, sky=Sky.CABIN)
    out = aside(chance, x=journey.here[0], y=journey.here[1], metres=300)
    journey.walk(chance, x=out[0], y=out[1], mps=walking_pace(chance), sky=Sky.INDOOR)
    journey.wait(chance, seconds=300, within_m=3, sky=Sky.INDOOR)
    if chance.random() < 0.4:
        journey.hide(from_s=leaves_s, to_s=flown_s)
    phone = some_phone(chance, moving_s=(20, 60))
    # Fences below the flight, at places where this phone may well look.
    middle = [when for when in looks(chance, journey=journey, phone=phone) if leaves_s + 600 < when < flown_s - 600]
    below = []
    for when in chance.choice(middle, 6):
        x, y = (float(line[int(when)]) for line in (journey.x, journey.y))
        below.append(grounds.place(chance, x=x, y=y, radius_m=300.0))
    return Draft(ground=where, journey=journey, places=(shop, *below), phone=phone)


def along_road(chance: np.random.Generator, *, x: float) -> Place:
    """A fence that the road goes through, or just past."""
    radius_m = grounds.radius(chance)
    place = grounds.place(chance, x=x, y=0, radius_m=radius_m)
    off = chance.uniform(0, 0.9) * radius_m if chance.random() < 0.75 else place.reach_m + chance.uniform(5, 50)
    return Place(x=x, y=float(off * chance.choice([-1, 1])), radius_m=radius_m, corners=place.corners)


def spread_out(chance: np.random.Generator, *, first: float, count: int) -> list[float]:
    """Along the road, far enough from each other that no two overlap."""
    return [float(x) for x in first + np.cumsum(chance.uniform(750, 1_800, count))]
