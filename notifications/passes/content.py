"""What a pass says, before it is Apple's or Google's."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
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
    code: str
    code_in_groups: str
    expires_at: datetime
    stores: tuple[PassStore, ...]
    colour: str
    logo: bytes | None = field(default=None, repr=False)
    languages: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    voided: bool = False

    def __post_init__(self) -> None:
        if len(self.stores) > MOST_STORES:
            raise ValueError(f"a pass has at most {MOST_STORES} stores")
        if not _COLOUR.fullmatch(self.colour):
            raise ValueError("a colour is # and six hexadecimal digits in lower case")
        if self.expires_at.tzinfo is None:
            raise ValueError("expires_at needs an offset")
        if self.logo is not None and not self.logo.startswith(_PNG):
            raise ValueError("a logo is a PNG image")
