"""Which members a Firebase Cloud Messaging v1 message may have: our own declaration.

Google publishes the members as a discovery document; a test compares this file with it, so that the two cannot drift.
The look-alike checks every request against it: a member that Google would refuse is refused here too, before it
reaches a phone nobody can look into.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias


class Plain(Enum):
    STRING = "string"
    BOOLEAN = "boolean"
    INT32 = "int32"
    NUMBER = "number"
    DURATION = "duration"
    TIMESTAMP = "timestamp"
    STRING_MAP = "map of strings"
    STRUCT = "any object"


@dataclass(frozen=True)
class ListOf:
    item: "Spec"


@dataclass(frozen=True)
class OneOf:
    values: frozenset[str]


Spec: TypeAlias = "Plain | ListOf | OneOf | Mapping[str, Spec]"

S, B, STRINGS = Plain.STRING, Plain.BOOLEAN, ListOf(Plain.STRING)
LABEL: dict[str, Spec] = {"analyticsLabel": S}
COLOR: dict[str, Spec] = dict.fromkeys(("red", "green", "blue", "alpha"), Plain.NUMBER)
LIGHT: dict[str, Spec] = {"color": COLOR, "lightOnDuration": Plain.DURATION, "lightOffDuration": Plain.DURATION}
_PRIORITIES = ("UNSPECIFIED", "MIN", "LOW", "DEFAULT", "HIGH", "MAX")

_DRAWN_BY_ANDROID: dict[str, Spec] = {
    **dict.fromkeys(("title", "body", "icon", "color", "sound", "tag", "clickAction", "channelId", "ticker"), S),
    **dict.fromkeys(("titleLocKey", "bodyLocKey", "image"), S),
    **dict.fromkeys(("titleLocArgs", "bodyLocArgs"), STRINGS),
    **dict.fromkeys(("sticky", "localOnly", "defaultSound", "defaultVibrateTimings", "defaultLightSettings"), B),
    "eventTime": Plain.TIMESTAMP,
    "vibrateTimings": ListOf(Plain.DURATION),
    "notificationCount": Plain.INT32,
    "lightSettings": LIGHT,
    "notificationPriority": OneOf(frozenset(f"PRIORITY_{p}" for p in _PRIORITIES)),
    "visibility": OneOf(frozenset({"VISIBILITY_UNSPECIFIED", "PRIVATE", "PUBLIC", "SECRET"})),
}
_ANY_ANDROID: dict[str, Spec] = {
    "collapseKey": S,
    "ttl": Plain.DURATION,
    "restrictedPackageName": S,
    "data": Plain.STRING_MAP,
    "fcmOptions": LABEL,
    **dict.fromkeys(("directBootOk", "bandwidthConstrainedOk", "restrictedSatelliteOk"), B),
}
MESSAGE: dict[str, Spec] = {
    **dict.fromkeys(("name", "fid", "token", "topic", "condition"), S),
    "data": Plain.STRING_MAP,
    "notification": {"title": S, "body": S, "image": S},
    "fcmOptions": LABEL,
    "android": {
        **_ANY_ANDROID,
        "priority": OneOf(frozenset({"NORMAL", "HIGH"})),
        "notification": {
            **_DRAWN_BY_ANDROID,
            "bypassProxyNotification": B,
            "proxy": OneOf(frozenset({"PROXY_UNSPECIFIED", "ALLOW", "DENY", "IF_PRIORITY_LOWERED"})),
        },
    },
    "androidV2": {
        **_ANY_ANDROID,
        "backgroundSync": {},
        "remoteNotification": {
            "mutableContent": B,
            "useAsV1DataMessage": B,
            "notification": {**_DRAWN_BY_ANDROID, "id": Plain.INT32},
        },
    },
    "apns": {
        "headers": Plain.STRING_MAP,
        "payload": Plain.STRUCT,
        "liveActivityToken": S,
        "fcmOptions": {**LABEL, "image": S},
    },
    "webpush": {
        "headers": Plain.STRING_MAP,
        "data": Plain.STRING_MAP,
        "notification": Plain.STRUCT,
        "fcmOptions": {**LABEL, "link": S},
    },
}
REQUEST: dict[str, Spec] = {"message": MESSAGE, "validateOnly": B}

_PATTERNS = {
    Plain.DURATION: re.compile(r"-?\d{1,12}(\.\d{1,9})?s"),
    Plain.TIMESTAMP: re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)"),
}


@dataclass(frozen=True, kw_only=True)
class Violation:
    field: str
    description: str


def member_name(name: str) -> str:
    """JSON of protocol buffers takes a member by either name: apns_collapse_id or apnsCollapseId."""
    head, *rest = name.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)


def violations(*, spec: Spec, value: object, field: str = "") -> Iterator[Violation]:
    if isinstance(spec, Mapping):
        yield from _in_object(spec, value, field)
    elif isinstance(spec, ListOf):
        if isinstance(value, list):
            for place, item in enumerate(value):
                yield from violations(spec=spec.item, value=item, field=f"{field}[{place}]")
        else:
            yield _wrong(field, "a list")
    elif isinstance(spec, OneOf):
        # Google's own examples write "high": it takes the names of an enum in either case.
        if not isinstance(value, str) or value.upper() not in spec.values:
            yield _wrong(field, "one of " + ", ".join(sorted(spec.values)))
    elif not _is_plain(spec, value):
        yield _wrong(field, spec.value)


def _in_object(spec: Mapping[str, Spec], value: object, field: str) -> Iterator[Violation]:
    if not isinstance(value, dict):
        yield _wrong(field, "an object")
        return
    seen = set()
    for name, inner in value.items():
        member = member_name(name)
        if member not in spec or member in seen:
            yield Violation(field=field, description=f'Unknown name "{name}" at {field!r}: Cannot find field.')
            continue
        seen.add(member)
        yield from violations(spec=spec[member], value=inner, field=f"{field}.{name}" if field else name)


def _is_plain(spec: Plain, value: object) -> bool:
    match spec:
        case Plain.STRING:
            return isinstance(value, str)
        case Plain.BOOLEAN:
            return isinstance(value, bool)
        case Plain.INT32:
            return isinstance(value, int) and not isinstance(value, bool) and -(2**31) <= value < 2**31
        case Plain.NUMBER:
            return isinstance(value, int | float) and not isinstance(value, bool)
        case Plain.STRUCT:
            return isinstance(value, dict)
        case Plain.STRING_MAP:
            return isinstance(value, dict) and all(isinstance(inner, str) for inner in value.values())
        case Plain.DURATION | Plain.TIMESTAMP:
            return isinstance(value, str) and _PATTERNS[spec].fullmatch(value) is not None


def _wrong(field: str, expected: str) -> Violation:
    return Violation(field=field, description=f"Invalid value at {field!r}: expected {expected}.")
