"""The rest of an erasure: the record of visits and decisions, in small batches, then the empty row of the shopper."""

from datetime import datetime

from django.db import transaction

from geooffers.coupons import erasing as coupons_erasing
from geooffers.decisions import erasing as decisions_erasing
from geooffers.shoppers.models import Shopper
from geooffers.shoppers.privacy import erasing
from geooffers.visits import erasing as visits_erasing


def finish_erasures(*, now: datetime, limit: int) -> int:
    """About `limit` rows, each batch in a transaction of its own. As much as `limit` means there is more."""
    done = 0
    for shopper in erasing.waiting(limit=limit):
        done += 1 + _batch(shopper=shopper, now=now, limit=limit - done)
        if done >= limit:
            break
    return done


def _batch(*, shopper: Shopper, now: datetime, limit: int) -> int:
    with transaction.atomic():
        counts = decisions_erasing.erase_rest(shopper=shopper, limit=limit)
        taken = counts["decisions"]
        if taken < limit:
            counts |= coupons_erasing.erase_rest(shopper=shopper)
            counts |= visits_erasing.erase_rest(shopper=shopper, limit=limit - taken)
            taken += counts["visits"]
        if shopper.erasure is not None:
            erasing.add_counts(request=shopper.erasure, counts=counts)
        if taken < limit:
            erasing.finish(shopper=shopper, now=now)
    return taken
