"""A shopper ends their pause. What they consented to before it is done again; nobody is asked anew."""

from datetime import datetime

from django.db import transaction

from geooffers.shoppers.consents import pauses
from geooffers.shoppers.identity import devices, holders
from geooffers.shoppers.models import Device, Shopper


def resume_consents(*, device: Device, now: datetime) -> Shopper:
    """Harmless when there is no pause."""
    with transaction.atomic():
        held = devices.lock_held(device=device)
        shopper = holders.lock(shopper_id=held.shopper_id)
        pauses.end(shopper=shopper, now=now)
    return shopper
