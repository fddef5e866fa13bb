"""An app passes on what its store says of its owner's age."""

from datetime import datetime

from django.db import transaction

from geooffers.shoppers.consents import ages
from geooffers.shoppers.identity import devices, holders
from geooffers.shoppers.models import Age, Device, Shopper
from geooffers.usecases.identity.enforce_jurisdiction import obey_law


def signal_age(*, device: Device, age: Age, now: datetime) -> Shopper:
    """Repeating it is harmless."""
    with transaction.atomic():
        held = devices.lock_held(device=device)
        shopper = holders.lock(shopper_id=held.shopper_id)
        ages.signalled(device=held, shopper=shopper, age=age)
        obey_law(device=held, shopper=shopper, now=now)
    return shopper
