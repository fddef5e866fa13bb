"""A simulated visit in words, line by line: what a merchant reads beside the drawing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from geooffers.decisions.choosing import Outcome
from geooffers.decisions.models import MessageOutcome
from geooffers.decisions.reason_words import WORDS
from geooffers.usecases.location.simulate_visit import SimulatedCandidate, SimulatedCoupon, SimulatedVisit
from geooffers.visits.engine import explaining
from geooffers.visits.engine.observations import Touch, to_ms
from geooffers.visits.engine.transition_events import Change
from geooffers.visits.engine.transitions import Transition
from geooffers.visits.engine.tuning import DRIVE_BY, WALK_IN

CHANGES = {
    Change.ENTERED: "Entered",
    Change.APPEARED_INSIDE: "Was inside already",
    Change.SETTLED: "Walked in",
    Change.DWELLED: "Stayed",
    Change.LEFT: "Left",
    Change.CORRECTED: "Corrected",
    Change.CROSSED: "Drove through",
}
OUTCOMES = {
    Outcome.CHOSEN: "chosen",
    Outcome.PASSED_OVER: "passed over",
    Outcome.REFUSED: "refused",
    Outcome.WITHHELD: "withheld",
}
NO_PUSH = {
    MessageOutcome.TOO_SOON: "another one was sent within the last ten minutes",
    MessageOutcome.TOO_LATE: "it was told too late to disturb anybody for it",
    MessageOutcome.BARRED: "a shop of this trade may not push to who is there",
}


@dataclass(frozen=True, kw_only=True)
class ChangeRead:
    word: str
    kind: str
    fence: str
    at: str
    why: str
    confidence: str


@dataclass(frozen=True, kw_only=True)
class OfferRead:
    title: str
    outcome: str
    kind: str
    reason: str
    code: str
    score: str


@dataclass(frozen=True, kw_only=True)
class CouponRead:
    title: str
    text: str
    terms: str
    until: str
    push_title: str
    push_text: str
    push_until: str
    no_push: str


@dataclass(frozen=True, kw_only=True)
class ReadLine:
    """One position, and all that came of it."""

    number: int
    at: str
    after: str
    where: tuple[str, ...]
    waits: tuple[str, ...]
    not_used: str
    changes: tuple[ChangeRead, ...]
    offers: tuple[OfferRead, ...]
    coupon: CouponRead | None

    @property
    def is_eventful(self) -> bool:
        return bool(self.changes or self.offers or self.coupon)


def lines(visit: SimulatedVisit) -> tuple[ReadLine, ...]:
    return tuple(_lines(visit))


def summary(visit: SimulatedVisit) -> str:
    """What it came to, in a sentence or two."""
    changes = [one.change for seen in visit.seen for one in seen.transitions]
    coupons = [seen.coupon for seen in visit.seen if seen.coupon is not None]
    if not any(change in CHANGES for change in changes):
        return "No visit: whoever passes like this is not there. The lines below say what was missing."
    if not coupons:
        judged = any(seen.candidates for seen in visit.seen)
        why = "every offer was refused" if judged else "no offer of this store waits for such a visit"
        return f"A visit, and no coupon: {why}."
    titles = ", ".join(f"“{coupon.offer.title}”" for coupon in coupons)
    pushed = any(coupon.push for coupon in coupons)
    return f"A visit, and {titles}: {'pushed to the phone' if pushed else 'shown in the app, not pushed'}."


def _lines(visit: SimulatedVisit) -> Iterator[ReadLine]:
    zone = ZoneInfo(visit.fence.store.time_zone)
    names = {fence.pk: fence.name for fence in visit.fences}
    first, alone = visit.seen[0].at, len(names) == 1
    for number, one in enumerate(visit.seen, start=1):
        here = {touch.fence: touch for touch in one.touches}
        waits = [(names[fence], explaining.waits_for(stay, at_ms=to_ms(one.at))) for fence, stay in one.stays.items()]
        yield ReadLine(
            number=number,
            at=_clock(one.at, zone),
            after=_after((one.at - first).total_seconds()),
            where=tuple(
                _named(fence.name, _where(here.get(fence.pk), accuracy_m=one.step.accuracy_m), alone=alone)
                for fence in visit.fences
            ),
            waits=tuple(_named(name, words, alone=alone) for name, words in waits if words),
            not_used=explaining.why_dropped(one.result.status, one.result.code),
            changes=tuple(
                _change(transition, visit, name=names[transition.fence], zone=zone) for transition in one.transitions
            ),
            offers=tuple(_offer(candidate) for candidate in one.candidates),
            coupon=None if one.coupon is None else _coupon(one.coupon, zone=zone),
        )


def _where(touch: Touch | None, *, accuracy_m: float) -> str:
    """What matching said, measured by the accuracy of the position."""
    if touch is None:
        return "far outside"
    if touch.distance_m is None:
        return "surely inside"
    distance_m = abs(touch.distance_m)
    surely = "surely " if distance_m >= accuracy_m else ""
    doubt = "" if surely else f", less than its accuracy of {accuracy_m:.0f} m"
    return f"{surely}{'inside' if touch.inside else 'outside'}, by {distance_m:.0f} m{doubt}"


def _named(name: str, words: str, *, alone: bool) -> str:
    return words[0].upper() + words[1:] if alone else f"{name}: {words}"


def _change(transition: Transition, visit: SimulatedVisit, *, name: str, zone: ZoneInfo) -> ChangeRead:
    facts = visit.facts[transition.fence]
    tuning = DRIVE_BY if facts.is_drive_by else WALK_IN
    why = explaining.why(transition, tuning=tuning, dwell_s=facts.dwell_s, size_m=facts.size_m)
    return ChangeRead(
        word=CHANGES[transition.change],
        kind="entered" if transition.change is Change.APPEARED_INSIDE else str(transition.change),
        fence=name,
        at=_clock(transition.at, zone),
        why=why[0].upper() + why[1:] + ".",
        confidence=f"{transition.confidence:.0%}",
    )


def _offer(candidate: SimulatedCandidate) -> OfferRead:
    return OfferRead(
        title=candidate.offer.title,
        outcome=OUTCOMES[candidate.outcome],
        kind=candidate.outcome,
        reason=WORDS[candidate.reason],
        code=candidate.reason,
        score="" if candidate.score is None else f"{candidate.score:.2f}",
    )


def _coupon(coupon: SimulatedCoupon, *, zone: ZoneInfo) -> CouponRead:
    push = coupon.push
    return CouponRead(
        title=coupon.offer.title,
        text=coupon.offer.text,
        terms=coupon.offer.terms,
        until=f"{coupon.expires_at.astimezone(zone):%-d %B, %H:%M}",
        push_title=push.title if push else "",
        push_text=push.body if push else "",
        push_until=_clock(push.expires_at, zone) if push else "",
        no_push=NO_PUSH.get(coupon.message, ""),
    )


def _clock(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%H:%M:%S}"


def _after(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"+{hours}:{minutes:02}:{rest:02}" if hours else f"+{minutes}:{rest:02}"
