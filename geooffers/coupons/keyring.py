"""The code keys of this installation, and what they say about its coupons."""

from functools import cache

from django.conf import settings

from geooffers.coupons import codes
from geooffers.coupons.models import Coupon


@cache
def _read(text: str) -> codes.KeyRing:
    return codes.read_keys(text)


def ring() -> codes.KeyRing:
    return _read(settings.CODE_KEYS)


def code_of(coupon: Coupon) -> codes.Code:
    return ring().code_for(coupon_id=coupon.id, key_id=coupon.code_key_id)
