"""May this shopper have this offer now? Frozen facts in, a verdict with its reason out.

Every verdict is kept with the Decision of its moment, so that "why did they (not) get it?" has an answer that does not
depend on remembering how things stood. docs/decision-reasons.md explains each code; a test keeps the two alike.

A yes here is a good guess, not the last word: between this look and the issue others may take the last place. The
conditional updates of `coupons.issuing` and `merchants.offers.budgets` have the last word; `deciding` gives it the same
codes.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# A coupon that cannot be used is worse than none: with less time than this left, the walk to the till takes too long.
SHORTEST_USE = timedelta(minutes=5)


class Reason(StrEnum):
    """Why an offer was chosen, passed over, refused or withheld. Codes are stable; they are stored."""

    # chosen
    BEST = "best"
    # passed over
    RANKED_LOWER = "ranked_lower"
    OTHER_MOMENT = "other_moment"
    CONTENDED = "contended"
    # refused: the offer
    NOT_PUBLISHED = "not_published"
    PAUSED = "paused"
    ENDED = "ended"
    NOT_STARTED = "not_started"
    OUTSIDE_SCHEDULE = "outside_schedule"
    ENDS_TOO_SOON = "ends_too_soon"
    CAP_REACHED = "cap_reached"
    # refused: this shopper
    ALREADY_ISSUED_THIS_VISIT = "already_issued_this_visit"
    SHOPPER_LIMIT = "shopper_limit"
    DEVICE_LIMIT = "device_limit"


class Standing(StrEnum):
    """Where the merchant has put the offer. The values are those of `merchants.models.OfferState`."""

    DRAFT = "draft"
    LIVE = "live"
    PAUSED = "paused"
    ENDED = "ended"


@dataclass(frozen=True, kw_only=True)
class Facts:
    standing: Standing
    starts_at: datetime
    ends_at: datetime
    open_now: bool
    cap: int
    taken: int  # reserved and redeemed
    limit: int  # coupons of this offer that one shopper may have
    had: int  # that this one has had
    issued_this_visit: bool
    device_is_full: bool = False  # as many others as may have had it on this phone

    def __post_init__(self) -> None:
        if self.starts_at.tzinfo is None or self.ends_at.tzinfo is None:
            raise ValueError("an offer's window needs a time zone")


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Eligible, or the first reason why not."""

    refused_for: Reason | None = None

    @property
    def is_eligible(self) -> bool:
        return self.refused_for is None


def judge(facts: Facts, *, now: datetime) -> Verdict:
    """The first reason that holds, the lasting ones first.

    The order matters to the reader of the answer: an offer that is paused and used up says "paused", because
    raising the cap would not help.
    """
    return Verdict(refused_for=_offer_refuses(facts, now) or _shopper_has_enough(facts) or _nothing_is_left(facts))


def _offer_refuses(facts: Facts, now: datetime) -> Reason | None:
    if facts.standing == Standing.DRAFT:
        return Reason.NOT_PUBLISHED
    if facts.standing == Standing.ENDED or now >= facts.ends_at:
        return Reason.ENDED
    if facts.standing == Standing.PAUSED:
        return Reason.PAUSED
    if now < facts.starts_at:
        return Reason.NOT_STARTED
    if not facts.open_now:
        return Reason.OUTSIDE_SCHEDULE
    if facts.ends_at - now < SHORTEST_USE:
        return Reason.ENDS_TOO_SOON
    return None


def _shopper_has_enough(facts: Facts) -> Reason | None:
    if facts.issued_this_visit:
        return Reason.ALREADY_ISSUED_THIS_VISIT
    if facts.had >= facts.limit:
        return Reason.SHOPPER_LIMIT
    if facts.device_is_full:
        return Reason.DEVICE_LIMIT
    return None


def _nothing_is_left(facts: Facts) -> Reason | None:
    return Reason.CAP_REACHED if facts.taken >= facts.cap else None
