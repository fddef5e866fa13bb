"""What a vendor must be able to do for us. One channel is one file beside this one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar
from uuid import UUID

from notifications.deliveries.limits import Limits
from notifications.models import Channel
from notifications.passes.content import PassContent


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


@dataclass(frozen=True, kw_only=True)
class PassUpdate:
    """What a saved pass is to say from now on."""

    serial: UUID
    # The vendor's class that the pass was saved with.
    template: str
    # None: its shopper was erased, so the pass says nothing.
    content: PassContent | None


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


M_contra = TypeVar("M_contra", contravariant=True)


class Transport(Protocol[M_contra]):
    """Hands the messages of one channel to its vendor. `send` is called on several threads and asks no database."""

    @property
    def channel(self) -> Channel: ...

    @property
    def limits(self) -> Limits: ...

    # The longest a single send may take, in seconds: leases are measured against it.
    @property
    def longest_send_s(self) -> float: ...

    # True: what was said last stands at the vendor, so an update that comes late must be sent again.
    @property
    def last_word_stands(self) -> bool: ...

    def send(self, *, message: M_contra, now: datetime) -> str:
        """Hand the message over and return the vendor's name for it, if it has one. Raises TransportError."""
