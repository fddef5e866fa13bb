"""A shopper takes a consent back: when this returns, nothing rests on it any more.

One transaction, locks in the house's order: the consent state for update (a report or a claim that holds it for share
finishes first, one that comes later finds it withdrawn), the device state, visits, deliveries.
"""

from datetime import datetime

from django.db import transaction

from geooffers.shoppers.consents import consents
from geooffers.shoppers.identity import devices
from geooffers.shoppers.models import LOCATION_PURPOSES, Device, Purpose
from geooffers.visits import recording
from geooffers.visits.models import EndReason
from notifications.messages import cancelling


def withdraw_consent(*, device: Device, purpose: Purpose, now: datetime, locale: str = "") -> None:
    """Repeating it is harmless, and so is withdrawing what was never given."""
    with transaction.atomic():
        # A sign-in may be making an account of the holder: then the account withdraws.
        held = devices.lock_held(device=device)
        if not consents.withdraw(device=held, shopper=held.shopper, purpose=purpose, locale=locale, now=now):
            return
        if purpose in LOCATION_PURPOSES and not consents.may_be_located(device=held, now=now):
            recording.end_presence_of_device(device=held, now=now, reason=EndReason.WITHDRAWN)
        if purpose == Purpose.MARKETING_PUSH:
            cancelling.cancel_marketing(shopper=held.shopper, reason="consent_withdrawn", now=now)
