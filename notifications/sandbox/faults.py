"""The vendor's bad days, on request.

By target: an address that starts with a fault's name and a dash gets that fault, `unregistered-17` always and
`unavailable@2-17` twice before all is well. By plan: POST /sandbox/faults says what the next requests get. A planned
fault may be marked `accepted`: the message counts as delivered, the pass as changed, and only the answer goes wrong,
which is the case that makes senders repeat themselves.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

DEFAULT_SECONDS = 2.0


class BadPlan(ValueError):
    """A fault needs a known kind, a count above zero and sensible seconds."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """How Google words an error."""

    http: int
    status: str
    code: str
    message: str
    retry_after: str = ""


ANSWERS = {
    "unregistered": Answer(
        http=404, status="NOT_FOUND", code="UNREGISTERED", message="Requested entity was not found."
    ),
    "quota": Answer(
        http=429, status="RESOURCE_EXHAUSTED", code="QUOTA_EXCEEDED", message="Quota exceeded.", retry_after="7"
    ),
    "quotabare": Answer(http=429, status="RESOURCE_EXHAUSTED", code="QUOTA_EXCEEDED", message="Quota exceeded."),
    "unavailable": Answer(
        http=503, status="UNAVAILABLE", code="UNAVAILABLE", message="The service is currently unavailable."
    ),
    "internal": Answer(http=500, status="INTERNAL", code="INTERNAL", message="Internal error encountered."),
    "invalid": Answer(
        http=400, status="INVALID_ARGUMENT", code="", message="Invalid value at 'message.android.notification'"
    ),
    "mismatch": Answer(http=403, status="PERMISSION_DENIED", code="SENDER_ID_MISMATCH", message="SenderId mismatch"),
    "apnsauth": Answer(
        http=401, status="UNAUTHENTICATED", code="THIRD_PARTY_AUTH_ERROR", message="Auth error from APNS"
    ),
}
# slow: a late but good answer. held: a good answer when the next faults are ordered. hang: no answer.
# reset: the connection breaks. html: 200 with a web page. strange: 200 with JSON that is not Google's.
# gateway: 502 with a web page.
ODD = frozenset({"slow", "held", "hang", "reset", "html", "strange", "gateway"})
KINDS = ODD | ANSWERS.keys()
_IN_TARGET = re.compile(r"([a-z]+)(?:@(\d+))?-")


@dataclass(frozen=True, kw_only=True)
class Fault:
    kind: str
    times: int = 1
    target: str = ""  # only addresses, or ids of passes, that start with this
    skip: int = 0  # let so many matching requests through first
    accepted: bool = False
    seconds: float = DEFAULT_SECONDS
    endpoint: str = "send"  # or "token": the OAuth grant; "wallet": Google Wallet; "integrity": Google Play


class FaultPlan:
    """What is left of the scripted faults, and how often an address has had its own."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.latency_s = 0.0
        self._given: Counter[str] = Counter()

    def take(self, *, endpoint: str, target: str = "") -> Fault | None:
        for place, fault in enumerate(self.faults):
            if fault.endpoint != endpoint or not target.startswith(fault.target):
                continue
            if fault.skip:
                self.faults[place] = replace(fault, skip=fault.skip - 1)
                continue
            self.faults[place] = replace(fault, times=fault.times - 1)
            self.faults = [left for left in self.faults if left.times > 0]
            return fault
        return self._named_by(target)

    def _named_by(self, target: str) -> Fault | None:
        found = _IN_TARGET.match(target)
        if not found or found[1] not in KINDS:
            return None
        self._given[target] += 1
        if found[2] and self._given[target] > int(found[2]):
            return None
        return Fault(kind=found[1])


def read_fault(raw: Mapping[str, Any]) -> Fault:
    try:
        fault = Fault(**raw)
        good = (
            fault.kind in KINDS
            and fault.endpoint in ("send", "token", "wallet", "integrity")
            and 0 < int(fault.times) <= 1_000_000
            and int(fault.skip) >= 0
            and 0 <= float(fault.seconds) <= 600
        )
    except (TypeError, ValueError) as error:
        raise BadPlan(str(error)) from error
    if not good:
        raise BadPlan(f"kind is one of {sorted(KINDS)}")
    return fault
