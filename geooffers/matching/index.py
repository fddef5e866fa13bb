"""The door of matching: build an index from fences, ask it about positions.

An index is never changed. A change makes a new one from the old (cheaply: the few changed fences lie in a small layer
over the large one), and the owner publishes it by swapping one reference, so readers need no lock.

What is inside (a tree of boxes, a decision a pair) is simple on purpose; what callers rely on is arrays in, arrays out
and int64 ids.
"""

import enum
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geooffers.matching import earth, shapes
from geooffers.matching.areas import Fence
from geooffers.matching.layer import Entry, Layer

Floats = npt.NDArray[np.float64]

# A change rebuilds the small layer whole. Past this many changed fences the large one is built anew.
REBUILD_PAST = 2_000

# No two places on earth are farther apart.
HALF_WAY_ROUND_M = 20_004_000.0


class Sureness(enum.IntEnum):
    """What the circle of the fix's accuracy says: wholly inside, wholly outside, or neither."""

    OUTSIDE = -1
    UNSURE = 0
    INSIDE = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Match:
    """A position touches a fence.

    `inside`: the centre is inside or on the boundary. `distance_m`: to the boundary, zero or positive when inside,
    negative when outside. A match is never surely outside: such pairs are not returned.
    """

    fence: int
    inside: bool
    sureness: Sureness
    distance_m: float


@dataclass(frozen=True, kw_only=True)
class Matches:
    """Match by match the same as `Match`, as columns, ordered by point and fence."""

    point: npt.NDArray[np.int64]
    fence: npt.NDArray[np.int64]
    inside: npt.NDArray[np.bool_]
    sureness: npt.NDArray[np.int8]
    distance_m: Floats

    def __len__(self) -> int:
        return len(self.point)


@dataclass(frozen=True, kw_only=True, slots=True)
class Near:
    """A fence and how far away it begins: `distance_m` is positive outside; inside it is minus that to the boundary."""

    fence: int
    distance_m: float


class Index:
    def __init__(self, *, base: Layer, over: Layer, hidden: frozenset[int]) -> None:
        self._base = base
        self._over = over
        self._hidden = hidden  # ids of the base that were changed or removed since it was built

    @classmethod
    def build(cls, fences: Iterable[Fence]) -> "Index":
        return cls(base=Layer(_entries(fences).items()), over=Layer(()), hidden=frozenset())

    def __len__(self) -> int:
        return len(self._base) - len(self._hidden) + len(self._over)

    def with_changes(self, *, put: Iterable[Fence] = (), remove: Iterable[int] = ()) -> "Index":
        """A new index with these fences added or replaced and those ids gone. An unknown id to remove is fine."""
        new = _entries(put)
        gone = set(remove)
        over = {fence_id: shape for fence_id, shape in self._over.entries if fence_id not in gone} | new
        touched = gone | new.keys()
        hidden = self._hidden | (touched & self._base.ids)
        if len(over) + len(hidden) <= REBUILD_PAST:
            return Index(base=self._base, over=Layer(over.items()), hidden=hidden)
        kept = [(fence_id, shape) for fence_id, shape in self._base.entries if fence_id not in hidden]
        return Index(base=Layer([*kept, *over.items()]), over=Layer(()), hidden=frozenset())

    def match_one(self, *, lat: float, lon: float, accuracy_m: float) -> tuple[Match, ...]:
        """For a single fix: no arrays on the way. Ordered by fence."""
        if not (-90 <= lat <= 90 and -180 <= lon <= 180 and 0 <= accuracy_m < np.inf):
            raise ValueError("a position needs a latitude, a longitude and an accuracy")
        here = earth.here(lat=lat, lon=lon)
        found = []
        for fence_id, shape in self._around(here, radius_m=accuracy_m):
            distance = shape.depth_m(here)
            if distance >= -accuracy_m:
                found.append(
                    Match(
                        fence=fence_id,
                        inside=distance >= 0,
                        sureness=Sureness.INSIDE if distance >= accuracy_m else Sureness.UNSURE,
                        distance_m=distance,
                    )
                )
        if len(found) > 1:
            found.sort(key=lambda match: match.fence)
        return tuple(found)

    def match(self, *, lat: Floats, lon: Floats, accuracy_m: Floats) -> Matches:
        # Written so that NaN fails.
        if not (np.all(np.abs(lat) <= 90) and np.all(np.abs(lon) <= 180)):
            raise ValueError("positions need latitudes and longitudes")
        if not (np.all(accuracy_m >= 0) and np.all(accuracy_m < np.inf)):
            raise ValueError("positions need accuracies")
        places = [
            earth.here(lat=one_lat, lon=one_lon) for one_lat, one_lon in zip(lat.tolist(), lon.tolist(), strict=True)
        ]
        reach = accuracy_m.tolist()
        table = [
            (row, *box)
            for row, (place, radius) in enumerate(zip(places, reach, strict=True))
            for box in earth.boxes_around(lat=place.lat, lon=place.lon, radius_m=radius)
        ]
        asked = np.array(table, dtype=np.float64).reshape(-1, 5)
        rows, boxes = asked[:, 0].astype(np.int64), asked[:, 1:]
        found = []
        for layer, hidden in (
            (self._base, self._hidden),
            (self._over, frozenset[int]()),
        ):
            for row, fence_id, shape in layer.meeting_each(boxes, rows):
                if fence_id in hidden:
                    continue
                distance = shape.depth_m(places[row])
                if distance >= -reach[row]:
                    found.append((row, fence_id, distance))
        found.sort()
        point = np.array([row for row, _, _ in found], dtype=np.int64)
        distance_m = np.array([distance for _, _, distance in found], dtype=np.float64)
        return Matches(
            point=point,
            fence=np.array([fence_id for _, fence_id, _ in found], dtype=np.int64),
            inside=distance_m >= 0,
            sureness=np.where(distance_m >= accuracy_m[point], Sureness.INSIDE, Sureness.UNSURE).astype(np.int8),
            distance_m=distance_m,
        )

    def nearest(self, *, lat: float, lon: float, limit: int) -> tuple[Near, ...]:
        """The fences that begin nearest, those around the place first; equally far ones by id."""
        if not (-90 <= lat <= 90 and -180 <= lon <= 180):
            raise ValueError("a place needs a latitude and a longitude")
        here = earth.here(lat=lat, lon=lon)
        known: dict[int, float] = {}
        reach = 500.0
        while True:
            for fence_id, shape in self._around(here, radius_m=reach):
                if fence_id not in known:
                    known[fence_id] = -shape.depth_m(here)
            # Only what begins within the reach is complete; a box may also have brought in something farther.
            if reach >= HALF_WAY_ROUND_M or sum(distance <= reach for distance in known.values()) >= limit:
                break
            reach *= 2
        order = sorted((distance, fence_id) for fence_id, distance in known.items())
        return tuple(Near(fence=fence_id, distance_m=distance) for distance, fence_id in order[:limit])

    def _around(self, here: earth.Here, *, radius_m: float) -> list[Entry]:
        boxes = earth.boxes_around(lat=here.lat, lon=here.lon, radius_m=radius_m)
        found = self._base.meeting(boxes)
        if self._hidden:
            found = [entry for entry in found if entry[0] not in self._hidden]
        return found + self._over.meeting(boxes) if len(self._over) else found


def _entries(fences: Iterable[Fence]) -> dict[int, shapes.Shape]:
    """Of two fences with one id the later holds."""
    return {fence.id: shapes.shape_of(fence.area) for fence in fences}
