"""Fences with a tree over their boxes: from a box to the few fences worth asking."""

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt
import shapely

from geooffers.matching.earth import Box
from geooffers.matching.shapes import Shape

Entry = tuple[int, Shape]


class Layer:
    """Never changed once built, so any number of threads may ask it."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries: tuple[Entry, ...] = tuple(entries)
        self.ids = frozenset(fence_id for fence_id, _ in self.entries)
        boxes = [(number, *box) for number, (_, shape) in enumerate(self.entries) for box in shape.boxes]
        table = np.array(boxes, dtype=np.float64).reshape(-1, 5)
        self._owner: npt.NDArray[np.int64] = table[:, 0].astype(np.int64)
        # A fence across 180 degrees has a box on each side, and its owner is found twice.
        self._twice = len(table) > len(self.entries)
        self._tree = shapely.STRtree(shapely.box(table[:, 1], table[:, 2], table[:, 3], table[:, 4]))

    def __len__(self) -> int:
        return len(self.entries)

    def meeting(self, boxes: list[Box]) -> list[Entry]:
        """The fences one of whose boxes meets one of these."""
        if not self.entries:
            return []
        if len(boxes) == 1 and not self._twice:
            return [self.entries[owner] for owner in self._owner[self._tree.query(shapely.box(*boxes[0]))].tolist()]
        owners = {owner for box in boxes for owner in self._owner[self._tree.query(shapely.box(*box))].tolist()}
        return [self.entries[owner] for owner in sorted(owners)]

    def meeting_each(
        self, boxes: npt.NDArray[np.float64], rows: npt.NDArray[np.int64]
    ) -> Iterator[tuple[int, int, Shape]]:
        """The same for many boxes at once: (row, id, shape), each pair of row and fence once."""
        if not self.entries or not len(boxes):
            return
        asked, found = self._tree.query(shapely.box(boxes[:, 0], boxes[:, 1], boxes[:, 2], boxes[:, 3]))
        pairs = np.unique(np.column_stack([rows[asked], self._owner[found]]), axis=0)
        for row, owner in pairs.tolist():
            fence_id, shape = self.entries[owner]
            yield row, fence_id, shape
