"""The key that a phone gives to another app: it reports positions for the device, and opens nothing else.

It is derived from the device's token, not stored, and not from what is stored: a dump of the database gives nobody a
reporting key. It ends with the token: when the device signs in or out, renews it, or is revoked.
"""

import base64
import binascii

from geooffers.api.device_caller import DeviceCaller
from geooffers.api.identity import auth
from geooffers.shoppers.identity import tokens

PREFIX = "grk_"  # so that people, and scanners for leaked secrets, see what it is
_SECRET_BYTES = 32


def make_key(*, token: str) -> str:
    return PREFIX + base64.urlsafe_b64encode(tokens.reporting_secret(token)).decode().rstrip("=")


def find_device(key: str) -> DeviceCaller:
    try:
        secret = base64.b64decode(key.removeprefix(PREFIX) + "=", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise auth.TokenUnknown from None
    if len(secret) != _SECRET_BYTES:
        raise auth.TokenUnknown
    return auth.find_device_reporting(tokens.hash_of_reporting_secret(secret))
