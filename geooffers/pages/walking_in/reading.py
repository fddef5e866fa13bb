"""A rehearsal in words, line by line: what a merchant reads beside the drawing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from geooffers.coupons.models import Coupon, Decision, Outcome
from geooffers.coupons.reason_words import WORDS
from geooffers.usecases.location.rehearse_visit import Rehearsal, Seen
from geooffers.usecases.location.report_positions import Told
from geooffers.visits.engine import explaining
from geooffers.visits.engine.transitions import DRIVE_BY, WALK_IN, Change, Touch, Transition
from notifications.models import Message

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


@dataclass(frozen=True, kw_only=True)
class Line:
    """One position, and all that came of it."""

    number: int
    at: str
    after: str
    where: tuple[str, ...]
    waits: tuple[str, ...]
    not_used: str
    changes: tuple[ChangeRead, ...]
    offers: tuple[OfferRead, ...]
    coupons: tuple[CouponRead, ...]

    @property
    def is_eventful(self) -> bool:
        return bool(self.changes or self.offers or self.coupons)


def lines(rehearsal: Rehearsal) -> tuple[Line, ...]:
    return tuple(_lines(rehearsal))


def summary(rehearsal: Rehearsal) -> str:
    """What it came to, in a sentence or two."""
    told = [one for seen in rehearsal.seen for one in seen.told]
    coupons = [coupon for seen in rehearsal.seen for coupon in seen.coupons]
    if not any(one.change in CHANGES for one in told):
        return "No visit: whoever passes like this is not there. The lines below say what was missing."
    if not coupons:
        judged = any(seen.decisions for seen in rehearsal.seen)
        why = "every offer was refused" if judged else "no offer of this store waits for such a visit"
        return f"A visit, and no coupon: {why}."
    titles = ", ".join(f"“{coupon.title}”" for coupon in coupons)
    pushes = sum(len(seen.pushes) for seen in rehearsal.seen)
    return f"A visit, and {titles}: {'pushed to the phone' if pushes else 'shown in the app, not pushed'}."


def _lines(rehearsal: Rehearsal) -> Iterator[Line]:
    zone = ZoneInfo(rehearsal.fence.store.time_zone)
    names = {fence.pk: fence.name for fence in rehearsal.fences}
    by_public_id = {fence.public_id: fence.pk for fence in rehearsal.fences}
    first, alone = rehearsal.seen[0].at, len(names) == 1
    for number, one in enumerate(rehearsal.seen, start=1):
        here = {touch.fence: touch for touch in one.touches}
        waits = [
            (names[fence], explaining.waits_for(stay, at_ms=int(one.at.timestamp() * 1000)))
            for fence, stay in one.stays.items()
        ]
        yield Line(
            number=number,
            at=_clock(one.at, zone),
            after=_after((one.at - first).total_seconds()),
            where=tuple(
                _named(fence.name, _where(here.get(fence.pk), accuracy_m=one.step.accuracy_m), alone=alone)
                for fence in rehearsal.fences
            ),
            waits=tuple(_named(name, words, alone=alone) for name, words in waits if words),
            not_used=explaining.why_dropped(one.result.status, one.result.code),
            changes=tuple(
                _change(told, rehearsal, fence=by_public_id[told.fence_id], name=names[by_public_id[told.fence_id]],
                        zone=zone)
                for told in one.told
            ),
            offers=tuple(_offer(decision) for decision in sorted(one.decisions, key=_best_first)),
            coupons=tuple(_coupon(coupon, one, zone=zone) for coupon in one.coupons),
        )  # fmt: skip


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


def _change(told: Told, rehearsal: Rehearsal, *, fence: int, name: str, zone: ZoneInfo) -> ChangeRead:
    facts = rehearsal.facts[fence]
    transition = Transition(
        change=told.change, fence=fence, at=told.at, pushable=told.pushable, proven_at=told.proven_at, rule=told.rule
    )
    tuning = DRIVE_BY if facts.is_drive_by else WALK_IN
    why = explaining.why(transition, tuning=tuning, dwell_s=facts.dwell_s, size_m=facts.size_m)
    return ChangeRead(
        word=CHANGES[told.change],
        kind="entered" if told.change is Change.APPEARED_INSIDE else str(told.change),
        fence=name,
        at=_clock(told.at, zone),
        why=why[0].upper() + why[1:] + ".",
        confidence=f"{told.confidence:.0%}",
    )


def _offer(decision: Decision) -> OfferRead:
    return OfferRead(
        title=decision.offer.title,
        outcome=OUTCOMES[Outcome(decision.outcome)],
        kind=decision.outcome,
        reason=WORDS.get(decision.reason, decision.reason),
        code=decision.reason,
        score="" if decision.score is None else f"{decision.score:.2f}",
    )


def _best_first(decision: Decision) -> tuple[bool, float, str]:
    return decision.outcome != Outcome.CHOSEN, -(decision.score or -1.0), str(decision.offer_id)


def _coupon(coupon: Coupon, one: Seen, *, zone: ZoneInfo) -> CouponRead:
    push: Message | None = next((push for push in one.pushes if push.subject == coupon.pk), None)
    return CouponRead(
        title=coupon.title,
        text=coupon.text,
        terms=coupon.terms,
        until=f"{coupon.expires_at.astimezone(zone):%-d %B, %H:%M}",
        push_title=push.title if push else "",
        push_text=push.body if push else "",
        push_until=_clock(push.expires_at, zone) if push else "",
    )


def _clock(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%H:%M:%S}"


def _after(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"+{hours}:{minutes:02}:{rest:02}" if hours else f"+{minutes}:{rest:02}"
