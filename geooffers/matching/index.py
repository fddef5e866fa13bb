"""The door of matching: build an index from fences, ask it about positions.

An index is never changed. A change makes a new one from the old: the few changed fences lie in a small layer over the
large one, in which their old selves are hidden. The owner publishes it by swapping one reference, so readers need no
lock.

Which fences a position is in: `inside_one`, and `inside` for arrays of them. How surely, given the fix's accuracy, and
how far from the boundary: `match_one` and `match`, which cost more.
"""

import functools
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from geooffers.matching import base as bases
from geooffers.matching import batches, columns, earth, files, following, nearness, outlines, touching
from geooffers.matching.answers import Match, Matches, Near, Pairs, Sureness
from geooffers.matching.areas import Area, Fence
from geooffers.matching.columns import Columns, Floats
from geooffers.matching.following import Following
from geooffers.matching.layer import Layer
from geooffers.matching.nearness import Counts

__all__ = ["Index", "Match", "Matches", "Near", "Pairs", "Sureness"]

# A change builds the small layer anew. Past this many changed fences the large one is built anew: here if it is small
# enough to be quick, else by its owner in another process.
REBUILD_PAST = 2_000
REBUILT_HERE = 20_000

# No two places on earth are farther apart, nor measured to be so on the mean sphere.
HALF_WAY_ROUND_M = 20_016_000.0


def _all_count(fence_id: int) -> bool:
    return True


