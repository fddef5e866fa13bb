"""What Firebase refuses although every member has the right type."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from notifications.sandbox.schema import Violation

TARGETS = ("fid", "token", "topic", "condition")
MAX_BYTES = 4096
MAX_BYTES_TO_A_TOPIC = 2048
MAX_TTL_S = 28 * 24 * 3600
MAX_COLLAPSE_ID_BYTES = 64
_APNS_HEADERS = frozenset(
    f"apns-{name}" for name in ("id", "expiration", "priority", "topic", "collapse-id", "push-type")
) | {"authorization"}
_RESERVED_KEYS = ("from", "message_type", "collapse_key")
_TOPIC = re.compile(r"[a-zA-Z0-9\-_.~%]{1,900}")


def violations(*, message: Mapping[str, Any]) -> Iterator[Violation]:
    targets = [name for name in TARGETS if message.get(name)]
    if len(targets) != 1:
        yield Violation(field="message", description=f"Exactly one recipient is needed, got {targets}.")
    if "android" in message and ("androidV2" in message or "android_v2" in message):
        yield Violation(field="message.android_v2", description="android and android_v2 exclude each other.")
    topic = message.get("topic")
    if topic and not _TOPIC.fullmatch(topic):
        yield Violation(field="message.topic", description="Malformed topic name.")
    for key in message.get("data", {}):
        if key in _RESERVED_KEYS or key.startswith(("google.", "gcm.")):
            yield Violation(field=f"message.data[{key}]", description=f"Invalid data payload key: {key}")
    yield from _android(message.get("android", {}))
    yield from _apns(message.get("apns", {}))
    size = _size(message)
    limit = MAX_BYTES_TO_A_TOPIC if topic or message.get("condition") else MAX_BYTES
    if size > limit:
        yield Violation(field="message", description=f"Message is too big: {size} bytes, at most {limit}.")


def _android(android: Mapping[str, Any]) -> Iterator[Violation]:
    ttl = android.get("ttl")
    if ttl is not None and not 0 <= float(ttl.removesuffix("s")) <= MAX_TTL_S:
        yield Violation(field="message.android.ttl", description="TTL must lie between 0 and four weeks.")


def _apns(apns: Mapping[str, Any]) -> Iterator[Violation]:
    headers = {name.lower(): value for name, value in apns.get("headers", {}).items()}
    for name in headers.keys() - _APNS_HEADERS:
        yield Violation(field=f"message.apns.headers[{name}]", description="Unknown APNs header.")
    if len(headers.get("apns-collapse-id", "").encode()) > MAX_COLLAPSE_ID_BYTES:
        yield Violation(field="message.apns.headers[apns-collapse-id]", description="At most 64 bytes.")
    if headers.get("apns-priority", "10") not in ("1", "5", "10"):
        yield Violation(field="message.apns.headers[apns-priority]", description="1, 5 or 10.")
    if not headers.get("apns-expiration", "0").isdigit():
        yield Violation(field="message.apns.headers[apns-expiration]", description="Seconds since 1970.")
    aps = apns.get("payload", {}).get("aps", {})
    silent = aps.get("content-available") == 1 and not aps.keys() & {"alert", "sound", "badge"}
    # Apple drops a background message that claims to be urgent.
    if silent and headers.get("apns-priority") == "10":
        yield Violation(field="message.apns.headers[apns-priority]", description="A background message needs 5.")


def _size(message: Mapping[str, Any]) -> int:
    """The larger of what an Android and what an iOS phone would receive. Google does not publish its own sum."""
    shown = [
        message.get("data", {}),
        message.get("notification", {}),
        message.get("android", {}).get("notification", {}),
    ]
    android = sum(len(_compact(part)) - 2 for part in shown)
    return max(android, len(_compact(message.get("apns", {}).get("payload", {}))))


def _compact(part: object) -> bytes:
    return json.dumps(part, separators=(",", ":"), ensure_ascii=False).encode()
