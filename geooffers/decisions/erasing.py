"""Deletes the decisions and the interruption of a shopper who is erased."""

from geooffers.decisions.models import Decision, Interruption
from geooffers.shoppers.models import Shopper
from geooffers.shoppers.privacy.erasing import Erasing

MODELS = frozenset({Decision, Interruption})


def erase_now(*, of: Erasing) -> dict[str, int]:
    """Call it before device states, visits and coupons are locked: docs/locking.md has the order. No transaction makes
    the row anew, for it would need the shopper's consent for share, which the erasure has locked."""
    rows = Interruption.objects.filter(pk__in=of.shopper_ids)
    locked = list(rows.order_by("pk").select_for_update().values_list("pk", flat=True))
    return {"interruptions": Interruption.objects.filter(pk__in=locked).delete()[0]}


def erase_rest(*, shopper: Shopper, limit: int) -> dict[str, int]:
    """At most `limit` decisions."""
    ids = list(Decision.objects.filter(shopper=shopper).order_by("pk").values_list("pk", flat=True)[:limit])
    return {"decisions": Decision.objects.filter(pk__in=ids).delete()[0]}
