"""At sign-in what was owed to the anonymous shopper is owed to the account."""

from django.db import transaction

from geooffers.shoppers.models import Shopper
from notifications.messages.cancelling import locked_in_order
from notifications.models import Delivery, DeliveryState, Message


def move(*, from_shopper: Shopper, to_shopper: Shopper) -> int:
    """The claim asks for the account's consent then. Messages first, as everywhere."""
    unsettled = Delivery.objects.filter(shopper=from_shopper, state__in=[DeliveryState.READY, DeliveryState.CLAIMED])
    with transaction.atomic():
        messages = Message.objects.filter(pk__in=unsettled.values("message"))
        locked = messages.order_by("pk").select_for_update(no_key=True)
        Message.objects.filter(pk__in=list(locked.values_list("pk", flat=True))).update(shopper=to_shopper)
        return locked_in_order(unsettled).update(shopper=to_shopper)
