"""Changes of fences that no process asks for any more. docs/fences.md tells which stay; update that page too.

A process that follows the fences asks for what came after the last change that it took in, and one that maps a base for
what came after the change that the base is named for. Each tells both (`fence_followers`), so the rows from the lowest
of these numbers on stay, and the newest row. A process that was away for longer finds that numbers are missing, and
loads everything anew (`live_fences`).
"""

from datetime import datetime, timedelta

from django.db.models import QuerySet

from merchants.live_fences import snapshots
from merchants.models import FenceChange, FenceFollower

KEEP = timedelta(days=30)


def needless() -> "QuerySet[FenceChange]":
    """Those that nobody asks for, however young."""
    newest = FenceChange.objects.order_by("-number").values_list("number", flat=True).first() or 0
    asked_for = [newest]
    for taken_in, base in FenceFollower.objects.order_by().values_list("last_number", "base"):
        mark = snapshots.parsed(base)
        asked_for += [taken_in] if mark is None else [taken_in, mark.number]
    return FenceChange.objects.filter(number__lt=min(asked_for))


def forget(before: datetime, limit: int) -> int:
    """The oldest ones, by number: there is no index by time, and numbers are given in its order."""
    oldest = needless().order_by("number").values_list("number", "at")[:limit]
    numbers = [number for number, at in oldest if at < before]
    deleted, _ = FenceChange.objects.filter(number__in=numbers).delete()
    return deleted
