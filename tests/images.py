"""Images that the tests of logos upload: good ones, and parts to build bad ones from."""

import io
import struct
import zlib
from typing import Any

from PIL import Image, ImageDraw


def saved(image: Image.Image, kind: str = "PNG", **how: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **how)
    return out.getvalue()


def picture(mode: str = "RGB", size: tuple[int, int] = (120, 80)) -> Image.Image:
    """Each quarter of its own colour, so that one sees which way is up."""
    drawn = Image.new("RGB", size, "red")
    width, height = size[0] // 2, size[1] // 2
    for colour, at in (("lime", (width, 0)), ("blue", (0, height)), ("white", (width, height))):
        drawn.paste(colour, (*at, at[0] + width, at[1] + height))
    return drawn.convert(mode)


def endless_steps() -> bytes:
    """A JPEG that loads in 100,000 steps, each a walk over 16 million pixels."""
    steps = saved(Image.new("L", (4000, 4000)), "JPEG", progressive=True)
    last = steps.rindex(b"\xff\xda")
    return steps[:-2] + (steps[last : last + 10] + b"\0\0") * 100_000 + b"\xff\xd9"


def logo(colour: str = "red") -> bytes:
    return saved(Image.new("RGB", (64, 64), colour))


def bun() -> bytes:
    """A baker's logo: a cinnamon bun, seen from above."""
    drawn = Image.new("RGB", (256, 256), "#fff1d6")
    pen = ImageDraw.Draw(drawn)
    pen.ellipse((28, 28, 228, 228), fill="#d59a4a")
    for turn, inset in enumerate((48, 70, 92)):
        pen.arc((inset, inset, 256 - inset, 256 - inset), 90 * turn, 90 * turn + 300, fill="#8a4b14", width=13)
    pen.ellipse((117, 117, 139, 139), fill="#8a4b14")
    return saved(drawn)


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def chunks_of(png: bytes) -> list[bytes]:
    names, at = [], 8
    while at < len(png):
        length, name = struct.unpack_from(">I4s", png, at)
        names.append(name)
        at += 12 + length
    return names
