"""What a phone reports of a path: when it looks, how far it errs, what it claims."""

import math
from dataclasses import dataclass, field

import numpy as np

from benchmarks.tracks.ground import Ground
from benchmarks.tracks.journeys import Journey, Sky
from benchmarks.tracks.labels import Report

# The 68 % radius of a circular normal error, in standard deviations of one coordinate.
RADIUS_68 = math.sqrt(-2 * math.log(1 - 0.68))
# How wrong the claim of an honest phone is: the logarithm's standard deviation.
CLAIM_SPREAD = 0.15
LOWEST_CLAIM_M = 3.0
# 68 % radii by sky, in metres; a phone draws its own once.
RADII_M = {Sky.OPEN: (3.0, 7.0), Sky.STREET: (6.0, 15.0), Sky.INDOOR: (14.0, 38.0), Sky.CABIN: (12.0, 40.0)}
MEMORY_S = (30.0, 240.0)
MOVES_FROM_MPS = 0.8
# A first fix after none was to be had: so many times the usual error, then half as many.
COLD = (2.0, 6.0)
CELL_RADIUS_M = (300.0, 1_800.0)


@dataclass(frozen=True, kw_only=True)
class Phone:
    """`moving_s`, `still_s`: seconds between fixes. `cell_share`: of the looks without a sky, how many end in a
    position by the mobile network, coarse and honest.
    """

    moving_s: float
    still_s: float
    memory_s: float
    tells_speed: bool
    cell_share: float = 0.0
    radii_m: dict[Sky, float] = field(default_factory=dict)


def some_phone(
    chance: np.random.Generator,
    *,
    moving_s: tuple[float, float] = (10, 60),
    still_s: tuple[float, float] = (60, 300),
    memory_s: tuple[float, float] = MEMORY_S,
    cell_share: float = 0.0,
    indoor_m: tuple[float, float] | None = None,
) -> Phone:
    radii = RADII_M if indoor_m is None else {**RADII_M, Sky.INDOOR: indoor_m}
    return Phone(
        moving_s=_by_ratio(chance, moving_s),
        still_s=_by_ratio(chance, still_s),
        memory_s=_by_ratio(chance, memory_s),
        tells_speed=bool(chance.random() < 0.8),
        cell_share=cell_share,
        radii_m={sky: float(chance.uniform(*bounds)) for sky, bounds in radii.items()},
    )


def observed(chance: np.random.Generator, *, ground: Ground, journey: Journey, phone: Phone) -> list[Report]:
    """The fixes of the whole journey, in order."""
    x, y, mps, sky = journey.x, journey.y, journey.mps, journey.sky
    seconds = np.arange(len(x), dtype=np.float64)
    reports: list[Report] = []
    error = chance.standard_normal(2)
    last_s, cold = 0.0, 0
    for at_s in looks(chance, journey=journey, phone=phone):
        there = Sky(int(sky[int(at_s)]))
        memory = math.exp(-(at_s - last_s) / phone.memory_s)
        error = memory * error + math.sqrt(1 - memory * memory) * chance.standard_normal(2)
        last_s = at_s
        if there is Sky.NONE:
            cold = 2
            if chance.random() >= phone.cell_share:
                continue
            radius_m = float(chance.uniform(*CELL_RADIUS_M))
            off = chance.standard_normal(2)  # another mast, another error
        else:
            radius_m = phone.radii_m[there]
            if cold:
                radius_m *= chance.uniform(*COLD) / (3 - cold)
                cold -= 1
            off = error
        sigma = radius_m / RADIUS_68
        lat, lon = ground.degrees_of(
            float(np.interp(at_s, seconds, x) + sigma * off[0]), float(np.interp(at_s, seconds, y) + sigma * off[1])
        )
        claim = max(radius_m * math.exp(chance.normal(0, CLAIM_SPREAD)), LOWEST_CLAIM_M)
        reports.append(
            Report(
                at_s=round(at_s, 3),
                lat=lat,
                lon=lon,
                accuracy_m=round(claim, 1),
                speed_mps=_speed(chance, phone=phone, sky=there, mps=float(mps[int(at_s)])),
            )
        )
    return reports


def looks(chance: np.random.Generator, *, journey: Journey, phone: Phone) -> list[float]:
    """When the phone looks where it is: often while it moves; lying still seldom, until it is picked up."""
    moves = journey.mps > MOVES_FROM_MPS
    when: list[float] = []
    at_s = float(chance.uniform(0, min(phone.moving_s, 20)))
    while at_s < journey.seconds:
        when.append(at_s)
        now = int(at_s)
        if moves[max(now - 20, 0) : now + 1].any():
            at_s += phone.moving_s * chance.uniform(0.8, 1.25)
            continue
        after_s = at_s + phone.still_s * chance.uniform(0.8, 1.25)
        begins = np.flatnonzero(moves[now : int(after_s) + 1])
        at_s = min(after_s, now + float(begins[0]) + chance.uniform(5, 25)) if len(begins) else after_s
    return when


def _speed(chance: np.random.Generator, *, phone: Phone, sky: Sky, mps: float) -> float | None:
    """By Doppler, which needs satellites: indoors and from masts there is mostly none."""
    seldom = sky in (Sky.INDOOR, Sky.NONE)
    if not phone.tells_speed or chance.random() < (0.7 if seldom else 0.05):
        return None
    return round(max(mps + chance.normal(0, 0.3), 0.0), 2)


def _by_ratio(chance: np.random.Generator, bounds: tuple[float, float]) -> float:
    return float(np.exp(chance.uniform(math.log(bounds[0]), math.log(bounds[1]))))
