"""What the API remembers of a phone as text, and what this process has in memory of it."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from geooffers.api import auth, limits, report_rate
from geooffers.api.models import RateCount, StoredReply

# Named by an HMAC of the device's id, without a foreign key.
MODELS = frozenset({StoredReply, RateCount})


def erase_traces(device_ids: Iterable[UUID]) -> Mapping[str, int]:
    """In the caller's transaction."""
    ids = list(device_ids)
    callers = [auth.name_of_device(device_id) for device_id in ids]
    report_rate.BUCKETS.forget(ids)
    return {
        "stored replies": StoredReply.objects.filter(caller__in=callers).delete()[0],
        "rate counts": limits.forget(callers=callers),
    }
