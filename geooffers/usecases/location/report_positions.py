"""A location report: from fixes and region events to visits, coupons and owed pushes.

docs/location-report.md draws it: update that page too.

1. Read first, outside any transaction: the caller brings what one query said of device, consents and packed state.
   Matching and the visit rules are pure.
2. If nothing changed, answer. No write, no transaction.
3. Otherwise one transaction, its locks in the house's order: consent state (shared), the shopper's interruption where a
   message may come of it, device state (compare-and-set on its version), visits, then what `deciding` locks, and
   messages. What was read is checked under the locks: consents that changed, or a state that another report wrote
   first, send the fixes through the rules again.
4. Commit, answer. No vendor was called.
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from geooffers import events
from geooffers.callers.device_lookup import DeviceCaller
from geooffers.coupons import device_limits, holdings
from geooffers.coupons.models import Coupon, CouponState
from geooffers.decisions import deciding, interrupting
from geooffers.decisions.models import MessageOutcome, MomentKind
from geooffers.shoppers.consents import consents as consenting
from geooffers.shoppers.models import LOCATION_PURPOSES, Device, Integrity, Pause, Purpose, Shopper
from geooffers.usecases.identity import attest_device
from geooffers.usecases.location import match_fixes
from geooffers.usecases.location.advise_next_report import advise_next_report
from geooffers.visits import recording
from geooffers.visits.engine import plausibility, transition_events, transitions
from geooffers.visits.engine.next_report import NextReport
from geooffers.visits.engine.observations import Fix, Ignored, RegionEvent, Sighting, Status
from geooffers.visits.engine.transition_events import Change, Rule
from geooffers.visits.engine.transitions import State, Transition, Walk
from geooffers.visits.models import DeviceState
from geooffers.visits.state import packing, sealed_state, staleness
from merchants.live_fences import live_fences
from merchants.models import Geofence, Trigger
from notifications.messages import owing
from notifications.models import Kind

MOST_FIXES = 500
# A busy phone in a car changes its cell every four seconds. More than this is not a phone.
WRITES_A_MINUTE = 30
# A notice about where somebody is walking is worth something for so long.
PUSH_WITHIN = timedelta(minutes=15)
# What may bring a coupon.
MOMENTS: Mapping[Change, MomentKind] = {
    **dict.fromkeys(transition_events.BEGINNINGS, MomentKind.BEGAN),
    Change.SETTLED: MomentKind.SETTLED,
    Change.DWELLED: MomentKind.DWELLED,
}


class ConsentMissing(Exception):
    """The shopper has not agreed to this use of the location."""


class EmptyBatch(Exception):
    """A report has at least one fix."""

    field = "fixes"


class BatchTooLarge(Exception):
    """A report has at most 500 fixes; send the rest in another one."""

    field = "fixes"


class TooManyWrites(Exception):
    """This device changes its state too often; wait as long as Retry-After says."""

    def __init__(self, *, retry_after_s: int) -> None:
        super().__init__()
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """Of one fix."""

    status: Status
    code: Ignored | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ToldTransition:
    """A transition as the phone may know it."""

    change: Change
    fence_id: UUID
    store_id: UUID
    at: datetime
    confidence: float
    # Not for the phone: what settled it and when, and whether somebody may be disturbed for it.
    rule: Rule | None
    proven_at: datetime
    pushable: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """`results` stand in the order of the fixes. `coupons` are new, or known already when a fix was a repeat."""

    results: tuple[Result, ...]
    transitions: tuple[ToldTransition, ...]
    coupons: tuple[Coupon, ...]
    next: NextReport


@dataclass(frozen=True, kw_only=True, slots=True)
class _Plan:
    """What the rules make of the fixes, given a state and consents."""

    walk: Walk
    results: tuple[Result, ...]

    @property
    def before(self) -> State:
        return self.walk.before

    @property
    def is_worth_a_write(self) -> bool:
        return transitions.is_worth_a_write(self.walk)


def report_positions(
    *,
    reporter: DeviceCaller,
    consents: frozenset[Purpose],
    fixes: Sequence[Fix | RegionEvent],
    now: datetime,
    live: live_fences.Fences | None = None,
) -> Report:
    """`live`: the copy of the live fences that the caller has worked with already."""
    live = live or live_fences.matcher().current()
    sightings: dict[int, Sighting] = {}
    plan = _plan(
        known=packing.unpack(reporter.packed),
        fixes=fixes,
        sightings=sightings,
        consents=consents,
        pause=reporter.pause,
        live=live,
        now=now,
    )
    coupons: list[Coupon] = []
    if plan.is_worth_a_write:
        work = functools.partial(
            _write, reporter=reporter, consents=consents, fixes=fixes, sightings=sightings, live=live, now=now
        )
        try:
            plan, coupons = work(plan=plan)
        except _LockedTooLate:
            plan, coupons = work(plan=plan, interrupts=True)
    if any(result.status in (Status.DUPLICATE, Status.LATE) for result in plan.results) and plan.walk.known.stays:
        # Perhaps the answer to the first time was lost. New ones are among them.
        coupons = _coupons_of_open_visits(device=reporter.device, shopper=reporter.shopper, now=now)
    return Report(
        results=plan.results,
        transitions=_told(plan.walk.transitions, live=live),
        coupons=tuple(coupons),
        next=advise_next_report(
            seen=[(sightings[place], result.status) for place, result in enumerate(plan.results) if place in sightings],
            known=plan.walk.known,
            live=live,
            stale_after=settings.STALE_AFTER,
        ),
    )


class _LockedTooLate(Exception):
    """The state that another report wrote makes a visit begin, and the interruption's turn to be locked is over."""


