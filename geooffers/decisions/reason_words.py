"""The reasons of decisions in words: for merchants as docs/decision-reasons.md has them, and for the shopper."""

from collections.abc import Mapping

from geooffers.decisions.eligibility import Reason

WORDS: Mapping[str, str] = {
    Reason.NOT_PUBLISHED: "The offer is a draft.",
    Reason.ENDED: "The merchant ended it, or its window is over.",
    Reason.PAUSED: "The merchant paused it.",
    Reason.NOT_STARTED: "Its window has not begun.",
    Reason.OUTSIDE_SCHEDULE: "The weekly schedule is closed now, on the store's own clock.",
    Reason.ENDS_TOO_SOON: "It ends within five minutes: too little to walk to the till.",
    Reason.ALREADY_ISSUED_THIS_VISIT: "This visit has brought this offer already.",
    Reason.SHOPPER_LIMIT: (
        "The shopper has had as many coupons of it as the offer allows. Expired unused, one counts no more."
    ),
    Reason.DEVICE_LIMIT: "On this phone five other people have had it within the four weeks.",
    Reason.CAP_REACHED: "Open and redeemed coupons have reached the cap.",
    Reason.RANKED_LOWER: "They could have had it; another offer was ranked higher.",
    Reason.OTHER_MOMENT: (
        "They could have had it; the report began several moments, and the coupon came of another one."
    ),
    Reason.CONTENDED: "They could have had it; the last places of two better ones were taken at that instant.",
    Reason.BEST: "It became the coupon.",
}

# What the shopper reads in the copy of their data. A test fails for a reason that is not here.
TO_SHOPPERS: Mapping[str, str] = {
    Reason.BEST: "It was the best of the offers that you could have at that moment.",
    Reason.RANKED_LOWER: "You could have had it; another offer was better for you at that moment.",
    Reason.OTHER_MOMENT: "You could have had it; you came to several places at once, and one coupon came of it.",
    Reason.CONTENDED: "You could have had it, but so many others were faster at that moment that nothing was issued.",
    Reason.NOT_PUBLISHED: "The shop had not published it yet.",
    Reason.PAUSED: "The shop had paused it.",
    Reason.ENDED: "It was over.",
    Reason.NOT_STARTED: "It had not begun yet.",
    Reason.OUTSIDE_SCHEDULE: "It was not on at that time of the day or week.",
    Reason.ENDS_TOO_SOON: "It ended within minutes: too little time to get to the till.",
    Reason.CAP_REACHED: "All of its coupons were taken.",
    Reason.ALREADY_ISSUED_THIS_VISIT: "This visit had brought it to you already.",
    Reason.SHOPPER_LIMIT: "You had had as many coupons of it as one person may have.",
    Reason.DEVICE_LIMIT: "Five other people had had it on this phone within four weeks.",
}


def to_shopper(reason: str) -> str:
    """A code from a later version, after a rollback, is shown as it is."""
    return TO_SHOPPERS.get(reason, reason)
