"""The outbox of an erased shopper: nothing is owed to them any more, and what was sent is not kept."""

from django.db.models import Q

from geooffers.shoppers.privacy.erasing import Erasing
from notifications.models import Push

MODELS = frozenset({Push})


def erase_now(*, of: Erasing) -> dict[str, int]:
    """In order of id, as every cancelling does. A worker that has one in its hands finds no row to settle."""
    theirs = Push.objects.filter(Q(shopper__in=of.shopper_ids) | Q(device__in=of.device_ids))
    ids = list(theirs.order_by("pk").select_for_update().values_list("pk", flat=True))
    return {"pushes": Push.objects.filter(pk__in=ids).delete()[0]}
