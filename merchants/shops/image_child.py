"""What decodes an image that somebody sent, in a process of its own that may die: `python -I image_child.py TASK MB S`.

The bytes come in by stdin, what was made of them goes out by stdout. `image_files` starts it and reads its end. Memory,
time and what can be written are limited before the first byte is read, and nothing of ours is imported: neither
settings nor keys are in this process.
"""

import io
import json
import resource
import sys
from collections.abc import Callable, Mapping
from typing import ClassVar

from PIL import Image, ImageOps, UnidentifiedImageError

LONGEST_SIDE = 480
# A decoded pixel is four bytes; the decoder of WebP also holds three copies.
MAX_PIXELS = {"PNG": 20_000_000, "JPEG": 20_000_000, "WEBP": 8_000_000}
_BEGINS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF")
# The QR of a coupon fills a good part of the picture; beyond this more pixels only cost time.
ENOUGH_PIXELS_ASIDE = 1600
MAX_OUT = 4 * 1024 * 1024


class ImageRefused(Exception):
    """This image cannot be used."""

    code: ClassVar[str] = "image_type"


class NotAnImage(ImageRefused):
    """Give a PNG, JPEG or WebP image."""


class MovingImage(ImageRefused):
    """This image moves. Give one that stands still."""


class DamagedImage(ImageRefused):
    """This image is damaged. Save it anew and try again."""

    code = "image_damaged"


class TooManyBytes(ImageRefused):
    """This file is too large: at most 2 MB."""

    code = "image_too_large"


class TooManyPixels(ImageRefused):
    """This image is too large: at most 20 megapixels, and 8 as WebP."""

    code = "image_too_large"


class TooMuchWork(ImageRefused):
    """This image takes too much time or memory to open. Save it anew as PNG, smaller, and try again."""

    code = "image_too_large"


# Each ends the process with a status of its own.
REFUSALS = (NotAnImage, MovingImage, DamagedImage, TooManyPixels, TooMuchWork)
FIRST_STATUS = 10


def logo(raw: bytes) -> bytes:
    """A PNG that fits into a square of 480 pixels. The pixels are drawn anew into an image that has nothing else."""
    picture = opened(raw)
    try:
        # While nothing is decoded yet: a half, a quarter or an eighth of a JPEG, and that much less memory.
        picture.draft(picture.mode, (2 * LONGEST_SIDE, 2 * LONGEST_SIDE))
        if picture.mode.startswith("I;16"):
            # 16 bits of grey: Pillow would clip them at 255.
            picture = picture.convert("I").point(lambda grey: grey * (1 / 257)).convert("L")
        small = picture.convert("RGBA")
        small.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)
        upright = ImageOps.exif_transpose(small)
    except Exception as broken:  # a decoder raises whatever it stumbles over: all of it means this
        raise _told(broken) from broken
    opaque = upright.getchannel("A").getextrema() == (255, 255)
    clean = upright.convert("RGB") if opaque else upright
    clean.info.clear()
    out = io.BytesIO()
    clean.save(out, "PNG", optimize=True)
    return out.getvalue()


def qr_texts(raw: bytes) -> bytes:
    """The texts of the QR codes in a picture, as JSON."""
    import zxingcpp  # a logo does not need it

    picture = opened(raw)
    try:
        picture.draft("L", (ENOUGH_PIXELS_ASIDE, ENOUGH_PIXELS_ASIDE))
        grey = picture.convert("L")
        grey.thumbnail((ENOUGH_PIXELS_ASIDE, ENOUGH_PIXELS_ASIDE))
    except Exception as broken:
        raise _told(broken) from broken
    found = zxingcpp.read_barcodes(grey, formats=zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode]))
    return json.dumps([code.text for code in found]).encode()


def opened(raw: bytes) -> Image.Image:
    """Its header is read and no pixel decoded; of a WebP Pillow makes room for the pixels already here."""
    if not raw.startswith(_BEGINS):
        raise NotAnImage
    try:
        picture = Image.open(io.BytesIO(raw), formats=tuple(MAX_PIXELS))
    except Image.DecompressionBombError:
        raise TooManyPixels from None
    except UnidentifiedImageError:
        raise (NotAnImage if raw[:4] == b"RIFF" and raw[8:12] != b"WEBP" else DamagedImage) from None
    except Exception as broken:
        raise _told(broken) from broken
    kind = picture.format or ""
    # MPO is what Pillow calls a JPEG that a camera's second pictures follow; they are not looked at.
    if kind != "MPO" and getattr(picture, "is_animated", False):
        raise MovingImage
    if picture.width * picture.height > MAX_PIXELS.get(kind, MAX_PIXELS["JPEG"]):
        raise TooManyPixels
    if picture.width == 0 or picture.height == 0:
        raise DamagedImage
    return picture


def _told(broken: Exception) -> ImageRefused:
    return TooMuchWork() if isinstance(broken, MemoryError) else DamagedImage()


TASKS: Mapping[str, Callable[[bytes], bytes]] = {"logo": logo, "qr_texts": qr_texts}


def main(task: str, *, memory_mb: int, cpu_s: int) -> int:
    limits = {resource.RLIMIT_CPU: cpu_s, resource.RLIMIT_FSIZE: MAX_OUT, resource.RLIMIT_CORE: 0}
    if sys.platform != "darwin":  # which does not keep this one
        limits[resource.RLIMIT_AS] = memory_mb * 1024 * 1024
    for which, most in limits.items():
        resource.setrlimit(which, (most, most))
    # Twice as much as may be: then Pillow refuses by itself, before `opened` is asked.
    Image.MAX_IMAGE_PIXELS = max(MAX_PIXELS.values())
    try:
        made = TASKS[task](sys.stdin.buffer.read())
    except ImageRefused as refused:
        return FIRST_STATUS + REFUSALS.index(type(refused))
    except MemoryError:
        return FIRST_STATUS + REFUSALS.index(TooMuchWork)
    sys.stdout.buffer.write(made)
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], memory_mb=int(sys.argv[2]), cpu_s=int(sys.argv[3])))
