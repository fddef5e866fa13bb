"""What a pass says, before it is Apple's or Google's."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from uuid import UUID

# Both wallets take ten: Apple ignores the rest, Google refuses the whole pass.
MOST_STORES = 10
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, kw_only=True)
class PassStore:
    name: str
    lat: float
    lon: float
    # Whether the wallet may show the pass by itself when its phone is near.
    shown_nearby: bool = True


@dataclass(frozen=True, kw_only=True)
class PassContent:
    """One coupon. Texts are the merchant's and are carried as they are; no wallet reads them as markup.

    `languages` maps a language to the translations of our own English words (`words.in_languages` makes it).
    """

    serial: UUID
    merchant: str
    title: str
    text: str
    terms: str
    discount: str
    # None when it is of no more use: redeemed or expired.
    code: str | None
    code_in_groups: str | None
    expires_at: datetime
    stores: tuple[PassStore, ...]
    colour: str
    logo: bytes | None = field(default=None, repr=False)
    languages: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    voided: bool = False

    @property
    def nearby(self) -> tuple[PassStore, ...]:
        """The stores at which the wallet may show the pass by itself."""
        return tuple(store for store in self.stores if store.shown_nearby)

    def digest(self) -> bytes:
        """Tells whether a pass says something new. The code is left out: it never changes, and a hash over it could be
        tried against all codes there are."""
        said = asdict(replace(self, code=None, code_in_groups=None))
        return sha256(json.dumps([said, self.code is None], default=_as_text, sort_keys=True).encode()).digest()

    def __post_init__(self) -> None:
        if len(self.stores) > MOST_STORES:
            raise ValueError(f"a pass has at most {MOST_STORES} stores")
        if not _COLOUR.fullmatch(self.colour):
            raise ValueError("a colour is # and six hexadecimal digits in lower case")
        if self.expires_at.tzinfo is None:
            raise ValueError("expires_at needs an offset")
        if self.logo is not None and not self.logo.startswith(_PNG):
            raise ValueError("a logo is a PNG image")


def _as_text(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
