"""A shopper's age, or the law of where they live, is another than before: what it does not allow any more ends.

The locks and the effects of a withdrawal (docs/consent.md), for all the shopper's phones, with receipts that say why.
Nothing comes back by itself when it is allowed again: who was fifteen is asked at sixteen.
"""

from datetime import datetime

from django.db.models import Q

from geooffers.shoppers.consents import allowed, consents
from geooffers.shoppers.models import LOCATION_PURPOSES, Device, Purpose, ReceiptSource, Shopper
from geooffers.visits import recording
from geooffers.visits.models import EndReason
from notifications.messages import cancelling


def obey_law(*, device: Device, shopper: Shopper, now: datetime) -> None:
    """In the caller's transaction, which holds device and shopper."""
    forbidden = frozenset(Purpose) - allowed.purposes(shopper=shopper)
    ended = consents.withdraw_from_all(
        device=device, shopper=shopper, purposes=forbidden, source=ReceiptSource.LAW, now=now
    )
    if ended & LOCATION_PURPOSES:
        phones = Device.objects.filter(Q(shopper=shopper) | Q(pk=device.pk)).values_list("pk", flat=True)
        recording.end_presence_of_devices(device_ids=list(phones), now=now, reason=EndReason.WITHDRAWN)
    if Purpose.MARKETING_PUSH in forbidden:
        cancelling.cancel_marketing(shopper=shopper, reason="not_allowed", now=now)
