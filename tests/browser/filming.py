"""What the camera at the till sees: scenes, and films of them that Chromium shows in a camera's place."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import segno
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS, NO_NETWORK
from tests.conftest import skip_or_fail

WIDTH, HEIGHT = 640, 480
FRAMES_A_SECOND = 5


def qr_picture(text: str) -> Image.Image:
    """A coupon on a phone in front of a camera: a QR code, turned by some degrees, on a grey ground."""
    drawn = io.BytesIO()
    segno.make(text, error="m").save(drawn, kind="png", scale=8, border=4)
    scene = Image.new("L", (WIDTH, HEIGHT), 90)
    code = Image.open(drawn).convert("L").resize((300, 300)).rotate(7, expand=True, fillcolor=90)
    scene.paste(code, (WIDTH // 2 - code.width // 2, HEIGHT // 2 - code.height // 2))
    return scene


def nothing_to_see() -> Image.Image:
    return Image.new("L", (WIDTH, HEIGHT), 90)


def write_film(path: Path, scenes: Sequence[tuple[Image.Image, float]]) -> None:
    """YUV4MPEG2, each scene for so many seconds; the fake camera shows it over and over."""
    colourless = np.full(WIDTH * HEIGHT // 2, 128, np.uint8).tobytes()
    with path.open("wb") as film:
        film.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{FRAMES_A_SECOND}:1 Ip A1:1 C420jpeg\n".encode())
        for scene, seconds in scenes:
            film.write((b"FRAME\n" + scene.tobytes() + colourless) * max(1, round(seconds * FRAMES_A_SECOND)))


@contextmanager
def chromium_filming(film: Path) -> Iterator[Browser]:
    """For this browser `testserver` is this machine too: a page of that name has no HTTPS and is not loopback, so
    browsers keep the camera from it."""
    if not CHROMIUM.exists():
        skip_or_fail("Chromium (Debian's, at /usr/bin/chromium)")
    more = (
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
        f"--host-resolver-rules=MAP testserver 127.0.0.1, {NO_NETWORK}",  # of two, Chromium takes the last
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=[*FLAGS, *more])
        yield browser
        browser.close()
