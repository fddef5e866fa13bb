"""Why a shopper did (not) get an offer, in words for the shopper. docs/decision-reasons.md has the merchant's."""

from collections.abc import Mapping

from geooffers.coupons.eligibility import Reason

WORDS: Mapping[str, str] = {
    Reason.BEST: "It was the best of the offers that you could have at that moment.",
    Reason.RANKED_LOWER: "You could have had it; another offer was better for you at that moment.",
    Reason.NOT_PUBLISHED: "The shop had not published it yet.",
    Reason.PAUSED: "The shop had paused it.",
    Reason.ENDED: "It was over.",
    Reason.NOT_STARTED: "It had not begun yet.",
    Reason.OUTSIDE_SCHEDULE: "It was not on at that time of the day or week.",
    Reason.ENDS_TOO_SOON: "It ended within minutes: too little time to get to the till.",
    Reason.CAP_REACHED: "All of its coupons were taken.",
    Reason.ALREADY_ISSUED_THIS_VISIT: "This visit had brought it to you already.",
    Reason.SHOPPER_LIMIT: "You had had as many coupons of it as one person may have.",
}


def words_for(reason: str) -> str:
    """A code from a later version, after a rollback, is shown as it is."""
    return WORDS.get(reason, reason)