def _write(
    *,
    reporter: DeviceCaller,
    consents: frozenset[Purpose],
    fixes: Sequence[Fix | RegionEvent],
    sightings: dict[int, Sighting],
    live: live_fences.Fences,
    now: datetime,
    plan: _Plan,
    interrupts: bool = False,
) -> tuple[_Plan, list[Coupon]]:
    """The plan that holds under the locks, written down, and the coupons that came of it.

    `interrupts`: lock the interruption whether or not the plan is for a message, for it may become another plan.
    """
    with transaction.atomic():
        given = consenting.lock_for_share(device=reporter.device, shopper=reporter.shopper, purposes=Purpose, now=now)
        if given != consents:
            plan = _plan(
                known=plan.before,
                fixes=fixes,
                sightings=sightings,
                consents=given,
                pause=reporter.pause,
                live=live,
                now=now,
            )
        interruption = None
        if interrupts or _may_interrupt(plan, consents=given):
            interruption = interrupting.lock(shopper_id=reporter.shopper.pk)
        if plan.is_worth_a_write and not _compare_and_set(
            device=reporter.device, version=reporter.version, plan=plan, now=now
        ):
            # Another report of this phone was faster. Under the row's lock nobody can be so again.
            fresh = DeviceState.objects.select_for_update().get(pk=reporter.device_id)
            plan = _plan(
                known=packing.unpack(sealed_state.open_(bytes(fresh.packed), device_id=reporter.device_id)),
                fixes=fixes,
                sightings=sightings,
                consents=given,
                pause=reporter.pause,
                live=live,
                now=now,
            )
            if interruption is None and _may_interrupt(plan, consents=given):
                raise _LockedTooLate
            if plan.is_worth_a_write:
                _compare_and_set(device=reporter.device, version=fresh.version, plan=plan, now=now)
        if not plan.is_worth_a_write:
            return plan, []
        with events.in_one_statement():
            coupons = _record(
                device=reporter.device,
                shopper=reporter.shopper,
                consents=given,
                interruption=interruption,
                plan=plan,
                live=live,
                now=now,
            )
    return plan, coupons


