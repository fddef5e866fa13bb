"""A phone renews its token: the same holder, the same device, only the secret changes."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from geooffers.shoppers.identity import devices, tokens
from geooffers.shoppers.models import Device


def renew_token(*, device_id: UUID, shown_hash: bytes, new_hash: bytes, now: datetime) -> Device:
    """The token before opens what it opened until the new one is used, or for `tokens.GRACE`."""
    with transaction.atomic():
        device = devices.lock(device_id=device_id)
        if not tokens.is_replaced_already(device=device, shown_hash=shown_hash, new_hash=new_hash):
            tokens.replace(device=device, new_hash=new_hash, good_until=now + tokens.GRACE)
            device.save(update_fields=tokens.REPLACED)
    return device
