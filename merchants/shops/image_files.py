"""Images that people send are decoded by a process of their own (`image_child`), which a hostile one may kill.

10 KB of PNG can ask a decoder for 400 MB, and decoders have had holes. What kills the process, or takes it too long,
is refused with a sentence, and the web worker goes on. A fresh interpreter is started for each image: it has no
threads, no keys and nothing of the image before, and costs less than 100 ms of CPU. A server of forks would start in 5,
but is one more process to keep alive beside each web worker, for what happens when a merchant changes a logo.
"""

import json
import logging
import subprocess
import sys
import tempfile
from typing import cast

from merchants.shops import image_child
from merchants.shops.image_child import ImageRefused, TooManyBytes, TooMuchWork

log = logging.getLogger(__name__)

MAX_BYTES = 2 * 1024 * 1024
# The largest image that is taken needs 260 MB of address space and one second of CPU.
MEMORY_MB = 512
CPU_S = 4
# Of the clock. On a busy machine the process gets a part of the time.
WALL_S = 20


def logo_of(raw: bytes) -> bytes:
    """A PNG that fits into a square of 480 pixels, and holds nothing but pixels; or an ImageRefused."""
    return _by_child("logo", raw)


def qr_texts_in(raw: bytes) -> list[str]:
    """The texts of the QR codes in a picture; or an ImageRefused."""
    return cast("list[str]", json.loads(_by_child("qr_texts", raw)))


def _by_child(task: str, raw: bytes) -> bytes:
    if len(raw) > MAX_BYTES:
        raise TooManyBytes
    command = [sys.executable, "-I", "-W", "ignore", image_child.__file__, task, str(MEMORY_MB), str(CPU_S)]
    # A file and not a pipe: the child can write no more into it than its limit.
    with tempfile.TemporaryFile() as out:
        try:
            ended = subprocess.run(command, input=raw, stdout=out, env={}, timeout=WALL_S, check=False).returncode  # noqa: S603  # our own file, and nothing of the sender's in the command
        except subprocess.TimeoutExpired:
            ended = None
        if ended == 0:
            out.seek(0)
            return out.read()
    if ended is None or ended < 0:
        log.warning("an image ended the process that decodes it: %s", "out of time" if ended is None else -ended)
        raise TooMuchWork
    raise _refusal(ended)


def _refusal(status: int) -> ImageRefused:
    at = status - image_child.FIRST_STATUS
    if not 0 <= at < len(image_child.REFUSALS):
        raise RuntimeError(f"the process that decodes images does not run: it ended with {status}")
    return image_child.REFUSALS[at]()
