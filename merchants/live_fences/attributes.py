"""What a report needs to know of a fence it touches, without a query: of a million fences in arrays that all processes
of a machine share, of those changed since in a dictionary over them.
"""

import functools
from array import array
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, kw_only=True, slots=True)
class FenceFacts:
    id: int
    public_id: UUID
    name: str
    store_id: UUID
    merchant_id: UUID
    dwell_s: int
    # Whether a visit begins with a single fix inside, and the radius, or that of a circle of the same area.
    is_drive_by: bool
    size_m: float


# Arrays of a stored base, beside those of the index.
ARRAYS = ("fact_ids", "fact_uuids", "fact_dwell_s", "fact_drive_by", "fact_size_m", "fact_name_ends", "fact_names")
UUIDS = 3


# What was asked for lately is kept, some hundred bytes each: phones stay where they are, and are many where fences are.
FACTS_KEPT = 4_096


class PackedFacts:
    """Found by halving over ids in order, and read number by number."""

    def __init__(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        self._ids, self._uuids, self._dwell_s, self._drive_by, self._size_m, self._name_ends, self._names = (
            np.ascontiguousarray(arrays[name]).data for name in ARRAYS
        )
        self.get = functools.lru_cache(FACTS_KEPT)(self._read)

    def _read(self, fence_id: int) -> FenceFacts | None:
        at = bisect_left(self._ids, fence_id)
        if at == len(self._ids) or self._ids[at] != fence_id:
            return None
        public_id, store_id, merchant_id = (
            UUID(bytes=bytes(self._uuids[16 * (UUIDS * at + which) : 16 * (UUIDS * at + which + 1)]))
            for which in range(UUIDS)
        )
        return FenceFacts(
            id=fence_id,
            public_id=public_id,
            name=str(self._names[self._name_ends[at] : self._name_ends[at + 1]], "utf-8"),
            store_id=store_id,
            merchant_id=merchant_id,
            dwell_s=self._dwell_s[at],
            is_drive_by=bool(self._drive_by[at]),
            size_m=self._size_m[at],
        )


class FactsGatherer:
    """Takes facts one by one, in the order of their ids."""

    def __init__(self) -> None:
        self._ids, self._dwell_s, self._name_ends = array("q"), array("l"), array("q", [0])
        self._drive_by, self._size_m = array("B"), array("f")
        self._uuids, self._names = bytearray(), bytearray()

    def add(self, facts: FenceFacts) -> None:
        if self._ids and facts.id <= self._ids[-1]:
            raise ValueError("facts are gathered in the order of their ids")
        self._ids.append(facts.id)
        for uuid in (facts.public_id, facts.store_id, facts.merchant_id):
            self._uuids += uuid.bytes
        self._dwell_s.append(facts.dwell_s)
        self._drive_by.append(facts.is_drive_by)
        self._size_m.append(facts.size_m)
        self._names += facts.name.encode()
        self._name_ends.append(len(self._names))

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        columns = (
            np.array(self._ids, dtype=np.int64),
            np.frombuffer(bytes(self._uuids), dtype=np.uint8),
            np.array(self._dwell_s, dtype=np.int64),
            np.array(self._drive_by, dtype=np.uint8),
            np.array(self._size_m, dtype=np.float32),
            np.array(self._name_ends, dtype=np.int64),
            np.frombuffer(bytes(self._names), dtype=np.uint8),
        )
        return dict(zip(ARRAYS, columns, strict=True))


@dataclass(frozen=True, kw_only=True)
class KnownFacts:
    """`over` holds what changed since the stored base was made; None there is a fence that is gone."""

    packed: PackedFacts | None = None
    over: Mapping[int, FenceFacts | None]

    def get(self, fence_id: int) -> FenceFacts | None:
        if fence_id in self.over or self.packed is None:
            return self.over.get(fence_id)
        return self.packed.get(fence_id)

    def changed(self, *, put: Mapping[int, FenceFacts], gone: set[int]) -> "KnownFacts":
        over: dict[int, FenceFacts | None] = {**self.over, **put}
        if self.packed is None:
            for fence_id in gone:
                over.pop(fence_id, None)
        else:
            over |= dict.fromkeys(gone)
        return KnownFacts(packed=self.packed, over=over)
