"""The key that a phone gives to another app: it reports positions for the device, and opens nothing else.

It is derived from the device's token, not stored, and not from what is stored: a dump of the database gives nobody a
reporting key. It ends with the token: when the device signs in or out, renews it, or is revoked.
"""

import base64
import binascii

from geooffers.callers import device_lookup
from geooffers.shoppers.identity import tokens

PREFIX = "grk_"  # so that people, and scanners for leaked secrets, see what it is
_SECRET_BYTES = 32


def make_key(*, token: str) -> str:
    return PREFIX + base64.urlsafe_b64encode(tokens.reporting_secret(token)).decode().rstrip("=")


def find_device(key: str) -> device_lookup.DeviceCaller:
    try:
        secret = base64.b64decode(key.removeprefix(PREFIX) + "=", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise device_lookup.TokenUnknown from None
    if len(secret) != _SECRET_BYTES:
        raise device_lookup.TokenUnknown
    return device_lookup.find_reporting(token_hash=tokens.hash_of_reporting_secret(secret))
