"""A device's packed state as the database holds it: sealed, for that device alone.

Where somebody is stands in these bytes. In a dump they say nothing, and moved to the row of another device, or changed,
they do not open: then the state is lost, as if the phone had never reported. It is counted and logged, without a word
about whose it was, and nothing is made up in its place.
"""

import logging
import threading
from uuid import UUID

from geooffers.sealing import configured, rings

log = logging.getLogger(__name__)

# What the bytes are of; the version of what is inside stands inside (`packing`).
PURPOSE = b"geooffers device state 1"

_lock = threading.Lock()
_lost = 0


def lost_count() -> int:
    """How many states this process could not open."""
    return _lost


def seal(packed: bytes, *, device_id: UUID) -> bytes:
    """A state in which nothing is known is no bytes at all, and stays so."""
    return configured.ring().newest.seal_row(packed, row=device_id.bytes, purpose=PURPOSE) if packed else b""


def open_(sealed: bytes, *, device_id: UUID) -> bytes:
    """The packed state; no bytes when it is lost."""
    global _lost
    if not sealed:
        return b""
    try:
        return configured.ring().key_of(sealed).open_row(sealed, row=device_id.bytes, purpose=PURPOSE)
    except (rings.KeyGone, rings.NotOurs) as why:
        with _lock:
            _lost += 1
        log.error("the state of a device is lost: %s", why)
        return b""