class Index:
    def __init__(self, *, base: Layer, over: Layer, hidden: frozenset[int]) -> None:
        self._base = base
        self._over = over
        self._hidden = hidden  # numbers in the base of what was changed or removed since it was built
        layers = ((base, hidden), (over, _NOTHING_HIDDEN))
        self._layers = [(layer, hidden) for layer, hidden in layers if len(layer)]

    @classmethod
    def build(cls, fences: Iterable[Fence]) -> "Index":
        return cls.of(columns.gathered(fences))

    @classmethod
    def of(cls, fences: Columns, *, told: bases.Told = bases.unheard) -> "Index":
        return cls(base=Layer(bases.build(fences, told=told)), over=_nothing(), hidden=frozenset())

    @classmethod
    def open(cls, directory: Path) -> "Index":
        """What `save` wrote, mapped and not read: every process that opens it shares one copy in memory."""
        return cls(base=Layer(files.open_base(directory)), over=_nothing(), hidden=frozenset())

    def save(self, directory: Path, *, beside: Mapping[str, npt.NDArray[Any]] | None = None) -> None:
        """As one base, without a small layer over it. The directory appears whole or not at all, and with it `beside`:
        arrays of the owner's own (`files.open_arrays`).
        """
        index = self.compacted()
        files.save_base(index._base.base, directory, beside=beside)

    def __len__(self) -> int:
        return len(self._base) - len(self._hidden) + len(self._over)

    @property
    def changes(self) -> int:
        """How many fences changed since the base was built, new and old. Past `REBUILD_PAST` the next base is due."""
        return len(self._hidden) + len(self._over)

    def with_changes(self, *, put: Iterable[Fence] = (), remove: Iterable[int] = ()) -> "Index":
        """A new index with these fences added or replaced and those ids gone. An unknown id to remove is fine."""
        new = columns.gathered(put)
        touched = {*remove, *new.circle_ids.tolist(), *new.polygon_ids.tolist()}
        hidden = set(self._hidden)
        for fence_id in touched:
            number = self._base.base.number_of(fence_id)
            if number is not None:
                hidden.add(number)
        kept = _without(self._over.base, {self._over.base.number_of(fence_id) for fence_id in touched})
        over = Layer(bases.build(columns.joined([kept, new])))
        changed = Index(base=self._base, over=over, hidden=frozenset(hidden))
        return changed.compacted() if changed.changes > REBUILD_PAST and len(changed) <= REBUILT_HERE else changed

    def compacted(self, *, told: bases.Told = bases.unheard) -> "Index":
        """The same fences in one base."""
        if not self.changes:
            return self
        return Index.of(columns.joined([_without(self._base.base, self._hidden), self._over.base.columns]), told=told)

    def inside_one(self, *, lat: float, lon: float) -> list[int]:
        """The ids of the fences that this place is in or on the boundary of, ordered."""
        if not (-90 <= lat <= 90 and -180 <= lon <= 180):
            raise ValueError("a place needs a latitude and a longitude")
        base, over = self._base, self._over
        found = [base.id_of(number) for number in base.inside(lat=lat, lon=lon) if number not in self._hidden]
        if len(over):
            found += [over.id_of(number) for number in over.inside(lat=lat, lon=lon)]
        found.sort()
        return found

    def inside(self, *, lat: Floats, lon: Floats) -> Pairs:
        """The same for arrays of degrees, (positions,) each, a million positions a second."""
        # Written so that NaN fails.
        if not (np.all(np.abs(lat) <= 90) and np.all(np.abs(lon) <= 180)):
            raise ValueError("positions need latitudes and longitudes")
        point, number = batches.inside(self._base, lat=lat, lon=lon)
        if self._hidden:
            gone = np.zeros(len(self._base), dtype=bool)
            gone[list(self._hidden)] = True
            shown = ~gone[number]
            point, number = point[shown], number[shown]
        fence = self._base.base.ids[number]
        if len(self._over):
            more, theirs = batches.inside(self._over, lat=lat, lon=lon)
            point = np.concatenate([point, more])
            fence = np.concatenate([fence, self._over.base.ids[theirs]])
        return Pairs(point=point, fence=fence)

    def match_one(self, *, lat: float, lon: float, accuracy_m: float) -> tuple[Match, ...]:
        """For a single fix: no arrays on the way. Ordered by fence."""
        following.check(lat=lat, lon=lon, accuracy_m=accuracy_m)
        within = outlines.reach(earth.here(lat=lat, lon=lon), accuracy_m)
        found = touching.candidates(self._layers, within)
        return touching.touches(found, within.here, accuracy_m=accuracy_m, within=within)

    def following(self) -> Following:
        """Matches the fixes of one phone, one after the other, and looks up once what is near several of them."""
        return Following(self._layers)

    def match(self, *, lat: Floats, lon: Floats, accuracy_m: Floats) -> Matches:
        """The answers of `match_one`, distances and all, as columns. Degrees and metres, (positions,) each."""
        found = [
            (point, match)
            for point, (one_lat, one_lon, reach) in enumerate(
                zip(lat.tolist(), lon.tolist(), accuracy_m.tolist(), strict=True)
            )
            for match in self.match_one(lat=one_lat, lon=one_lon, accuracy_m=reach)
        ]
        return Matches(
            point=np.array([point for point, _ in found], dtype=np.int64),
            fence=np.array([match.fence for _, match in found], dtype=np.int64),
            inside=np.array([match.inside for _, match in found], dtype=np.bool_),
            sureness=np.array([match.sureness for _, match in found], dtype=np.int8),
            distance_m=np.array([match.distance_m for _, match in found], dtype=np.float64),
        )

    def area(self, fence_id: int) -> Area | None:
        """As it came. None when there is no such fence."""
        for layer, hidden in reversed(self._layers):
            number = layer.base.number_of(fence_id)
            if number is not None and number not in hidden:
                return layer.base.columns.area(number)
        return None

    def nearest(
        self,
        *,
        lat: float,
        lon: float,
        limit: int,
        at_most_m: float = HALF_WAY_ROUND_M,
        counts: Counts = _all_count,
    ) -> tuple[Near, ...]:
        """The fences that begin nearest, those around the place first; equally far ones by id.

        None that begins farther than `at_most_m`, and only those of whose id `counts` says so.
        """
        if not (-90 <= lat <= 90 and -180 <= lon <= 180 and at_most_m > 0):
            raise ValueError("a place needs a latitude and a longitude, and a limit above zero")
        here = earth.here(lat=lat, lon=lon)
        found = nearness.fences(self._layers, here, limit=limit, at_most_m=at_most_m, counts=counts)
        return tuple(Near(fence=fence_id, distance_m=distance) for distance, fence_id in found)

    def clearance_m(
        self, *, lat: float, lon: float, at_most_m: float, counts: Counts = _all_count, beyond_m: float = 0.0
    ) -> float:
        """How far from here the nearest boundary is: so far may a phone move before any answer about it changes.

        Never more than `at_most_m`: farther out nothing is looked for. Only fences of whose id `counts` says so count.
        `beyond_m`: the caller knows of no boundary that near, so the first look reaches farther.
        """
        if not (-90 <= lat <= 90 and -180 <= lon <= 180 and at_most_m > 0):
            raise ValueError("a place needs a latitude and a longitude, and a limit above zero")
        here = earth.here(lat=lat, lon=lon)
        return nearness.clearance_m(self._layers, here, at_most_m=at_most_m, counts=counts, beyond_m=beyond_m)


_NOTHING_HIDDEN = frozenset[int]()


@functools.cache
def _nothing() -> Layer:
    return Layer(bases.build(columns.gathered(())))


def _without(base: bases.Base, numbers: Iterable[int | None]) -> Columns:
    """The base's fences but these."""
    kept = np.ones(len(base), dtype=bool)
    kept[[number for number in numbers if number is not None]] = False
    circles = len(base.circle_areas)
    return base.columns.taken(circles=np.flatnonzero(kept[:circles]), polygons=np.flatnonzero(kept[circles:]))
