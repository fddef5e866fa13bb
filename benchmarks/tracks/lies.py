"""Fixes far from the phone: those that a receiver believes in, and those that somebody made up."""

import math
from dataclasses import replace

import numpy as np

from benchmarks.tracks import ground as grounds
from benchmarks.tracks.drafts import Draft, Twist
from benchmarks.tracks.ground import Ground, Place, aside
from benchmarks.tracks.journeys import Journey, Sky
from benchmarks.tracks.labels import Report
from benchmarks.tracks.phones import some_phone

# Reflections. Field reports show single fixes, out and back, now and then the same wrong place twice.
REFLECTED = 0.08  # of the fixes begin one
JUMP_M = (200.0, 700.0)
CLAIMED_M = (3.0, 11.0)
TWICE_ELSEWHERE, TWICE_THERE = 0.10, 0.05
INTO_A_FENCE = 0.5
# Spoofing. The slowest is 10 km in a minute.
FARTHEST_M = 8_000_000.0
NEAREST_M = 10_000.0


def reflections(*, ground: Ground, journey: Journey, places: tuple[Place, ...]) -> Twist:
    def twist(chance: np.random.Generator, reports: list[Report]) -> tuple[list[Report], frozenset[int]]:
        seconds, x, y = np.arange(journey.seconds + 1), journey.x, journey.y
        told, wrong = list(reports), set()
        number = 1  # where a phone begins is not in doubt
        while number < len(reports):
            if chance.random() >= REFLECTED:
                number += 1
                continue
            here = [float(np.interp(reports[number].at_s, seconds, line)) for line in (x, y)]
            there = _landing(chance, here=(here[0], here[1]), places=places)
            again = chance.random()
            told[number] = _reflected(chance, ground=ground, report=reports[number], x=there[0], y=there[1])
            wrong.add(number)
            if again < TWICE_ELSEWHERE + TWICE_THERE and number + 1 < len(reports):
                number += 1
                if again < TWICE_ELSEWHERE:
                    there = _landing(chance, here=(here[0], here[1]), places=places)
                told[number] = _reflected(chance, ground=ground, report=reports[number], x=there[0], y=there[1])
                wrong.add(number)
            number += 3  # the sky is clear for a while
        return told, frozenset(wrong)

    return twist


def _landing(
    chance: np.random.Generator, *, here: tuple[float, float], places: tuple[Place, ...]
) -> tuple[float, float]:
    in_reach = [place for place in places if JUMP_M[0] <= math.hypot(place.x - here[0], place.y - here[1]) <= JUMP_M[1]]
    if in_reach and chance.random() < INTO_A_FENCE:
        place = in_reach[int(chance.integers(len(in_reach)))]
        return aside(chance, x=place.x, y=place.y, metres=0.6 * place.radius_m * chance.random())
    return aside(chance, x=here[0], y=here[1], metres=chance.uniform(*JUMP_M))


def _reflected(chance: np.random.Generator, *, ground: Ground, report: Report, x: float, y: float) -> Report:
    lat, lon = ground.degrees_of(x + chance.normal(0, 5), y + chance.normal(0, 5))
    return replace(report, lat=lat, lon=lon, accuracy_m=round(float(chance.uniform(*CLAIMED_M)), 1))


def teleport(chance: np.random.Generator) -> Draft:
    where = grounds.somewhere(chance)
    home = Journey(x=0, y=0, sky=Sky.INDOOR)
    home.wait(chance, seconds=chance.uniform(1_500, 3_600), within_m=3, sky=Sky.INDOOR)
    nearby = grounds.place(chance, x=0, y=0, radius_m=grounds.radius(chance))
    x, y = aside(chance, x=0, y=0, metres=nearby.reach_m + chance.uniform(150, 400))
    targets = [_target(chance) for _ in range(chance.integers(1, 4))]
    return Draft(
        ground=where,
        journey=home,
        places=(Place(x=x, y=y, radius_m=nearby.radius_m, corners=nearby.corners), *targets),
        phone=some_phone(chance, still_s=(20, 60)),
        twist=spoofing(ground=where, targets=targets),
    )


def _target(chance: np.random.Generator) -> Place:
    metres = float(np.exp(chance.uniform(math.log(NEAREST_M), math.log(FARTHEST_M))))
    x, y = aside(chance, x=0, y=0, metres=metres)
    return grounds.place(chance, x=x, y=y, radius_m=grounds.radius(chance), round_one=True)


def spoofing(*, ground: Ground, targets: list[Place]) -> Twist:
    """One target after the other, each for some fixes, lying still or strolling; then the truth again, mostly."""

    def twist(chance: np.random.Generator, reports: list[Report]) -> tuple[list[Report], frozenset[int]]:
        told, wrong = list(reports), set()
        number = int(chance.integers(3, 9))
        for target in targets:
            spot = aside(chance, x=target.x, y=target.y, metres=0.5 * target.radius_m * chance.random())
            strolls_m = float(chance.choice([0.0, 1.5, 6.0]))
            for _ in range(chance.integers(3, 25)):
                if number >= len(reports):
                    break
                lat, lon = ground.degrees_of(
                    spot[0] + chance.normal(0, 1) * strolls_m, spot[1] + chance.normal(0, 1) * strolls_m
                )
                told[number] = replace(
                    reports[number], lat=lat, lon=lon, accuracy_m=round(float(chance.uniform(3, 8)), 1), speed_mps=0.0
                )
                wrong.add(number)
                number += 1
        if chance.random() < 0.2:  # never seen at home again
            told = told[:number]
        return told, frozenset(wrong)

    return twist
