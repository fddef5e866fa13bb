"""A shopper says where they live, and so whose law holds for them. It is never guessed, nor taken from a position."""

from datetime import datetime

from django.db import transaction

from geooffers.jurisdictions import codes
from geooffers.shoppers.identity import devices, holders
from geooffers.shoppers.models import Device, Shopper
from geooffers.usecases.identity.enforce_jurisdiction import obey_law


def declare_jurisdiction(*, device: Device, code: str, now: datetime) -> Shopper:
    """An empty code takes the declaration back. `codes.UnknownJurisdiction` is what it refuses."""
    checked = codes.checked(code) if code else ""
    with transaction.atomic():
        held = devices.lock_held(device=device)
        shopper = holders.lock(shopper_id=held.shopper_id)
        shopper.jurisdiction = checked
        shopper.save(update_fields=["jurisdiction"])
        obey_law(device=held, shopper=shopper, now=now)
    return shopper
