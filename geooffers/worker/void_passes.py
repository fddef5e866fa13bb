"""Google is told that the passes of erased shoppers are void."""

from datetime import datetime

from geooffers.usecases.passes import void_passes


def run(*, now: datetime, limit: int) -> int:
    # Each is a call to a vendor: a batch must end within the round's lease.
    return void_passes.void_passes(now=now, limit=min(limit, 50))
