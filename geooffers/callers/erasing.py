"""What is remembered of a phone as text, and what this process has in memory of it."""

from collections.abc import Iterable, Mapping
from functools import reduce
from operator import or_
from uuid import UUID

from django.db.models import Q

from geooffers.callers import device_lookup, limits, report_rate
from geooffers.callers.models import RateCount, StoredReply

# Named by an HMAC of the device's id, without a foreign key.
MODELS = frozenset({StoredReply, RateCount})


def erase_traces(device_ids: Iterable[UUID]) -> Mapping[str, int]:
    """In the caller's transaction."""
    ids = list(device_ids)
    report_rate.BUCKETS.forget(ids)
    callers = [device_lookup.name_of(device_id) for device_id in ids]
    return {**erase_replies(ids), "rate counts": limits.forget(callers=callers)}


def erase_replies(device_ids: Iterable[UUID]) -> Mapping[str, int]:
    """Those of every holder, in the caller's transaction, which holds the device's lock.

    A call that is under way keeps its reply under the same lock. Was it before us, the reply goes; is it after us, it
    finds that the device changed hands and keeps none.
    """
    callers = [device_lookup.name_of(device_id) for device_id in device_ids]
    of_any_holder = reduce(or_, (Q(caller__startswith=caller) for caller in callers), Q(pk=None))
    return {"stored replies": StoredReply.objects.filter(of_any_holder).delete()[0]}
