"""A merchant's logo: made small and clean when it comes in, kept in a row of its own, shown on coupon and pass.

What is served is never what was sent: the pixels are drawn anew into an image that has nothing else, so that a
photograph's place and camera, and whatever hid between the pixels, stay behind.
"""

import io
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from django.urls import reverse
from PIL import ExifTags, Image

from merchants.models import Merchant, MerchantLogo
from merchants.shops import image_files, logo_squares
from merchants.shops.image_files import DamagedImage, Kind

LONGEST_SIDE = 480
_BAND_ROWS = 256
# EXIF's eight ways to hold a camera; 1 is upright.
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def clean(raw: bytes) -> bytes:
    """A PNG that fits into a square of 480 pixels, or an ImageRefused."""
    still = image_files.read(raw)
    try:
        small = _drawn_anew(still)
    except Exception as broken:  # a decoder raises whatever it stumbles over: all of it means this
        raise DamagedImage from broken
    out = io.BytesIO()
    small.save(out, "PNG", optimize=True)
    return out.getvalue()


def put_logo(*, merchant: Merchant, png: bytes, now: datetime) -> None:
    """`png` as `clean` made it. The row lies beside the merchant: reading merchants does not read images."""
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
    """Only on the colour that the merchant has: whoever asks for others would make us draw for ever."""
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


def _drawn_anew(still: image_files.StillImage) -> Image.Image:
    with Image.open(io.BytesIO(still.data), formats=(still.kind,)) as picture:
        if picture.size != (still.width, still.height):
            raise ValueError("the decoder sees another size than we did")
        if still.kind is Kind.JPEG:
            # While nothing is decoded yet: a half, a quarter or an eighth of it, and that much less memory.
            picture.draft(picture.mode, (2 * LONGEST_SIDE, 2 * LONGEST_SIDE))
        picture.load()
        small = _reduced(picture)
        small.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
        # Turned when it is small: the square is the same either way, the copy is not.
        turn = _UPRIGHT.get(picture.getexif().get(ExifTags.Base.Orientation, 1))
    upright = small if turn is None else small.transpose(turn)
    opaque = upright.getchannel("A").getextrema() == (255, 255)
    return upright.convert("RGB") if opaque else upright


def _reduced(picture: Image.Image) -> Image.Image:
    """In full colour, and smaller by a whole number: at least twice the size wanted, for the fine work.

    Band by band: Pillow converts a copy of what it reduces, and a whole one would take as much again.
    """
    factor = max(1, max(picture.size) // (2 * LONGEST_SIDE))
    width, height = picture.size
    small = Image.new("RGBA", (-(-width // factor), -(-height // factor)))
    step = factor * max(1, _BAND_ROWS // factor)
    for top in range(0, height, step):
        band = picture.crop((0, top, width, min(top + step, height)))
        if band.mode.startswith("I;16"):
            # 16 bits of grey: Pillow would clip them at 255.
            band = band.convert("I").point(lambda grey: grey * (1 / 257)).convert("L")
        small.paste(band.convert("RGBA").reduce(factor), (0, top // factor))
    return small
