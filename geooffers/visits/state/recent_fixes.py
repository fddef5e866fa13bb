"""The last few sightings of a phone, packed until one is needed.

The usual fix is newer than all of them and needs none; only a late one has them unpacked.
"""

from collections.abc import Iterator, Sequence
from typing import overload

from geooffers.visits.engine.observations import Sighting
from geooffers.visits.state import sighting_bytes


class Kept(Sequence[Sighting]):
    """In the order in which they were on the phone. Never changed."""

    __slots__ = ("_entries",)

    def __init__(self, entries: Sequence[Sighting | bytes] = ()) -> None:
        self._entries = entries

    def __len__(self) -> int:
        return len(self._entries)

    @overload
    def __getitem__(self, place: int) -> Sighting: ...
    @overload
    def __getitem__(self, place: slice) -> list[Sighting]: ...
    def __getitem__(self, place: int | slice) -> Sighting | list[Sighting]:
        if isinstance(place, slice):
            return [_unpacked(entry) for entry in self._entries[place]]
        return _unpacked(self._entries[place])

    def __iter__(self) -> Iterator[Sighting]:
        return (_unpacked(entry) for entry in self._entries)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Kept) and self.records() == other.records()

    def __hash__(self) -> int:
        return hash(tuple(self.records()))

    def __repr__(self) -> str:
        return f"Kept({list(self)})"

    def followed_by(self, more: Sequence[Sighting]) -> "Kept":
        return Kept([*self._entries, *more])

    def without_first(self, count: int) -> "Kept":
        return Kept(self._entries[count:]) if count else self

    def at_ms(self, place: int) -> int:
        entry = self._entries[place]
        return sighting_bytes.at_ms(entry) if isinstance(entry, bytes) else entry.at_ms

    def records(self) -> list[bytes]:
        return [entry if isinstance(entry, bytes) else sighting_bytes.pack(entry) for entry in self._entries]


def _unpacked(entry: Sighting | bytes) -> Sighting:
    return sighting_bytes.unpack(entry) if isinstance(entry, bytes) else entry