def _may_interrupt(plan: _Plan, *, consents: frozenset[Purpose]) -> bool:
    """Whether a visible message may come of it, if there is an offer."""
    return Purpose.MARKETING_PUSH in consents and any(
        one.pushable and one.change in MOMENTS for one in plan.walk.transitions
    )


def _plan(
    *,
    known: State,
    fixes: Sequence[Fix | RegionEvent],
    sightings: dict[int, Sighting],
    consents: frozenset[Purpose],
    pause: Pause,
    live: live_fences.Fences,
    now: datetime,
) -> _Plan:
    """`sightings` keeps what matching said of each fix, so that starting over does not match again."""
    if not consents & LOCATION_PURPOSES:
        raise ConsentMissing
    in_background, in_foreground = (
        purpose in consents for purpose in (Purpose.LOCATION_BACKGROUND, Purpose.LOCATION_FOREGROUND)
    )
    # What was recorded in a pause was recorded without consent, also when it is sent after the pause.
    allowed = [
        place
        for place, fix in enumerate(fixes)
        if (in_background if fix.background else in_foreground) and not pause.holds(fix.recorded_at)
    ]
    unseen = [place for place in allowed if place not in sightings]
    seen = match_fixes.look_at_each(fixes=[fixes[place] for place in unseen], live=live, now=now)
    sightings.update(zip(unseen, seen, strict=True))
    walk = transitions.walk(
        state=known,
        sightings=[sightings[place] for place in allowed],
        now=now,
        stale_after=settings.STALE_AFTER,
        crosses=match_fixes.crosses(live=live),
    )
    results = [Result(status=Status.IGNORED, code=Ignored.CONSENT_MISSING)] * len(fixes)
    for place, step in zip(allowed, walk.steps, strict=True):
        results[place] = _result(step.status, step.code)
    return _Plan(walk=walk, results=tuple(results))


@functools.cache
def _result(status: Status, code: Ignored | None) -> Result:
    """There are few different ones, and five hundred in a report."""
    return Result(status=status, code=code)


def _compare_and_set(*, device: Device, version: int, plan: _Plan, now: datetime) -> bool:
    """By the version, which every write raises. On the minute, two reports of one minute overwrote each other."""
    after = transitions.with_write_counted(plan.walk.state, now=now)
    if after.writes > WRITES_A_MINUTE:
        raise TooManyWrites(retry_after_s=60 - now.second)
    assert after.newest_at is not None  # noqa: S101  # it is worth a write, so there is a newest fix
    sealed = sealed_state.seal(packing.pack(after), device_id=device.pk)
    return recording.replace_state(
        device_id=device.pk, version=version, packed=sealed, last_fix_at=staleness.minute_of(after.newest_at)
    )


def _record(
    *,
    device: Device,
    shopper: Shopper,
    consents: frozenset[Purpose],
    interruption: interrupting.Locked | None,
    plan: _Plan,
    live: live_fences.Fences,
    now: datetime,
) -> list[Coupon]:
    """Visits and presence; then one decision over all visits that began, settled or dwelled and are still open; then
    the message."""
    if plan.before.is_at_rest:
        recording.end_forgotten_presence(device=device, now=now, inside=plan.walk.state.inside.keys())
    recorded = recording.apply(
        device=device,
        shopper_id=shopper.pk,
        found=plan.walk.transitions,
        is_gone=lambda fence: live.fence(fence) is None,
    )
    newest_at = plan.walk.state.newest_at
    if newest_at is not None and staleness.is_silent(newest_at=newest_at, now=now, limit=settings.STALE_AFTER):
        # Told hours later: by the rule of the task `close_stale`, which runs soon, these visits are over.
        return []
    over = {one.visit.pk for one in recorded if one.is_news and one.transition.change == Change.LEFT}
    news = [
        (one, facts)
        for one in recorded
        if one.is_news and one.visit.pk not in over and one.transition.change in MOMENTS
        for facts in [live.fence(one.transition.fence)]
        if facts is not None
    ]
    if not news:
        return []
    believed = _is_believed(device=device, suspicion=plan.walk.known.suspicion, now=now)
    decided = deciding.decide(
        shopper=shopper,
        moments=[
            deciding.Moment(
                visit=one.visit,
                store_id=facts.store_id,
                kind=MOMENTS[one.transition.change],
                triggers=triggers_of(one.transition.change, is_drive_by=facts.is_drive_by),
                silent=_silent(one.transition, consents=consents, believed=believed),
                is_new=one.transition.change in transition_events.BEGINNINGS,
            )
            for one, facts in news
        ],
        marks=device_limits.marks_of(device_id=device.pk, shopper_id=shopper.pk, now=now),
        interruption=interruption,
        now=now,
    )
    coupon = decided.coupon
    if coupon is None:
        return []
    if decided.message is MessageOutcome.OWED:
        owing.owe(
            kind=Kind.COUPON_ISSUED,
            shopper=shopper,
            subject=coupon.pk,
            expires_at=min(coupon.expires_at, now + PUSH_WITHIN),
            now=now,
            title=coupon.title,
            body=coupon.text,
        )
    return [coupon]


