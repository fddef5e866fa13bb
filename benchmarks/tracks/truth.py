"""Which stays there truly were, by the noise-free path, the geodesic and shapely. The words: `benchmarks.tracks`."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import shapely

from benchmarks.tracks.ground import GEODESIC, Floats, Ground
from benchmarks.tracks.journeys import Journey
from benchmarks.tracks.labels import Inside, Report, Truth
from geooffers.matching.areas import Area, Circle, Fence

ONE_STAY_WITHIN_S = 60.0
SLOW_MPS = 2.5
STAY_FROM_S = 60.0
SHOWN_BY_FIXES_APART_S = 30.0
SHOWN_BY_ACCURACY_M = 200.0
SILENT_AFTER_S = 3_600.0


def insides(
    *,
    ground: Ground,
    journey: Journey,
    fences: Sequence[Fence],
    reports: Sequence[Report],
    lies: frozenset[int] = frozenset(),
) -> tuple[Inside, ...]:
    """A report that lies shows nothing, and one by the mobile network does not either."""
    lat, lon = ground.degrees(journey.x, journey.y)
    found: list[Inside] = []
    for fence in fences:
        inside = covers(fence.area, lat=lat, lon=lon)
        for first, last in runs(inside):
            found += parts(
                fence=fence.id, journey=journey, inside=inside, first=first, last=last, reports=reports, lies=lies
            )
    return tuple(found)


def covers(area: Area, *, lat: Floats, lon: Floats) -> npt.NDArray[np.bool_]:
    if isinstance(area, Circle):
        _, _, metres = GEODESIC.inv(lon, lat, np.full(len(lon), area.lon), np.full(len(lat), area.lat))
        within: npt.NDArray[np.bool_] = np.asarray(metres) <= area.radius_m
        return within
    shape = shapely.MultiPolygon([(part[0], part[1:]) for part in area.parts])
    inside: npt.NDArray[np.bool_] = shapely.intersects_xy(shape, lon, lat)
    return inside


def runs(inside: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """First and last second of each time inside; those less than a minute apart are one."""
    turns = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]]).astype(np.int8)))
    pairs = [(int(first), int(end) - 1) for first, end in turns.reshape(-1, 2)]
    while pairs:
        first, last = pairs.pop(0)
        while pairs and pairs[0][0] - last < ONE_STAY_WITHIN_S:
            last = pairs.pop(0)[1]
        yield first, last


def parts(
    *,
    fence: int,
    journey: Journey,
    inside: npt.NDArray[np.bool_],
    first: int,
    last: int,
    reports: Sequence[Report],
    lies: frozenset[int],
) -> Iterator[Inside]:
    """One, or more where a silence past the stale limit lies between."""
    slow = int(np.count_nonzero((journey.mps[first : last + 1] <= SLOW_MPS) & inside[first : last + 1]))
    during = [number for number, report in enumerate(reports) if first <= report.at_s <= last]
    cuts = [0]
    cuts += [
        place
        for place in range(1, len(during))
        if reports[during[place]].at_s - reports[during[place - 1]].at_s > SILENT_AFTER_S
    ]
    for number, (begin, end) in enumerate(zip(cuts, [*cuts[1:], len(during)], strict=True)):
        mine = [
            each
            for each in during[begin:end]
            if each not in lies and reports[each].accuracy_m <= SHOWN_BY_ACCURACY_M and inside[int(reports[each].at_s)]
        ]
        apart_s = reports[mine[-1]].at_s - reports[mine[0]].at_s if mine else 0.0
        shown = apart_s >= SHOWN_BY_FIXES_APART_S
        truth = Truth.STAY if slow >= STAY_FROM_S and shown else Truth.BRIEF if slow else Truth.PASS
        ends_silent = end == len(during) and bool(during) and _next_after(during[-1], reports) > SILENT_AFTER_S
        yield Inside(
            fence=fence,
            entered_s=float(first) if number == 0 else reports[during[begin]].at_s,
            left_s=reports[during[end - 1]].at_s if end < len(during) or ends_silent else float(last),
            truth=truth,
            first_fix=mine[0] if mine else None,
            continues=number > 0,
        )


def _next_after(number: int, reports: Sequence[Report]) -> float:
    """Seconds until the next fix; none after the track's end."""
    return reports[number + 1].at_s - reports[number].at_s if number + 1 < len(reports) else 0.0
