"""The reasons of decisions in words, as docs/decision-reasons.md has them; a test keeps the two alike."""

from collections.abc import Mapping

from geooffers.coupons.eligibility import Reason

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
    Reason.CAP_REACHED: "Open and redeemed coupons have reached the cap.",
    Reason.RANKED_LOWER: "They could have had it; another offer was ranked higher.",
    Reason.BEST: "It became the coupon.",
}
