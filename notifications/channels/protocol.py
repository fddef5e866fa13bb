"""What a push vendor must be able to do for us. One vendor is one file beside this one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class PushMessage:
    """One message to one device, in words no vendor has coined."""

    address_kind: str  # "fid" or "token"
    address: str
    # A message with the same tag replaces the earlier one on the phone's screen: sending twice shows once.
    tag: str
    title: str  # empty: silent, data only
    body: str
    data: Mapping[str, str]
    expires_at: datetime

    @property
    def is_visible(self) -> bool:
        return bool(self.title)


class TransportError(Exception):
    """The vendor did not take the message."""

    def __init__(
        self,
        code: str,
        *,
        permanent: bool,
        retry_after_s: float | None = None,
        device_gone: bool = False,
        detail: str = "",
    ) -> None:
        super().__init__(code)
        # Stable, short, kept on the row. The vendor's own words are for the log.
        self.code = code
        self.detail = detail[:300]
        # True: trying again cannot help, whatever we wait.
        self.permanent = permanent
        # What the vendor asked us to wait, if it did.
        self.retry_after_s = retry_after_s
        # True only when the vendor said that this address is dead. A refusal of our payload never retires a device.
        self.device_gone = device_gone


class PushTransport(Protocol):
    # The longest a single send may take, in seconds: leases are measured against it.
    longest_send_s: float

    def send(self, *, message: PushMessage, now: datetime) -> str:
        """Hand the message over and return the vendor's name for it. Raises TransportError."""
