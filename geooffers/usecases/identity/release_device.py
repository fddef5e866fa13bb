"""The holder leaves a device. docs/identity.md tells it; update that page too."""

from datetime import datetime

from geooffers.callers import erasing as callers_erasing
from geooffers.shoppers.consents import consents
from geooffers.shoppers.models import Age, Device, ReceiptSource
from geooffers.visits import recording
from geooffers.visits.models import EndReason
from notifications.messages import cancelling

LEFT = ("hand_overs", "age_signal", "push_kind", "push_address", "push_renewed_at")


def leave(*, device: Device, source: ReceiptSource, reason: EndReason, why: str, now: datetime) -> None:
    """What the holder allowed on the device, and what it knew of them, ends; coupons, visits and counts stay theirs.

    On the locked row, for its caller to save. The push address goes as well: Firebase knows an installation by it, so
    the next holder brings one of their own. `why` stands on the pushes that are called back.
    """
    consents.end_with_holder(device=device, source=source, now=now)
    recording.end_presence_of_device(device=device, now=now, reason=reason)
    cancelling.cancel_device(device=device, reason=why, now=now)
    # Answers that were kept for this holder's retries.
    callers_erasing.erase_replies([device.pk])
    device.hand_overs += 1
    device.age_signal = Age.UNKNOWN
    device.push_kind = device.push_address = ""
    device.push_renewed_at = None
