"""What arrived, and what the phone's notification drawer would show of it."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

KEPT_MESSAGES = 100_000


@dataclass(frozen=True, kw_only=True)
class Accepted:
    number: int
    name: str
    received_at: datetime
    address: str
    message: Mapping[str, Any]

    @property
    def is_visible(self) -> bool:
        return "notification" in self.message

    @property
    def tag(self) -> str:
        """Android replaces by tag and iOS by collapse id. Without either, every arrival is a line of its own."""
        android = self.message.get("android", {}).get("notification", {})
        headers = self.message.get("apns", {}).get("headers", {})
        return str(android.get("tag") or headers.get("apns-collapse-id") or self.name)


class Inbox:
    """The accepted messages of all phones, the newest KEPT_MESSAGES of them."""

    def __init__(self, *, keep: int = KEPT_MESSAGES) -> None:
        self._messages: deque[Accepted] = deque(maxlen=keep)
        self.last_number = 0

    def accept(self, *, address: str, message: Mapping[str, Any], project: str, now: datetime) -> Accepted:
        self.last_number += 1
        accepted = Accepted(
            number=self.last_number,
            name=f"projects/{project}/messages/0:{self.last_number}",
            received_at=now,
            address=address,
            message=message,
        )
        self._messages.append(accepted)
        return accepted

    def since(self, number: int) -> Iterator[Accepted]:
        return (message for message in self._messages if message.number > number)

    def drawer(self, address: str) -> dict[str, list[Accepted]]:
        """The visible notifications of one phone: for each tag all arrivals, of which the last one is on screen."""
        shown: dict[str, list[Accepted]] = {}
        for message in self._messages:
            if message.address == address and message.is_visible:
                shown.setdefault(message.tag, []).append(message)
        return shown
