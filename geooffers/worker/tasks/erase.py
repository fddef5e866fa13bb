"""Erasures are finished: first what the file of tombstones knows and this database does not, then the rest of each.

A commit that failed after its tombstone was written, and a backup that was restored under a running worker, are made
good here within a minute. Who starts a process finds out before (`tombstones.refuse_unless_caught_up`).
"""

import logging
from datetime import datetime

from django.conf import settings

from geooffers.shoppers.privacy import tombstone_file, tombstones
from geooffers.usecases.privacy import apply_tombstones, finish_erasures

log = logging.getLogger(__name__)


def run(*, now: datetime, limit: int) -> int:
    try:
        applied = apply_tombstones.apply_tombstones(now=now)
    except (tombstone_file.DamagedTombstones, tombstones.KeyUnknown, OSError) as error:
        # Nobody's erasure that was answered waits for this; the operator does not start anything again without it.
        log.error("the tombstones at %s cannot be applied: %s", settings.TOMBSTONES, error)
    else:
        if applied.lines:
            log.warning("%d tombstones were not in the database; %d shoppers erased", applied.lines, applied.shoppers)
    return finish_erasures.finish_erasures(now=now, limit=limit)
