"""Which kind of image some bytes are, how large, and whether they are an image and nothing else.

Told from the structure of the file, before anything is decoded: 10 KB of PNG can ask a decoder for 400 MB. Of PNG and
JPEG only the parts that draw are handed on (and EXIF, which says which way is up): packed texts, colour profiles and
a camera's second pictures never meet a decoder.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

MAX_BYTES = 2 * 1024 * 1024


class Kind(StrEnum):
    """As Pillow names them."""

    PNG = "PNG"
    JPEG = "JPEG"
    WEBP = "WEBP"


# A decoded pixel is four bytes; the decoder of WebP also holds three copies, 300 MB for 20 megapixels.
MAX_PIXELS = {Kind.PNG: 20_000_000, Kind.JPEG: 20_000_000, Kind.WEBP: 8_000_000}
# A picture that loads in steps has about ten. Each is a walk over all pixels, and an empty one is 10 bytes.
MAX_JPEG_SCANS = 32


class ImageRefused(Exception):
    """This image cannot be used."""

    code: ClassVar[str] = "image_type"


class NotAnImage(ImageRefused):
    """Give a PNG, JPEG or WebP image."""


class MovingImage(ImageRefused):
    """This image moves. Give one that stands still."""


class MoreThanAnImage(ImageRefused):
    """Something else follows the image in this file. Open it in an image editor and save it anew as PNG."""


class DamagedImage(ImageRefused):
    """This image is damaged. Save it anew and try again."""

    code = "image_damaged"


class TooManyBytes(ImageRefused):
    """This file is too large: at most 2 MB."""

    code = "image_too_large"


class TooManyPixels(ImageRefused):
    """This image is too large: at most 20 megapixels, and 8 as WebP."""

    code = "image_too_large"


@dataclass(frozen=True, kw_only=True)
class StillImage:
    kind: Kind
    width: int
    height: int
    data: bytes


def read(raw: bytes) -> StillImage:
    """What may be decoded, or one of the refusals above."""
    if len(raw) > MAX_BYTES:
        raise TooManyBytes
    try:
        if raw.startswith(_PNG):
            image = _read_png(raw)
        elif raw.startswith(b"\xff\xd8\xff"):
            image = _read_jpeg(raw)
        elif raw[:4] == b"RIFF" and raw[8:12] == b"WEBP":
            image = _read_webp(raw)
        else:
            raise NotAnImage
    except (struct.error, IndexError):  # a length or a number that lies behind the end
        raise DamagedImage from None
    if image.width == 0 or image.height == 0:
        raise DamagedImage
    if image.width * image.height > MAX_PIXELS[image.kind]:
        raise TooManyPixels
    return image


# --- PNG: a signature, then chunks: length, name, data, checksum -------------------------------------------------

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_DRAWS = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"eXIf"}


def _read_png(raw: bytes) -> StillImage:
    size: tuple[int, int] | None = None
    kept = [_PNG]
    at = len(_PNG)
    while True:
        length, name = struct.unpack_from(">I4s", raw, at)
        end = at + 12 + length
        if end > len(raw) or (name == b"IHDR") != (size is None):
            raise DamagedImage  # cut short, or the header is not the first chunk or not the only one
        if name == b"acTL":
            raise MovingImage
        if name == b"IHDR":
            size = struct.unpack_from(">II", raw, at + 8)
        if name in _PNG_DRAWS:
            kept.append(raw[at:end])
        at = end
        if name == b"IEND":
            break
    if at != len(raw):
        raise MoreThanAnImage
    assert size is not None  # noqa: S101  # the loop began with the header; for the type checker
    return StillImage(kind=Kind.PNG, width=size[0], height=size[1], data=b"".join(kept))


# --- JPEG: segments: FF, marker, length, data; after SOS the packed pixels until the next marker ------------------

_SOI, _EOI, _SOS, _APP1, _APP14 = 0xD8, 0xD9, 0xDA, 0xE1, 0xEE
_FRAMES = {0xC0, 0xC1, 0xC2}  # sequential and progressive; nobody writes the others
# Tables, frame, scans, restart interval, JFIF, EXIF, and Adobe's note of how colours are stored.
_JPEG_DRAWS = {*_FRAMES, 0xC4, _SOS, 0xDB, 0xDD, 0xE0, _APP1, _APP14}
# Between pixels FF 00 is a plain FF, and D0 to D7 only mark places to restart from.
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")


def _read_jpeg(raw: bytes) -> StillImage:
    size: tuple[int, int] | None = None
    kept, scans, at = [raw[:2]], 0, 2
    while True:
        while raw[at] == 0xFF and raw[at + 1] == 0xFF:  # padding
            at += 1
        if raw[at] != 0xFF:
            raise DamagedImage
        marker = raw[at + 1]
        if marker == _EOI:
            kept.append(raw[at : at + 2])
            break
        length = struct.unpack_from(">H", raw, at + 2)[0]
        end = at + 2 + length
        if length < 2 or marker == _SOI:
            raise DamagedImage
        if marker in _FRAMES:
            if size is not None:
                raise DamagedImage
            height, width = struct.unpack_from(">HH", raw, at + 5)
            size = (width, height)
        if marker == _SOS:
            scans += 1
            found = _NEXT_MARKER.search(raw, end)
            if found is None or scans > MAX_JPEG_SCANS:
                raise DamagedImage
            end = found.start()
        if marker in _JPEG_DRAWS:
            kept.append(raw[at:end])
        at = end
    # Some cameras fill their files up.
    if raw[at + 2 :].strip(b"\x00\xff\r\n "):
        raise MoreThanAnImage
    if size is None:
        raise DamagedImage
    return StillImage(kind=Kind.JPEG, width=size[0], height=size[1], data=b"".join(kept))


# --- WebP: a RIFF file: name, length, data, padded to an even length ----------------------------------------------


def _read_webp(raw: bytes) -> StillImage:
    end = 8 + struct.unpack_from("<I", raw, 4)[0]
    if end > len(raw):
        raise DamagedImage
    if end != len(raw):
        raise MoreThanAnImage
    sizes = [_webp_size(name, raw[at : at + 10]) for name, at in _webp_chunks(raw)]
    drawn = [size for size in sizes if size is not None]
    if not drawn:
        raise DamagedImage
    # The canvas and the picture on it; the decoder makes room for both.
    width, height = max(drawn, key=lambda size: size[0] * size[1])
    return StillImage(kind=Kind.WEBP, width=width, height=height, data=raw)


def _webp_chunks(raw: bytes) -> Iterator[tuple[bytes, int]]:
    at = 12
    while at < len(raw):
        name, length = struct.unpack_from("<4sI", raw, at)
        if name in (b"ANIM", b"ANMF") or (name == b"VP8X" and raw[at + 8] & 0x02):
            raise MovingImage
        yield name, at + 8
        at += 8 + length + length % 2
    if at != len(raw):
        raise DamagedImage


def _webp_size(name: bytes, head: bytes) -> tuple[int, int] | None:
    if name == b"VP8X":
        return int.from_bytes(head[4:7], "little") + 1, int.from_bytes(head[7:10], "little") + 1
    if name == b"VP8 ":
        width, height = struct.unpack_from("<HH", head, 6)
        return width & 0x3FFF, height & 0x3FFF
    if name == b"VP8L":
        bits = struct.unpack_from("<I", head, 1)[0]
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return None
