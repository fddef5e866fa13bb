"""The key that a phone gives to another app: it reports positions for the device, and opens nothing else.

Derived, not stored: the device's id and an HMAC of it under the hash of the device's token, which stands nowhere but
under seal. So it ends with that token: when the device signs in or out, renews it, or is revoked.
"""

import base64
import binascii
import hmac
from uuid import UUID

from geooffers.callers import device_lookup
from geooffers.shoppers.models import Device

PREFIX = "grk_"  # so that people, and scanners for leaked secrets, see what it is
_ID_BYTES, _PROOF_BYTES = 16, 16


def make_key(device: Device) -> str:
    return PREFIX + base64.urlsafe_b64encode(device.pk.bytes + _proof(device)).decode().rstrip("=")


def find_device(key: str) -> device_lookup.DeviceCaller:
    try:
        raw = base64.b64decode(key.removeprefix(PREFIX) + "=", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise device_lookup.TokenUnknown from None
    if len(raw) != _ID_BYTES + _PROOF_BYTES:
        raise device_lookup.TokenUnknown
    device_id, proof = UUID(bytes=raw[:_ID_BYTES]), raw[_ID_BYTES:]
    return device_lookup.find_by_id(
        device_id=device_id, is_proven=lambda device: hmac.compare_digest(proof, _proof(device))
    )


def _proof(device: Device) -> bytes:
    value = b"geooffers reporting key" + device.pk.bytes
    return hmac.digest(bytes(device.token_hash), value, "sha256")[:_PROOF_BYTES]