def _silent(occasion: Transition, *, consents: frozenset[Purpose], believed: bool) -> MessageOutcome | None:
    """Why nobody is disturbed for it, whatever comes of it."""
    if Purpose.MARKETING_PUSH not in consents:
        return MessageOutcome.NO_CONSENT
    if not occasion.pushable:
        return MessageOutcome.TOO_LATE
    return None if believed else MessageOutcome.DOUBTED


def _is_believed(*, device: Device, suspicion: float, now: datetime) -> bool:
    """Where apps are asked to vouch for themselves, one that does not is one more sign of a made-up position; where
    Google Play is asked, its word on the phone is.
    """
    integrity = attest_device.integrity_of(device, now=now) if settings.PLAY_INTEGRITY_PACKAGE else None
    vouched = integrity is Integrity.PASSED or attest_device.is_attested(device, now=now)
    doubts = plausibility.UNVOUCHED * (settings.APP_CHECK != "off" and not vouched)
    doubts += plausibility.UNSOUND * (integrity is Integrity.FAILED)
    # Without any, what the fixes alone say of themselves has been judged with each of them.
    return not doubts or suspicion + doubts < plausibility.SUSPICIOUS_FROM


def triggers_of(change: Change, *, is_drive_by: bool) -> tuple[Trigger, ...]:
    """Which offers a change is the moment for. Who enters a fence for walkers has walked in."""
    if change in transition_events.BEGINNINGS:
        return (Trigger.ENTERED,) if is_drive_by else (Trigger.ENTERED, Trigger.SETTLED)
    return (Trigger.SETTLED,) if change is Change.SETTLED else (Trigger.DWELLED,)


def _coupons_of_open_visits(*, device: Device, shopper: Shopper, now: datetime) -> list[Coupon]:
    held = holdings.coupons_of(shopper=shopper).filter(state=CouponState.OPEN, expires_at__gt=now)
    here = held.filter(visit__ended_at=None, visit__presences__device=device)
    return list(here.order_by("issued_at", "pk"))


def _told(found: Sequence[Transition], *, live: live_fences.Fences) -> tuple[ToldTransition, ...]:
    if not found:
        return ()
    places = {}
    for fence in {one.fence for one in found}:
        facts = live.fence(fence)
        if facts is not None:
            places[fence] = (facts.public_id, facts.store_id)
    gone = [one.fence for one in found if one.fence not in places]
    if gone:
        rows = Geofence.objects.filter(pk__in=gone).values_list("pk", "public_id", "store_id")
        places |= {fence: (public_id, store_id) for fence, public_id, store_id in rows}
    return tuple(
        ToldTransition(
            change=one.change,
            fence_id=places[one.fence][0],
            store_id=places[one.fence][1],
            at=one.at,
            confidence=one.confidence,
            rule=one.rule,
            proven_at=one.proven_at or one.at,
            pushable=one.pushable,
        )
        for one in found
    )
