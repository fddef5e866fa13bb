"""Build a base of all live fences on disk, for all processes of this machine (`manage.py buildindex`)."""

from dataclasses import dataclass
from pathlib import Path

from geooffers.matching import base as bases
from geooffers.matching.columns import Gatherer
from geooffers.matching.index import Index
from merchants.live_fences import integrity, snapshots
from merchants.live_fences.attributes import FactsGatherer
from merchants.live_fences.queries import as_fences, count_live_rows, live_rows
from merchants.live_fences.snapshots import SnapshotMark
from merchants.models import FenceChangeCounter


class NoChanges(Exception):
    """No fence was ever written through merchants.fences.editing: nothing says of which database a base would be."""


@dataclass(frozen=True, kw_only=True)
class Built:
    mark: SnapshotMark
    fences: int
    was_there: bool = False


def last_number() -> int:
    return FenceChangeCounter.objects.values_list("last_number", flat=True).first() or 0


def build(root: Path, *, again: bool = False, told: bases.Told = bases.unheard) -> Built:
    """Under the lock of `snapshots.building`."""
    # The number first: what commits after it is read twice, which is harmless; the other way round it is lost.
    mark = snapshots.mark_of(last_number())
    if mark is None:
        raise NoChanges
    snapshots.sweep(root)
    if again:
        snapshots.discard(root, mark)
    elif (root / mark.name).exists():
        return Built(mark=mark, fences=0, was_there=True)
    gatherer, facts = Gatherer(), FactsGatherer()
    expected, gathered = max(count_live_rows(), 1), 0
    for fence in as_fences(live_rows(), facts=facts.add):
        gatherer.add(fence)
        gathered += 1
        if gathered % 1_000 == 0:
            told("reading", gathered / expected)
    index = Index.of(gatherer.columns(), told=told)
    index.save(root / mark.name, beside=facts.arrays())
    integrity.note(root, mark)
    snapshots.sweep(root)
    return Built(mark=mark, fences=gathered)
