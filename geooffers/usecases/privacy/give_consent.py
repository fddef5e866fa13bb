"""A shopper agrees to one purpose, to words that they were shown."""

from datetime import datetime

from django.db import transaction

from geooffers.shoppers.consents import consents, texts
from geooffers.shoppers.identity import devices, holders
from geooffers.shoppers.models import ConsentState, Device, Purpose


def give_consent(
    *, device: Device, purpose: Purpose, language: str, version: int, now: datetime, locale: str = ""
) -> ConsentState:
    """`language` and `version` are the text's, `locale` is what the app speaks."""
    text = texts.find_text(purpose=purpose, language=language, version=version)
    with transaction.atomic():
        # A sign-in may be making an account of the holder: then the account agrees.
        held = devices.lock_held(device=device)
        # Another phone may be pausing: then this consent is in the pause, too.
        shopper = holders.lock(shopper_id=held.shopper_id)
        return consents.give(device=held, shopper=shopper, purpose=purpose, text=text, locale=locale, now=now)
