"""A merchant's logo: made small and clean when it comes in, kept in a row of its own, shown on coupon and pass.

What is served is never what was sent: the pixels are drawn anew (`image_child`) into an image that has nothing else, so
that a photograph's place and camera, and whatever hid between the pixels, stay behind.
"""

from datetime import datetime
from hashlib import sha256
from uuid import UUID

from django.urls import reverse

from merchants.models import Merchant, MerchantLogo
from merchants.shops import logo_squares


def put_logo(*, merchant: Merchant, png: bytes, now: datetime) -> None:
    """`png` as `image_files.logo_of` made it. The row lies beside the merchant: reading merchants reads no images."""
    fields = {"png": png, "digest": sha256(png).hexdigest()[:32], "changed_at": now}
    MerchantLogo.objects.update_or_create(merchant=merchant, defaults=fields)


def remove_logo(*, merchant: Merchant) -> None:
    MerchantLogo.objects.filter(merchant=merchant).delete()


def png_of(*, merchant: Merchant) -> bytes | None:
    png = MerchantLogo.objects.filter(merchant=merchant).values_list("png", flat=True).first()
    return None if png is None else bytes(png)


def png_at(*, merchant_id: UUID, digest: str) -> bytes | None:
    png = MerchantLogo.objects.filter(merchant_id=merchant_id, digest=digest).values_list("png", flat=True).first()
    return None if png is None else bytes(png)


def address_of(*, merchant: Merchant) -> str | None:
    """The path under which everybody may fetch it. Another image has another path, so a copy is good for ever."""
    try:
        logo = merchant.logo
    except MerchantLogo.DoesNotExist:
        return None
    return reverse("merchant-logo", args=[logo.merchant_id, logo.digest])


def square_at(*, merchant_id: UUID, digest: str, colour: str) -> bytes | None:
    """Only on the colour that the merchant has: else anybody could have any number of others drawn."""
    logo = MerchantLogo.objects.filter(merchant_id=merchant_id, digest=digest, merchant__colour=colour)
    png = logo.values_list("png", flat=True).first()
    return None if png is None else logo_squares.on_colour(png=bytes(png), colour=colour)


def address_of_square(*, merchant: Merchant) -> str | None:
    """Another logo or another colour has another path."""
    try:
        logo = merchant.logo
    except MerchantLogo.DoesNotExist:
        return None
    return reverse("merchant-logo-square", args=[logo.merchant_id, logo.digest, merchant.colour[1:]])
