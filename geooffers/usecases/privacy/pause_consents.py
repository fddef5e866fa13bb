"""A shopper pauses: when this returns, nothing is matched and nothing marketed until the pause ends.

The locks of a withdrawal (docs/consent.md draws both: update that page too), taken for all the shopper's phones: the
shopper, every consent state for update, every device state, their visits, deliveries.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction

from geooffers.shoppers.consents import pauses
from geooffers.shoppers.identity import devices, holders
from geooffers.shoppers.models import UNTIL_RESUMED, Device, Shopper
from geooffers.visits import recording
from geooffers.visits.models import EndReason
from notifications.messages import cancelling


class PauseTaken(StrEnum):
    """What a tap says."""

    HOUR = "hour"
    DAY = "day"
    UNTIL_RESUMED = "until_resumed"


_LASTS = {PauseTaken.HOUR: timedelta(hours=1), PauseTaken.DAY: timedelta(days=1)}


def pause_consents(*, device: Device, pause: PauseTaken, now: datetime) -> Shopper:
    """Repeating it is harmless: the same pause, counted from now."""
    until = now + _LASTS[pause] if pause in _LASTS else UNTIL_RESUMED
    with transaction.atomic():
        held = devices.lock_held(device=device)
        shopper = holders.lock(shopper_id=held.shopper_id)
        pauses.begin(shopper=shopper, until=until, now=now)
        phones = Device.objects.filter(shopper=shopper).values_list("pk", flat=True)
        recording.end_presence_of_devices(device_ids=list(phones), now=now, reason=EndReason.PAUSED)
        cancelling.cancel_marketing(shopper=shopper, reason="paused", now=now)
    return shopper
