"""What was decided for a shopper who is erased goes with them."""

from geooffers.decisions.models import Decision, Interruption
from geooffers.shoppers.models import Shopper
from geooffers.shoppers.privacy.erasing import Erasing

MODELS = frozenset({Decision, Interruption})


def erase_now(*, of: Erasing) -> dict[str, int]:
    """Before device states, visits and coupons, as everybody locks them. Whoever may owe a message holds a consent for
    share, which the erasure has locked: nobody makes the row anew."""
    rows = Interruption.objects.filter(pk__in=of.shopper_ids)
    locked = list(rows.order_by("pk").select_for_update().values_list("pk", flat=True))
    return {"interruptions": Interruption.objects.filter(pk__in=locked).delete()[0]}


def erase_rest(*, shopper: Shopper, limit: int) -> dict[str, int]:
    """At most `limit` decisions."""
    ids = list(Decision.objects.filter(shopper=shopper).order_by("pk").values_list("pk", flat=True)[:limit])
    return {"decisions": Decision.objects.filter(pk__in=ids).delete()[0]}
