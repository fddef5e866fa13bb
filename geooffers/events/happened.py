"""The kinds of events, and the value that is appended."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class EventKind(StrEnum):
    VISIT_BEGAN = "visit_began"
    VISIT_ENDED = "visit_ended"
    # A late fix changed what was told of a visit: its times, or whether it has ended. The row says how it stands now.
    VISIT_CORRECTED = "visit_corrected"
    COUPON_ISSUED = "coupon_issued"
    COUPON_SEEN = "coupon_seen"
    COUPON_REDEEMED = "coupon_redeemed"
    COUPON_EXPIRED = "coupon_expired"
    MESSAGE_SENT = "message_sent"
    CONSENT_CHANGED = "consent_changed"
    OFFER_CHANGED = "offer_changed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Happened:
    """`at`: when it happened, which may be before it was appended. The ids are those that the kind has."""

    kind: EventKind
    at: datetime
    shopper_id: UUID | None = None
    visit_id: UUID | None = None
    coupon_id: UUID | None = None
    offer_id: UUID | None = None
    store_id: UUID | None = None
    message_id: UUID | None = None
