"""The messages of an erased shopper: nothing is owed to them any more, and what was sent is not kept.

A message about a pass stays, without its shopper, until Google was told that the pass is void: a worker may have it in
hand and still tell Google what the coupon was, and has to tell the rest then (`settling.tell_again`).
"""

from django.db.models import Exists, OuterRef, Q

from geooffers.shoppers.privacy.erasing import Erasing
from notifications.models import Delivery, Kind, Message

MODELS = frozenset({Message, Delivery})


def erase_now(*, of: Erasing) -> dict[str, int]:
    """Messages before deliveries, each in order of id, as everywhere. A worker that has a push in its hands finds no
    row to settle."""
    theirs = Message.objects.filter(shopper__in=of.shopper_ids)
    ids = list(theirs.order_by("pk").select_for_update().values_list("pk", flat=True))
    about_passes = Message.objects.filter(pk__in=ids, kind=Kind.PASS_CHANGED)
    on_the_way = Delivery.objects.filter(
        Q(message__in=ids) | Q(shopper__in=of.shopper_ids) | Q(device__in=of.device_ids)
    )
    delivery_ids = list(on_the_way.order_by("pk").select_for_update().values_list("pk", flat=True))
    to_passes = Delivery.objects.filter(pk__in=delivery_ids, message__in=about_passes)
    to_passes.update(shopper=None)
    gone = Delivery.objects.filter(pk__in=delivery_ids).exclude(message__in=about_passes)
    # With those that went to these phones while somebody else had them.
    emptied = [*ids, *gone.exclude(message__in=ids).values_list("message", flat=True)]
    deliveries = gone.delete()[0]
    about_passes.update(shopper=None)
    left = Exists(Delivery.objects.filter(message=OuterRef("pk")))
    messages = Message.objects.filter(~left, pk__in=emptied).delete()[0]
    return {"messages": messages, "deliveries": deliveries}
