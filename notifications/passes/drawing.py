"""The images of an Apple pass, drawn from the merchant's colour: a pin, and the rings of a fence around it.

Numbers only, so the same colour gives the same bytes on every machine, and nothing is fetched.
"""

import struct
import zlib
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.float64]
SCALES = (1, 2, 3)
ICON, LOGO, STRIP = (29, 29), (50, 50), (375, 144)  # width and height in Apple's points
WHITE, INK = "#ffffff", "#16181d"


def rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def readable_on(colour: str) -> str:
    """White or ink, whichever has the greater contrast (WCAG) on this colour."""
    light = _luminance(colour)
    return WHITE if 1.05 / (light + 0.05) >= (light + 0.05) / (_luminance(INK) + 0.05) else INK


def _luminance(colour: str) -> float:
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _parts(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _parts(colour: str) -> list[float]:
    return [part / 255 for part in rgb(colour)]


@lru_cache(maxsize=256)
def images(colour: str) -> Mapping[str, bytes]:
    """File name to PNG. Kept for each colour: drawing takes longer than signing."""
    drawn = {}
    for scale in SCALES:
        suffix = "" if scale == 1 else f"@{scale}x"
        drawn[f"icon{suffix}.png"] = _icon(colour, scale)
        drawn[f"logo{suffix}.png"] = _logo(colour, scale)
        drawn[f"strip{suffix}.png"] = _strip(colour, scale)
    return MappingProxyType(drawn)


def _icon(colour: str, scale: int) -> bytes:
    width, height = ICON[0] * scale, ICON[1] * scale
    plain = np.broadcast_to(np.array(_parts(colour)), (height, width, 3))
    pin = _pin(width, height, at=(width * 0.5, height * 0.43), size=height * 0.27)
    return _png(_over(plain, pin, readable_on(colour)))


def _logo(colour: str, scale: int) -> bytes:
    """The pin alone on nothing: it lies on the pass's own background."""
    width, height = LOGO[0] * scale, LOGO[1] * scale
    pin = _pin(width, height, at=(width * 0.5, height * 0.4), size=height * 0.3)
    ink = np.broadcast_to(np.array(_parts(readable_on(colour))), (height, width, 3))
    return _png(np.dstack([ink, pin]))


def _strip(colour: str, scale: int) -> bytes:
    """Rings at the right edge, darker towards the foot: what is written over the left half stays readable."""
    width, height = STRIP[0] * scale, STRIP[1] * scale
    ink = readable_on(colour)
    fall = np.linspace(1.0, 0.86, height)[:, None, None]
    picture: Pixels = np.array(_parts(colour)) * np.broadcast_to(fall, (height, width, 1))
    at = (width * 0.84, height * 0.45)
    distance = _distance(width, height, at)
    for radius in (0.42, 0.68, 0.98):
        ring = np.clip(1.4 * scale - np.abs(distance - radius * height), 0.0, 1.0)
        picture = _over(picture, ring * 0.22, ink)
    return _png(_over(picture, _pin(width, height, at=at, size=height * 0.15) * 0.9, ink))


def _distance(width: int, height: int, at: tuple[float, float]) -> Pixels:
    down, across = np.mgrid[0:height, 0:width] + 0.5
    distance: Pixels = np.hypot(across - at[0], down - at[1])
    return distance


def _pin(width: int, height: int, *, at: tuple[float, float], size: float) -> Pixels:
    """How much of each pixel a map pin covers: a disc with a hole, and a point below. Sampled sixteen times, in the
    square around the pin only: sampling a whole strip took ten times as long as all else."""
    fine, reach = 4, int(size * 2) + 1
    left, top = max(int(at[0]) - reach, 0), max(int(at[1]) - reach, 0)
    right, foot = min(left + 2 * reach, width), min(top + 2 * reach, height)
    down, across = (np.mgrid[top * fine : foot * fine, left * fine : right * fine] + 0.5) / fine
    below, aside = (down - at[1]) / size, np.abs(across - at[0]) / size
    distance = np.hypot(below, aside)
    # The sides leave the disc as tangents and meet 1.9 radii below its centre.
    tip, touch = 1.9, 1 / 1.9
    point = (below >= touch) & (below <= tip) & (aside <= (tip - below) / np.sqrt(tip**2 - 1))
    inside = ((distance <= 1.0) | point) & (distance > 0.42)
    covered = np.zeros((height, width))
    covered[top:foot, left:right] = inside.reshape(foot - top, fine, right - left, fine).mean(axis=(1, 3))
    return covered


def _over(picture: Pixels, covered: Pixels, colour: str) -> Pixels:
    share = covered[:, :, None]
    mixed: Pixels = picture * (1 - share) + np.array(_parts(colour)) * share
    return mixed


def _png(picture: Pixels) -> bytes:
    height, width, channels = picture.shape
    rows = np.rint(picture * 255).astype(np.uint8).reshape(height, width * channels)
    # Filter 2 stores the difference to the row above: most of a picture of ours is the same as above.
    filtered = np.vstack([rows[:1], np.diff(rows, axis=0)])  # uint8 wraps, as PNG wants
    lines = np.hstack([np.full((height, 1), 2, np.uint8), filtered]).tobytes()
    header = struct.pack(">IIBBBBB", width, height, 8, 6 if channels == 4 else 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines, 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
