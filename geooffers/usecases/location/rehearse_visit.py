"""A made-up shopper walks into a merchant's fence, everything happens as it would, and nothing of it remains.

One transaction: a shopper, a phone and all consents are made, each fix is a report of its own through
`report_positions` at the time at which it would arrive, what came of it is read, and the transaction is rolled back.

What a merchant must not learn by it:

* Of other merchants nothing: only the fences given are matched, so no foreign fence is touched, no budget locked.
* Where nobody is tracked: the walk comes from a side where it meets no exclusion zone. Which side is tried first
  depends on the fence alone, so that nobody can tell a detour from a whim; where every side meets one, none is walked.
* How many coupons are open while they are few: `budgets.hide_few_open`.

Real shoppers go first. A lock that is not free at once ends the rehearsal (`Busy`), and while it runs it holds the
budgets of the merchant's own offers, and on SQLite the one write lock: it is a few dozen reports and takes tenths of a
second. docs/locking.md says so too: update that page.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid4

from django.db import OperationalError, connection, transaction

from geooffers.coupons.models import Coupon, Decision
from geooffers.matching.areas import Area
from geooffers.shoppers.consents import consents as consenting
from geooffers.shoppers.consents import texts
from geooffers.shoppers.models import ConsentText, Device, Purpose, PushKind, Shopper
from geooffers.usecases.identity.register_device import PushAddress, register_device
from geooffers.usecases.identity.reporting_device import StoredReporter
from geooffers.usecases.location import match_fixes
from geooffers.usecases.location.report_positions import Result, Told, report_positions
from geooffers.visits import made_up_walks
from geooffers.visits.engine.observations import to_ms
from geooffers.visits.engine.transitions import Fix, Stay, Touch, to_milliseconds
from geooffers.visits.made_up_walks import Manner, Step
from geooffers.visits.models import DeviceState
from geooffers.visits.state import packing, sealed_state
from merchants.fences.areas import stored_area
from merchants.live_fences import live_fences
from merchants.live_fences.attributes import FenceFacts
from merchants.models import Geofence
from merchants.offers import budgets
from notifications.models import Message

# Below PostgreSQL's own second, after which it would end one of two that wait for each other: perhaps the real one.
LOCK_WITHIN = "500ms"
SIDES = 8
# The same phone's: its answer is there a moment after the fix.
ON_THE_WIRE = timedelta(seconds=1)


class NoWayIn(Exception):
    """Nobody is tracked in a part of this fence's surroundings, so no walk can be shown here."""


class Busy(Exception):
    """Real shoppers are being served at this moment; try again."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One fix, and all that came of it. `stays` are the phone's after it, by fence."""

    step: Step
    at: datetime
    now: datetime
    result: Result
    touches: tuple[Touch, ...]
    stays: dict[int, Stay]
    told: tuple[Told, ...]
    decisions: tuple[Decision, ...]
    coupons: tuple[Coupon, ...]
    pushes: tuple[Message, ...]


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    fence: Geofence
    manner: Manner
    # Those of the merchant that the walk touches, the one walked into first.
    fences: tuple[Geofence, ...]
    facts: dict[int, FenceFacts]
    seen: tuple[Seen, ...]


def rehearse_visit(*, fence: Geofence, own: Sequence[Geofence], manner: Manner, starts_at: datetime) -> Rehearsal:
    """`own`: the live fences of the same merchant that whoever asks may see; others are not there."""
    area = stored_area(fence)
    steps = _a_way_in(area, fence=fence, manner=manner)
    live = live_fences.few([fence, *(one for one in own if one.pk != fence.pk)])
    try:
        with transaction.atomic():
            _do_not_wait()
            budgets.hide_few_open(merchant_id=fence.store.merchant_id)
            device = _somebody(now=starts_at - timedelta(minutes=1))
            state = DeviceState.objects.get(pk=device.pk)
            seen = tuple(_report(device, state, step, starts_at=starts_at, live=live) for step in steps)
            transaction.set_rollback(True)
    except OperationalError as error:
        raise Busy from error
    touched = {touch.fence for one in seen for touch in one.touches} | {fence.pk}
    return Rehearsal(
        fence=fence,
        manner=manner,
        fences=(fence, *(one for one in own if one.pk in touched and one.pk != fence.pk)),
        facts=dict(live.facts),
        seen=seen,
    )


def _a_way_in(area: Area, *, fence: Geofence, manner: Manner) -> tuple[Step, ...]:
    index = live_fences.matcher().index
    first = fence.public_id.int % 360
    for side in range(SIDES):
        bearing = (first + side * 360 / SIDES) % 360
        steps = made_up_walks.walk(area=area, manner=manner, bearing_deg=bearing, dwell_s=fence.dwell_s)
        met = (index.match_one(lat=step.lat, lon=step.lon, accuracy_m=0) for step in steps)
        if not any(match.fence < 0 and match.inside for matches in met for match in matches):
            return steps
    raise NoWayIn


def _do_not_wait() -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_WITHIN}'")


def _somebody(*, now: datetime) -> Device:
    """With a phone that can be reached and every consent, as an app's user may have who said yes to all."""
    device = register_device(
        install_id=uuid4(),
        token_hash=sha256(secrets.token_bytes(32)).digest(),
        platform="android",
        app_version="",
        language="en",
        push=PushAddress(kind=PushKind.FID, address=f"nobody-{uuid4()}"),
        now=now,
    ).device
    newest = {Purpose(text.purpose): text for text in texts.current_texts()}
    for purpose in Purpose:
        text = newest.get(purpose) or ConsentText.objects.create(
            purpose=purpose, language="zxx", version=1, body="made up", published_at=now
        )
        consenting.give(device=device, shopper=device.shopper, purpose=purpose, text=text, now=now)
    return device


def _report(
    device: Device, state: DeviceState, step: Step, *, starts_at: datetime, live: live_fences.FewFences
) -> Seen:
    """`state` is read anew after the report, for the next one."""
    at = to_milliseconds(starts_at + timedelta(seconds=step.after_s))
    now = at + ON_THE_WIRE
    fix = Fix(
        uuid=uuid4(),
        recorded_at=at,
        lat=step.lat,
        lon=step.lon,
        accuracy_m=step.accuracy_m,
        background=True,
        speed_mps=step.speed_mps,
    )
    shopper: Shopper = device.shopper
    report = report_positions(
        reporter=StoredReporter(device=device, state=state),
        consents=frozenset(Purpose),
        fixes=[fix],
        now=now,
        live=live,
    )
    state.refresh_from_db()
    known = packing.unpack(sealed_state.open_(bytes(state.packed), device_id=device.pk)).known
    decisions, pushes = Decision.objects.none(), Message.objects.none()
    if report.transitions:
        decisions = Decision.objects.filter(shopper=shopper, at=now).select_related("offer", "visit").order_by("pk")
    if report.coupons:
        ids: list[UUID] = [coupon.pk for coupon in report.coupons]
        pushes = Message.objects.filter(shopper=shopper, subject__in=ids).order_by("pk")
    return Seen(
        step=step,
        at=at,
        now=now,
        result=report.results[0],
        touches=match_fixes.look(fix=fix, live=live, now=now).touches,
        stays=dict(known.stays) if known.at_ms == to_ms(at) else {},
        told=report.transitions,
        decisions=tuple(decisions),
        coupons=report.coupons,
        pushes=tuple(pushes),
    )
