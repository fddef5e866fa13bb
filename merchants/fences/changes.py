"""The numbered log of changes of fences and zones. Only `merchants.fences.editing` calls this.

A number comes from one row, and that row is the first lock of every transaction that changes a fence or a zone: each
waits there for the one before to commit. So numbers appear in order (with a sequence, number 1 could commit
after number 2, and a process that had seen 2 would never look for 1); and a fence and the zone that is drawn over it at
the same moment see each other.
"""

from collections.abc import Iterable

from django.db.models import F

from merchants.models import FenceChange, FenceChangeCounter


def hold() -> None:
    """Call it first in the transaction: no other one changes a fence or a zone until this one ends."""
    _take_numbers(0)


def append(index_ids: Iterable[int]) -> None:
    ids = list(index_ids)
    if not ids:
        return
    last = _take_numbers(len(ids))
    FenceChange.objects.bulk_create(
        (FenceChange(number=number, index_id=changed) for number, changed in enumerate(ids, start=last - len(ids) + 1)),
        batch_size=1_000,
    )


def _take_numbers(count: int) -> int:
    counter = FenceChangeCounter.objects.filter(pk=1)
    if counter.update(last_number=F("last_number") + count) == 0:
        # The first change ever. Two at once: one inserts, the other does nothing, and both go on to the update.
        FenceChangeCounter.objects.bulk_create([FenceChangeCounter(pk=1)], ignore_conflicts=True)
        counter.update(last_number=F("last_number") + count)
    return counter.values_list("last_number", flat=True).get()
