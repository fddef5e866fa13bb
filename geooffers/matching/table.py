"""From a cell to the fences that touch it: a hash table of eight bytes a slot, and lists of four bytes a fence.

A slot holds the low 32 bits of the cell's mixed key and where its list begins. The four high bits choose one of sixteen
regions of the table, each with an empty slot at its end, so a slot tells exactly which cell it is of. Within a region
slots lie in the order of their keys: a search that meets a greater one is over.

An entry is a fence's number, whether the cell lies wholly inside, and whether the list ends here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geooffers.matching import cells
from geooffers.matching.columns import Ints
from geooffers.matching.covering import Cover

LOW = 0xFFFFFFFF
EMPTY = -1
SLOTS_A_CELL = 1.6
REGIONS = 16

FULL, LAST = 2, 1
FENCE_SHIFT = 2
# What is sorted is a key with something beside it: a fence's number and whether the cell lies wholly inside, or which
# of all cells it is.
BESIDE_BITS = 64 - cells.KEY_BITS
BESIDE = (1 << BESIDE_BITS) - 1
FENCES_AT_MOST = 1 << BESIDE_BITS - 1
CELLS_AT_MOST = 1 << BESIDE_BITS

Packed = npt.NDArray[np.uint64]
"""A key (36 bits), a fence's number (27), and whether the cell lies wholly inside (1)."""


@dataclass(frozen=True, kw_only=True)
class CellTable:
    slots: Ints
    """(REGIONS * stride,): low half of the mixed key << 32 | where its list begins in `entries`; or EMPTY."""
    entries: npt.NDArray[np.uint32]
    """(e,): a fence's number << FENCE_SHIFT, | FULL where the cell lies wholly inside, | LAST at the end of a list."""
    there: npt.NDArray[np.uint8]
    """(cells.MAP_ROWS, cells.MAP_COLUMNS): bit l is set where a cell of level l exists."""
    homes: int
    """How many places of a region keys are spread over; what was pushed past them lies behind."""


def find(slots: Sequence[int], stride: int, homes: int, key: int) -> int:
    """Where the list of the cell with this mixed key begins, or -1. Serves plain Python and Numba alike."""
    low = key & 0xFFFFFFFF
    at = (key >> 32) * stride + (low * homes >> 32)
    while True:
        slot = slots[at]
        if slot == -1:
            return -1
        found = slot >> 32 & 0xFFFFFFFF
        if found >= low:
            return slot & 0xFFFFFFFF if found == low else -1
        at += 1


def packed(cover: Cover) -> Packed:
    """A number for each cell of each fence: sorted, they lie by cell, and in a cell by fence."""
    if len(cover.owner) and int(cover.owner.max()) >= FENCES_AT_MOST:
        raise ValueError("an index holds 134 million fences at most")
    key = cells.keys_of(cover.level, cover.row, cover.column)
    found: Packed = (key << BESIDE_BITS | cover.owner << 1 | cover.full).astype(np.uint64)
    return found


def built(found: Packed) -> CellTable:
    """Of all that was `packed`; it is sorted on the way."""
    # Neighbouring cells have neighbouring lists. The same fence may have come twice where it runs round the earth:
    # the full one of the two sorts last and stays.
    found.sort()
    once = np.ones(len(found), dtype=bool)
    once[:-1] = found[:-1] >> np.uint64(1) != found[1:] >> np.uint64(1)
    found = found[once]
    key = (found >> np.uint64(BESIDE_BITS)).astype(np.int64)
    begins = np.ones(len(key), dtype=bool)
    begins[1:] = key[1:] != key[:-1]
    first = np.flatnonzero(begins)
    entries = (found & np.uint64(BESIDE)).astype(np.uint32) << np.uint32(1)
    entries[first[1:] - 1] |= LAST
    if len(entries):
        entries[-1] |= LAST
    key = key[first]
    slots, homes = _slots(key, first)
    return CellTable(slots=slots, entries=entries, there=cells.map_of(key), homes=homes)


def _slots(key: Ints, first: Ints) -> tuple[Ints, int]:
    """Of k cells: their keys and where their lists begin, (k,) each."""
    if len(key) > CELLS_AT_MOST:
        raise ValueError("an index holds 268 million cells at most")
    # Values sort many times faster than an order of them is found.
    mixed = key.astype(np.uint64) * np.uint64(cells.MIXER) << np.uint64(BESIDE_BITS)
    mixed |= np.arange(len(mixed), dtype=np.uint64)
    mixed.sort()
    homes = max(int(len(mixed) * SLOTS_A_CELL / REGIONS), 1)
    ends = np.searchsorted(mixed, np.arange(1, REGIONS, dtype=np.uint64) << np.uint64(32 + BESIDE_BITS))
    regions = []
    for ours in np.split(mixed, ends):
        low = (ours >> np.uint64(BESIDE_BITS)).astype(np.int64) & LOW
        number = np.arange(len(ours))
        # Each lies at its home or behind the one before it: p[i] = max(home[i], p[i - 1] + 1).
        place = np.maximum.accumulate((low * homes >> 32) - number) + number
        regions.append((place, low << 32 | first[(ours & np.uint64(BESIDE)).astype(np.int64)]))
    stride = max([homes, *(int(place[-1]) + 1 for place, _ in regions if len(place))]) + 1
    slots = np.full((REGIONS, stride), EMPTY, dtype=np.int64)
    for region, (place, slot) in zip(slots, regions, strict=True):
        region[place] = slot
    return slots.reshape(-1), homes
